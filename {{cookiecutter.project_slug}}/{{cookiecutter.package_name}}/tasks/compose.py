"""Tasks about the compose files."""

from invoke import Context, Exit, task

from ..chassis import project_files
from . import docker


@task
def check(context: Context) -> None:
    """Check each compose file as Docker reads it: keys, types, variables, references."""
    files = sorted(project_files.working_folder().glob("docker-compose*.yaml"))
    if not files:
        raise Exit("This needs a checkout of the service: there is no docker-compose.yaml.", 1)
    faults = []
    for file in files:
        done = docker.ask("compose", "--file", file.name, "config", "--quiet")
        if done.returncode:
            faults.append(f"{file.name}: {done.stderr.strip()}")
    if faults:
        raise Exit("\n".join(faults), 1)
    print(f"Right: {', '.join(file.name for file in files)}.")
