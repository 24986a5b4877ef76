"""Tasks about the network that all of the organisation's services share on a machine."""

import json
from ipaddress import ip_network
from typing import Any

import yaml
from invoke import Context, Exit, task

from ..chassis import project_files
from . import docker


@task(help={"subnet": "Which addresses it has, e.g. 172.30.0.0/24; by default Docker chooses"})
def create(context: Context, subnet: str = "") -> None:
    """Create the network of the compose files; harmless where it exists."""
    wanted, name = _subnet(subnet), network_name()
    docker.require_engine()
    if not (found := _inspect(name)):
        options = ["--driver=bridge", *([f"--subnet={wanted}"] if wanted else [])]
        made = docker.ask("network", "create", *options, name)
        # Somebody else may have been quicker.
        if not (found := _inspect(name)):
            raise Exit(f"The network {name} cannot be made: {made.stderr.strip()}", 1)
    subnets = [part.get("Subnet") for part in found["IPAM"]["Config"] or []]
    if found["Driver"] != "bridge" or (wanted and wanted not in subnets):
        raise Exit(
            f"There is a network {name} already, of the driver {found['Driver']} with "
            f"{', '.join(subnets)}. To have it otherwise, stop what is in it, and then: "
            f"docker network rm {name}",
            1,
        )
    print(f"The network {name} is there, with {', '.join(subnets)}.")


def network_name() -> str:
    """Return the name that the compose file gives the network."""
    compose = project_files.working_folder() / "docker-compose.yaml"
    if not compose.is_file():
        raise Exit("This needs a checkout of the service: there is no docker-compose.yaml.", 1)
    return str(yaml.safe_load(compose.read_text(encoding="utf-8"))["networks"]["default"]["name"])


def _inspect(name: str) -> dict[str, Any] | None:
    """Return what Docker knows of a network, or None where it knows none of this very name."""
    done = docker.ask("network", "inspect", name)
    known: list[dict[str, Any]] = json.loads(done.stdout or "[]")
    return next((network for network in known if network["Name"] == name), None)


def _subnet(text: str) -> str:
    try:
        return str(ip_network(text)) if text else ""
    except ValueError as error:
        raise Exit(f"--subnet={text} will not do: {error}.", 2) from None
