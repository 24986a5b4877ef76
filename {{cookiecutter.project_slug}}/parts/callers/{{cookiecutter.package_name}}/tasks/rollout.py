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
        try:
            name = str(sections["default"]["service"]["name"])
        except (KeyError, TypeError):
            raise Exit(f"{folder}/settings.yaml has no default.service.name.", 1) from None
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
        upstream = (section or {}).get(SECTION) or {}
        for name, service in upstream.items():
            # In Kubernetes, the first part of the host is the service's name.
            host = urlsplit(str(service.get("url", ""))).hostname or ""
            hosts.setdefault(name, set()).add(host.partition(".")[0])
    return [Called(name, frozenset(found)) for name, found in hosts.items()]


def _sections(path: Path) -> dict[str, Any]:
    try:
        sections = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError:
        raise Exit(f"{path.parent} is not the folder of a service: no settings.yaml.", 1) from None
    except yaml.YAMLError as error:
        raise Exit(f"{path} is not valid YAML: {error}", 1) from None
    return sections if isinstance(sections, dict) else {}
