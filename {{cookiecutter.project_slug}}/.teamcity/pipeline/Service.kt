package pipeline

import jetbrains.buildServer.configs.kotlin.buildFeatures.PullRequests.GitHubRoleFilter

/**
 * What the pipelines ask of a service; settings.kts answers. What is new here has a default.
 *
 * A secret is a token of TeamCity: "credentialsJSON:…", made under Versioned Settings, Tokens. The
 * settings have the token, the server has the value.
 */
class Service(
    val name: String,
    /** The command with the service's tasks, as ./bootstrap installs it. */
    val command: String,
    /** What the names of the service's environment variables begin with. */
    val environmentPrefix: String,
    val staging: Stage,
    val production: Stage,
    /** Who may let a build into production: rules, each on a line of its own. */
    val approvers: String,
    /** The address of GitHub's API, for pull requests and commit statuses; empty: neither. */
    val gitHubUrl: String = "https://api.github.com",
    /** A token of GitHub, needed if the VCS root has an SSH key; empty: the login of the VCS root. */
    val gitHubToken: String = "",
    /** Whose pull requests are built. */
    val pullRequestAuthors: GitHubRoleFilter = GitHubRoleFilter.MEMBER,
    /** Who may let the build of an outsider's pull request start: rules, as above. */
    val pullRequestApprovers: String = approvers,
    /** The login that pushes images; none: the agents of the project Registry are logged in. */
    val registry: Login? = null,
    /** Signs images, if infra/signing-keys has its public key; none: images are not signed. */
    val signingKey: SigningKey? = null,
    /** The connection to Slack, of a project above this one, and the channel: "#team". */
    val slackConnection: String = "",
    val slackChannel: String = "",
    /** The team's address; without it and Slack nobody is told. */
    val email: String = "",
    /** A token that may read a private template, a user for it if its host wants one; a secret. */
    val templateToken: String = "",
    val templateUser: String = "",
    /** Or the name of an SSH key of the project that may. */
    val templateSshKey: String = "",
    /**
     * How the agents say which programs they have: tool.kubectl=… in buildAgent.properties; empty:
     * each agent has all.
     */
    val agentTools: String = "tool.",
    /** The smallest drops, in percent, of tests and of covered lines that fail a build. */
    val testCountDrop: Int = 5,
    val coverageDrop: Int = 2,
)

/** A stage of Kubernetes, with the address that its ingress has. */
class Stage(
    val name: String,
    val url: String,
    /** A kubeconfig in base64, as a password has one line: base64 --wrap=0 FILE. A secret. */
    val kubeconfig: String = "",
    /** The login that reads images; none: the agents of the stage's project are logged in. */
    val registry: Login? = null,
    /** The database that the build Provision prepares; none: there is no such build. */
    val database: Database? = null,
) {
    val environment = "$name.kubernetes"
    val title = name.replaceFirstChar(Char::uppercase)
}

/** A login to the image's registry; the password is a secret. */
class Login(val url: String, val userName: String, val password: String)

/** A private key of cosign, in base64, as a password has one line, and its password; both are secrets. */
class SigningKey(val privateKey: String, val password: String)

/** A PostgreSQL that agents reach, the service's password, and the server's administrator. */
class Database(
    val host: String,
    val password: String,
    val administrator: String,
    val administratorPassword: String,
)
