package pipeline

import jetbrains.buildServer.configs.kotlin.BuildType

/**
 * Prepares a stage's database: its role and the database, once. Somebody starts it by hand, and it can be
 * repeated. Migrations are part of a deployment, in the cluster, by the service's own role.
 */
fun provision(service: Service, stage: Stage, database: Database) = BuildType {
    id("Provision${stage.title}")
    name = "Provision ${stage.name}"
    description = "Role and database of ${stage.name}"
    ofService(service, minutes = 30)
    changes(stage)
    params {
        param("env.${service.environmentPrefix}_ENVIRONMENT", stage.environment)
        param("env.${service.environmentPrefix}_DATABASE__HOST", database.host)
        password("env.${service.environmentPrefix}_DATABASE__PASSWORD", database.password)
        // The server's administrator, whom the service itself never is.
        param("env.POSTGRES_USER", database.administrator)
        password("env.POSTGRES_PASSWORD", database.administratorPassword)
    }
    steps {
        install()
        tasks(service, "Role and database", "db.create")
    }
}
