"""Task that finds migrations which lock or rewrite a table, or break the running version."""

from flask_chassis import project
from invoke import Context, Exit, task


@task(help={"since": "A tag, branch or commit whose migrations have run; by default the last tag"})
def lint(context: Context, since: str = "") -> None:
    """Find new migrations that lock or rewrite a table, or that break the running version.

    A migration is new if the last release does not have it. To switch off a finding that is not a
    problem, write a comment into the migration:
    `# squawk-ignore ban-drop-column: nothing reads it since 1.4`.
    """
    if not project.in_checkout():
        raise Exit("Not a checkout of the service: run ./bootstrap in one.", 1)
    from flask_chassis_tools import migration_lint

    findings = migration_lint.findings(project.working_folder(), since)
    if findings:
        more = "More: docs/how-to/migrations.md in the repository of the template."
        raise Exit("\n".join([*findings, more]), 1)
    print("No migration locks or rewrites a table, or breaks the running version.")
