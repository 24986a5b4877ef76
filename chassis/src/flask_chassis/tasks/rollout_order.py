"""Rollout order of services: each service after those that it calls (topological sort)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml
from invoke import Exit

from flask_chassis.clients.dependencies import SECTION


@dataclass(frozen=True, slots=True)
class Called:
    """A called service, with the name in the caller's settings and the hosts of its URLs."""

    name: str
    hosts: frozenset[str]


Services = Mapping[str, list[Called]]
"""The called services, by the name of the caller."""


def read(folders: Iterable[Path]) -> Services:
    """Read which services the services in `folders` call; raises Exit if a folder is not valid."""
    found: dict[str, list[Called]] = {}
    for folder in folders:
        sections = _sections(folder / "settings.yaml")
        name = _mapping(_mapping(sections.get("default")).get("service")).get("name")
        if not isinstance(name, str) or not name:
            raise Exit(f"{folder}/settings.yaml has no default.service.name.", 1)
        if name in found:
            raise Exit(f"Two of the folders have a service {name}.", 1)
        found[name] = _called(sections)
    return found


def order(services: Services) -> list[str]:
    """Return a line for each service in the rollout order.

    Services with the same number can be rolled out at the same time. Raises Exit for a cycle.
    """
    calls: dict[str, set[str]] = {}
    outside: dict[str, set[str]] = {}
    for name, called in services.items():
        known = {service: _known(service, services) for service in called}
        calls[name] = {found for found in known.values() if found}
        outside[name] = {service.name for service, found in known.items() if not found}
    lines = []
    for number, wave in enumerate(_waves(calls), start=1):
        for name in wave:
            others = [*sorted(calls[name]), *(f"{each} (not given)" for each in outside[name])]
            lines.append(f"{number}. {name}" + (f", calls {', '.join(others)}" if others else ""))
    return lines


def _waves(calls: Mapping[str, set[str]]) -> Iterable[list[str]]:
    sorter = TopologicalSorter(calls)
    try:
        sorter.prepare()
    except CycleError as error:
        # The exception lists them from called to caller.
        cycle = " calls ".join(reversed(error.args[1]))
        raise Exit(f"There is no order, they call one another in a circle: {cycle}.", 1) from None
    while sorter.is_active():
        ready = sorted(sorter.get_ready())
        yield ready
        sorter.done(*ready)


def _known(called: Called, services: Services) -> str | None:
    """Return the service that is named like the host, or else like the name in the settings."""
    hosts = sorted(name for name in services if name in called.hosts)
    return hosts[0] if hosts else next((name for name in services if name == called.name), None)


def _called(sections: Mapping[str, Any]) -> list[Called]:
    hosts: dict[str, set[str]] = {}
    for section in sections.values():
        for name, service in _mapping(_mapping(section).get(SECTION)).items():
            hosts.setdefault(str(name), set()).add(_host(_mapping(service).get("url")))
    return [Called(name, frozenset(found)) for name, found in hosts.items()]


def _host(url: object) -> str:
    """Return the first label of the host of a URL, which in Kubernetes is the service's name."""
    try:
        return (urlsplit(str(url)).hostname or "").partition(".")[0]
    except ValueError:
        return ""  # `dependencies.check` of that service says what is wrong with it


def _sections(path: Path) -> dict[str, Any]:
    try:
        return _mapping(yaml.safe_load(path.read_text(encoding="utf-8")))
    except OSError:
        raise Exit(f"{path.parent} is not the folder of a service: no settings.yaml.", 1) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise Exit(f"{path} is not valid YAML: {error}", 1) from None


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
