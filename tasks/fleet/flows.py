"""Draws who calls whom in a fleet, from what each service declares."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml
from invoke import Context, Exit, task

from ..engine import engine
from . import flow_graph
from . import services as named
from .flow_graph import Fleet

reader: Any = engine("kubernetes.flows")
"""What a service reads its own file with."""


@task(
    iterable=["services"],
    help={
        "services": f"{named.HELP}; or the folder of one service, and then once for each",
        "form": "mermaid (which README files show) or dot (which Graphviz draws)",
    },
)
def flows(context: Context, services: list[str], form: str = "mermaid") -> None:
    """Draw who calls whom, and list flows that only one of the two sides declares."""
    folders = [folder for name in services for folder in folders_of(name)]
    if not folders:
        raise Exit("Name the services: --services FOLDER, which their checkouts are in.", 2)
    if form not in flow_graph.FORMS:
        raise Exit(f"--form is {form}: give {' or '.join(flow_graph.FORMS)}.", 2)
    fleet = read(folders)
    print(flow_graph.FORMS[form](fleet))
    if faults := flow_graph.one_sided(fleet):
        raise Exit("\n".join(faults), 1)


def folders_of(name: str) -> list[Path]:
    """Return the folders of services that are meant: it may be one of a service itself."""
    return [Path(name)] if (Path(name) / "settings.yaml").is_file() else named.find(name)


def read(folders: Iterable[Path]) -> Fleet:
    """Read the flows of services by their folders."""
    fleet: Fleet = {}
    for folder in folders:
        try:
            settings = yaml.safe_load((folder / "settings.yaml").read_text("utf-8"))
            name = str(settings["default"]["service"]["name"])
            manifest = folder / "infra/kubernetes/base/service.yaml"
            service = yaml.safe_load(manifest.read_text("utf-8"))
        except (OSError, KeyError, TypeError, yaml.YAMLError) as error:
            raise Exit(f"{folder} is not the folder of a service: {error}.", 1) from None
        if name in fleet:
            raise Exit(f"Two of the folders have a service {name}.", 1)
        ports: dict[str, int] = {each["name"]: each["port"] for each in service["spec"]["ports"]}
        try:
            fleet[name] = reader.read(folder / reader.FILE, name, ports)
        except reader.FlowsError as error:
            raise Exit(str(error), 1) from None
    return fleet
