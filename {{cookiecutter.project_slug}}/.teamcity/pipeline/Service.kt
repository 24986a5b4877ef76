package pipeline

/** What the pipelines ask of a service; settings.kts answers. What is new here has a default. */
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
    /** The connection to the image's registry, of a project above this one; empty: agents are logged in. */
    val registryConnection: String = "",
    /** The connection to Slack, likewise, and the channel: "#team"; empty: nobody is told. */
    val slackConnection: String = "",
    val slackChannel: String = "",
    /** The smallest drops, in percent, of tests and of covered lines that fail a build. */
    val testCountDrop: Int = 5,
    val coverageDrop: Int = 2,
)

/** A stage of Kubernetes, with the address that its ingress has. */
class Stage(val name: String, val url: String) {
    val environment = "$name.kubernetes"

    /**
     * A parameter of a project above this one, where the secrets of a stage are, as
     * `staging.kubeconfig`: it is of the type password there, and its value is never in the settings.
     */
    fun secret(key: String) = "%$name.$key%"
}
