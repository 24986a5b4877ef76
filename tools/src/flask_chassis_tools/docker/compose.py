"""Tasks for the Compose files."""

from flask_chassis import project
from invoke import Context, Exit, task

from flask_chassis_tools.docker import engine


@task
def check(context: Context) -> None:
    """Validate each Compose file with Docker: keys, types, variables, references."""
    files = sorted(project.working_folder().glob("docker-compose*.yaml"))
    if not files:
        raise Exit("Not a checkout of the service: docker-compose.yaml not found.", 1)
    faults = []
    for file in files:
        done = engine.ask("compose", "--file", file.name, "config", "--quiet")
        if done.returncode:
            faults.append(f"{file.name}: {done.stderr.strip()}")
    if faults:
        raise Exit("\n".join(faults), 1)
    print(f"Valid: {', '.join(file.name for file in files)}.")
