"""Tasks that run the service in containers, on a developer's machine."""

from invoke import Context, task

from ..chassis import probe, project_files
from . import docker, network

COMPOSE = "docker-compose.yaml"
PROVISION = "docker-compose.provision.yaml"
"""Only a service that needs something of its own, a database, has this file."""


@task(help={"subnet": "Which addresses the network has; by default Docker chooses"})
def up(context: Context, subnet: str = "") -> None:
    """Start the service in containers, with all that it needs; harmless where it runs."""
    network.create(context, subnet)
    if has(PROVISION):
        provision = ("compose", "--file", PROVISION)
        docker.show(*provision, "up", "--detach", "--wait", "database")
        docker.show(*provision, "run", "--rm", "create-db")
        docker.show(*provision, "run", "--rm", "migrate")
    docker.show("compose", "up", "--detach", "--wait")
    address = docker.ask("compose", "port", "service", str(probe.port())).stdout.strip()
    print(f"The service: http://{address}/  Its log: docker compose logs --follow service")


@task(help={"data": "Also the data of its database"})
def down(context: Context, data: bool = False) -> None:
    """Stop the containers, and remove them; the network and the data stay."""
    docker.require_engine()
    for name in (COMPOSE, PROVISION):
        if has(name):
            docker.show("compose", "--file", name, "down", *(["--volumes"] if data else []))


def has(name: str) -> bool:
    """Return whether the service has a compose file of this name."""
    return (project_files.working_folder() / name).is_file()
