"""Tasks that write the configuration of the edge, and that watch what is behind it."""

import signal
import threading
from collections.abc import Iterator
from pathlib import Path

from flask_chassis.tasks import service
from invoke import Context, Exit, task

from .faults import EdgeError

service.SENTENCES |= {EdgeError: str}


@task(
    iterable=["services", "backends", "internal", "listen"],
    help={
        "services": "Folder of a service; once for each of them",
        "backends": "name=host:port[,host:port]: where instances of a service are; by default on "
        "this machine, at the port of its Service",
        "internal": "name=host:port where other services call a service, as a cluster's Service",
        "listen": "host:port that nginx listens on; by default 127.0.0.1:8088",
        "stage": "The overlay that says at which host a service is",
        "user": "The user of nginx's workers, if it is started by root",
        "health": "The folder that edge.watch keeps; without it nginx asks no instance how it is",
        "certificate": "The file of a certificate for all hosts; without one it is plain HTTP",
        "key": "The file of its key",
        "into": "The file to write; by default it is printed",
    },
)
def config(
    context: Context,
    services: list[str],
    backends: list[str],
    internal: list[str],
    listen: list[str],
    stage: str = "development",
    user: str = "",
    health: str = "",
    certificate: str = "",
    key: str = "",
    into: str = "",
) -> None:
    """Write the configuration of an nginx in front of services, from their Ingress manifests.

    Example: edge.config --services ../users-backend --services . --into edge/nginx.conf, and then
    nginx -p edge -c nginx.conf -e stderr
    """
    from . import config as nginx
    from . import routes

    if not services:
        raise Exit("Name the services' folders: --services ../users-backend --services .", 2)
    edge = nginx.Edge(
        listen=tuple(listen) or ("127.0.0.1:8088",),
        user=user,
        internal=dict(_pairs(internal)),
        health=_absolute(health),
        certificate=_absolute(certificate),
        key=_absolute(key),
    )
    found = [routes.read(Path(folder), stage) for folder in services]
    text = nginx.render(found, _addresses(backends), edge)
    if into:
        Path(into).write_text(text, encoding="utf-8")
    else:
        print(text, end="")


@task(
    iterable=["backends"],
    help={
        "backends": "name=host:port[,host:port]: the instances of a service, as for edge.config",
        "folder": "The folder that edge.config was given as --health",
    },
)
def watch(context: Context, backends: list[str], folder: str) -> None:
    """Ask instances for /health/ready, until SIGTERM or Ctrl-C; the edge leaves out the others."""
    from .health import Watcher

    if not backends:
        raise Exit("Name the instances: --backends users-backend=127.0.0.1:8082,127.0.0.1:9082", 2)
    ends = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ends.set())
    Watcher(Path(folder), _addresses(backends)).run(ends, lambda what: print(what, flush=True))


def _absolute(name: str) -> str:
    return str(Path(name).resolve()) if name else ""


def _addresses(given: list[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, several in _pairs(given):
        found.setdefault(name, []).extend(part for part in several.split(",") if part)
    return found


def _pairs(given: list[str]) -> Iterator[tuple[str, str]]:
    for each in given:
        name, equals, address = each.partition("=")
        if not equals:
            raise Exit(f"{each} has no address: write users-backend=127.0.0.1:8082.", 2)
        yield name, address
