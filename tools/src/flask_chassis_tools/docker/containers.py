"""Tasks that run the service in containers, on a developer's machine."""

from flask_chassis import project
from flask_chassis.serving import probe
from invoke import Context, task

from flask_chassis_tools.docker import engine, network

COMPOSE = "docker-compose.yaml"
PROVISION = "docker-compose.provision.yaml"
"""Only services with a database have this file."""


@task(help={"subnet": "The subnet of the network; by default Docker chooses"})
def up(context: Context, subnet: str = "") -> None:
    """Start the service and its dependencies in containers; does nothing if they run."""
    network.create(context, subnet)
    if has(PROVISION):
        provision = ("compose", "--file", PROVISION)
        engine.show(*provision, "up", "--detach", "--wait", "database")
        engine.show(*provision, "run", "--rm", "create-db")
        engine.show(*provision, "run", "--rm", "migrate")
    engine.show("compose", "up", "--detach", "--wait")
    address = engine.ask("compose", "port", "service", str(probe.port())).stdout.strip()
    print(f"Service: http://{address}/  Logs: docker compose logs --follow service")


@task(help={"data": "Also remove the database's volume"})
def down(context: Context, data: bool = False) -> None:
    """Stop and remove the containers; keep the network and the data."""
    engine.require_engine()
    for name in (COMPOSE, PROVISION):
        if has(name):
            engine.show("compose", "--file", name, "down", *(["--volumes"] if data else []))


def has(name: str) -> bool:
    """Return whether the service has a Compose file with this name."""
    return (project.working_folder() / name).is_file()
