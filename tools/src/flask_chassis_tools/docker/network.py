"""Tasks for the Docker network that all services of the organisation share on a machine."""

import json
from ipaddress import ip_network
from typing import Any

import yaml
from flask_chassis import project
from invoke import Context, Exit, task

from flask_chassis_tools.docker import engine


@task(help={"subnet": "The subnet, e.g. 172.30.0.0/24; by default Docker chooses"})
def create(context: Context, subnet: str = "") -> None:
    """Create the network of the Compose files; does nothing if it exists."""
    wanted, name = _subnet(subnet), network_name()
    engine.require_engine()
    if not (found := _inspect(name)):
        options = ["--driver=bridge", *([f"--subnet={wanted}"] if wanted else [])]
        made = engine.ask("network", "create", *options, name)
        # Another process may have created it in the meantime.
        if not (found := _inspect(name)):
            raise Exit(f"The network {name} cannot be created: {made.stderr.strip()}", 1)
    subnets = [part.get("Subnet") for part in found["IPAM"]["Config"] or []]
    if found["Driver"] != "bridge" or (wanted and wanted not in subnets):
        raise Exit(
            f"The network {name} already exists with the driver {found['Driver']} and the subnet "
            f"{', '.join(subnets)}. To replace it, stop its containers, then run: "
            f"docker network rm {name}",
            1,
        )
    print(f"The network {name} exists with the subnet {', '.join(subnets)}.")


def network_name() -> str:
    """Return the name of the network in the Compose file."""
    compose = project.working_folder() / "docker-compose.yaml"
    if not compose.is_file():
        raise Exit("Not a checkout of the service: docker-compose.yaml not found.", 1)
    return str(yaml.safe_load(compose.read_text(encoding="utf-8"))["networks"]["default"]["name"])


def _inspect(name: str) -> dict[str, Any] | None:
    """Return Docker's description of a network; None if no network has exactly this name."""
    done = engine.ask("network", "inspect", name)
    known: list[dict[str, Any]] = json.loads(done.stdout or "[]")
    return next((network for network in known if network["Name"] == name), None)


def _subnet(text: str) -> str:
    try:
        return str(ip_network(text)) if text else ""
    except ValueError as error:
        raise Exit(f"--subnet={text} is not valid: {error}.", 2) from None
