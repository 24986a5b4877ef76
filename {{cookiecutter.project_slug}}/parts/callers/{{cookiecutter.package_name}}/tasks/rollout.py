"""The order in which services are rolled out: first those that are called, then their callers."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml
from invoke import Exit

from ..chassis.dependencies import SECTION


@dataclass(frozen=True, slots=True)
class Called:
    """A service as its caller knows it: by a name of the caller's own, and by hosts."""

    name: str
    hosts: frozenset[str]


Services = Mapping[str, list[Called]]
"""By each service's name, what it calls."""


def read(folders: Iterable[Path]) -> Services:
    """Read what the services in some folders call."""
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
    """Return a line for each service, in the order of the roll-out.

    Those of the same number do not wait for one another.
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
        # It names them from the called to the caller; a person reads it the other way.
        cycle = " calls ".join(reversed(error.args[1]))
        raise Exit(f"There is no order, they call one another in a circle: {cycle}.", 1) from None
    while sorter.is_active():
        ready = sorted(sorter.get_ready())
        yield ready
        sorter.done(*ready)


def _known(called: Called, services: Services) -> str | None:
    """Return which of the services is called: the one that is named like the host, or the name."""
    hosts = sorted(name for name in services if name in called.hosts)
    return hosts[0] if hosts else next((name for name in services if name == called.name), None)


def _called(sections: Mapping[str, Any]) -> list[Called]:
    hosts: dict[str, set[str]] = {}
    for section in sections.values():
        for name, service in _mapping(_mapping(section).get(SECTION)).items():
            hosts.setdefault(str(name), set()).add(_host(_mapping(service).get("url")))
    return [Called(name, frozenset(found)) for name, found in hosts.items()]


def _host(url: object) -> str:
    """Return the first part of an address's host: in Kubernetes, it is the service's name."""
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
