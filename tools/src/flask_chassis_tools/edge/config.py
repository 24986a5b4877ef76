"""Renders the configuration of nginx from the template beside this module."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from jinja2 import Environment, PackageLoader, StrictUndefined

from . import health
from .faults import EdgeError
from .routes import Service

ADDRESS = re.compile(r"(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\]):[1-9][0-9]{0,4}")

ABSOLUTE = re.compile(r"/[A-Za-z0-9._/-]+")

USER = re.compile(r"[a-z_][a-z0-9_-]{0,31}")

Backends = Mapping[str, Sequence[str]]
"""The addresses of the instances of services, by the names of the services."""


@dataclass(frozen=True, slots=True)
class Edge:
    """What is not in any manifest: where nginx listens, and as whom it works."""

    listen: Sequence[str] = ("127.0.0.1:8088",)
    user: str = ""
    """Of the workers, if nginx is started by root; empty for that of nginx."""

    internal: Mapping[str, str] = field(default_factory=dict)
    """Where other services call a service, by its name: every path, spread over its instances, as
    the Service of a cluster does."""

    health: str = ""
    """The folder with the files of instances that are left out (`edge.health`), absolute."""

    certificate: str = ""
    key: str = ""
    """The files of a certificate for all hosts and its key, absolute; empty for plain HTTP."""


def render(services: Sequence[Service], backends: Backends, edge: Edge) -> str:
    """Return the configuration; a service without backends is called on this machine.

    Raises EdgeError if the services do not fit together.
    """
    _refuse(services, backends, edge)
    hosts: dict[str, list[Service]] = {}
    for service in services:
        hosts.setdefault(service.host, []).append(service)
    return (
        _environment()
        .get_template("nginx.conf.jinja")
        .render(
            hosts=hosts,
            services=services,
            backends={
                each.name: backends.get(each.name) or (f"127.0.0.1:{each.port}",)
                for each in services
            },
            directives=_directives,
            choice=_choice,
            file_name=health.file_name,
            suffixes=(health.NOT_READY, health.TAKEN_OUT),
            edge=edge,
        )
    )


def _choice(service: Service) -> str:
    """Return the variable with the group of instances that requests to a service go to."""
    return f"$edge_{service.name.replace('-', '_')}"


def _directives(limits: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return the directives of nginx for the limits of a service."""
    found = []
    for name, value in limits.items():
        if name == "limit-connections":
            found.append(("limit_conn", f"clients {value}"))
        elif name == "proxy-body-size":
            found.append(("client_max_body_size", value))
        else:
            unit = "s" if name.endswith("-timeout") else ""
            found.append((name.replace("-", "_"), value + unit))
    return found


def _refuse(services: Sequence[Service], backends: Backends, edge: Edge) -> None:
    names = [each.name for each in services]
    for name in names:
        if names.count(name) > 1:
            raise EdgeError(f"Two folders have the service {name}. Give each service once.")
    for name in [*backends, *edge.internal]:
        if name not in names:
            raise EdgeError(
                f"The folder of {name} is not given. Given are those of {', '.join(names)}."
            )
    everywhere = [*edge.listen, *edge.internal.values()]
    for address in [*everywhere, *(each for group in backends.values() for each in group)]:
        if not ADDRESS.fullmatch(address):
            raise EdgeError(f"{address!r} is not an address. Use host:port, as 127.0.0.1:8080.")
    for path in filter(None, (edge.health, edge.certificate, edge.key)):
        if not ABSOLUTE.fullmatch(path):
            raise EdgeError(f"{path!r} is not an absolute path: use one without spaces.")
    if bool(edge.certificate) != bool(edge.key):
        raise EdgeError("A certificate needs its key, and a key its certificate. Give both.")
    if edge.user and not USER.fullmatch(edge.user):
        raise EdgeError(f"{edge.user!r} is not the name of a user.")
    taken: dict[tuple[str, str], str] = {}
    for service in services:
        for location in {each for route in service.routes for each in route.locations}:
            other = taken.setdefault((service.host, location), service.name)
            if other != service.name:
                raise EdgeError(
                    f"{other} and {service.name} both have {location.removeprefix('= ')} at "
                    f"{service.host}. Give one of them another host in its overlay."
                )


def _environment() -> Environment:
    # A configuration of nginx is rendered, no HTML; all values are checked before.
    return Environment(  # noqa: S701
        loader=PackageLoader(__package__, "templates"),
        keep_trailing_newline=True,
        lstrip_blocks=True,
        trim_blocks=True,
        undefined=StrictUndefined,
    )
