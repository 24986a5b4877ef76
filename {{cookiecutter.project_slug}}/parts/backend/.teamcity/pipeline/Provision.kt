package pipeline

import jetbrains.buildServer.configs.kotlin.BuildType

/** Prepares a stage's database: role, database, tables. Each step can be repeated. */
fun provision(service: Service, stage: Stage) = BuildType {
    id("Provision${stage.name.replaceFirstChar(Char::uppercase)}")
    name = "Provision ${stage.name}"
    description = "The database of ${stage.name}, at the newest migration"
    ofService(service, minutes = 30)
    changes(stage)
    params {
        param("env.${service.environmentPrefix}_ENVIRONMENT", stage.environment)
        param("env.${service.environmentPrefix}_DATABASE__HOST", stage.secret("database.host"))
        password("env.${service.environmentPrefix}_DATABASE__PASSWORD", stage.secret("database.password"))
        // The server's administrator, whom the service itself never is.
        param("env.POSTGRES_USER", stage.secret("postgres.user"))
        password("env.POSTGRES_PASSWORD", stage.secret("postgres.password"))
    }
    steps {
        install()
        tasks(service, "Role and database", "db.create")
        tasks(service, "Tables", "db.migrate")
    }
}
