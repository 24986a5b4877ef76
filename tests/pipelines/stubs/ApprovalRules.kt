package jetbrains.buildServer.configs.kotlin

// Page: https://www.jetbrains.com/help/teamcity/build-approval.html#Build+Approval+Settings.

private val RULES = Regex("""user:[^:,()]+|group:[^:,()]+:[1-9]\d*""")

private val TOGETHER = Regex("""\(((?:users|groups):[^:()]+?(?:,(?:users|groups):[^:()]+?)*)\):[1-9]\d*""")

/** What is wrong with rules that stand on lines of their own: a user, a group with a number, or some together. */
internal fun faultsOfApproval(rules: String): List<String> =
    rules.lines().filterNot { RULES.matches(it) || TOGETHER.matches(it) }.map {
        "\"$it\" is no rule such as user:name, group:KEY:1, (users:a,b,groups:X,Y):2"
    }
