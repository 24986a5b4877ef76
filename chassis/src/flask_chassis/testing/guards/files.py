"""Checks that facts which several files of a repository state agree."""

import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import yaml

HEALTH_PATHS = {"/health/live", "/health/ready"}
UWSGI = "infra/uwsgi.yaml"
DOCKERFILE = "infra/docker/Dockerfile"
COMPOSE = "docker-compose.yaml"

_PORT = r"^  set-(?:ph|placeholder): port=(\d+)$"
_METRICS_PORT = r"^  set-(?:ph|placeholder): metrics-port=(\d+)$"


class _NotFoundError(Exception):
    """A file does not have exactly one line that matches; the message is the fault."""


def different_ports(root: Path) -> list[str]:
    """Return the places whose port is not the one that uWSGI serves requests or metrics on."""
    try:
        port, metrics = number(root, UWSGI, _PORT), number(root, UWSGI, _METRICS_PORT)
        other = [
            (".flaskenv", number(root, ".flaskenv", r"^FLASK_RUN_PORT=(\d+)$"), port),
            (f"{DOCKERFILE} (EXPOSE)", number(root, DOCKERFILE, r"^EXPOSE (\d+) \d+$"), port),
            (f"{DOCKERFILE} (EXPOSE)", number(root, DOCKERFILE, r"^EXPOSE \d+ (\d+)$"), metrics),
        ]
    except _NotFoundError as error:
        return [str(error)]
    faults = [
        f"{place} has port {found}, {UWSGI} has {wanted}: make them equal."
        for place, found, wanted in other
        if found != wanted
    ]
    return faults + _published(root, {port, metrics})


def _published(root: Path, wanted: set[int]) -> list[str]:
    compose = yaml.safe_load((root / COMPOSE).read_text(encoding="utf-8"))
    ports = [str(port) for port in compose["services"]["service"]["ports"]]
    faults = [
        f"{COMPOSE} publishes {port} on all interfaces: write 127.0.0.1:{port}."
        for port in ports
        if not port.startswith("127.0.0.1:")
    ]
    found = {int(port.rpartition(":")[2]) for port in ports}
    if found != wanted:
        faults.append(
            f"{COMPOSE} publishes the container's ports {sorted(found)}, {UWSGI} has "
            f"{sorted(wanted)}: make them equal."
        )
    return faults


def different_pythons(root: Path) -> list[str]:
    """Return a fault if ./bootstrap prefers another Python than the image has."""
    try:
        image = number(root, DOCKERFILE, r"^ARG PYTHON_IMAGE=python:3\.(\d+)-slim-bookworm$")
        own = number(root, "bootstrap", r"set -- python3\.(\d+) python3 python$")
    except _NotFoundError as error:
        return [str(error)]
    if image == own:
        return []
    return [f"{DOCKERFILE} has Python 3.{image}, bootstrap prefers 3.{own}: make them equal."]


def wrong_health_paths(root: Path, routes: Collection[str]) -> list[str]:
    """Return the health paths that are requested and not served, or served and not requested."""
    requested = {
        path: name
        for name in (DOCKERFILE, COMPOSE)
        for path in re.findall(r"/health/\w+(?=\"?\])", (root / name).read_text(encoding="utf-8"))
    }
    faults = [
        f"{name} requests {path}, which the service does not serve: use one of "
        f"{', '.join(sorted(HEALTH_PATHS))}."
        for path, name in sorted(requested.items())
        if path not in routes
    ]
    return faults + [
        f"Neither {DOCKERFILE} nor {COMPOSE} requests {path}: add it to their health checks."
        for path in sorted(HEALTH_PATHS - requested.keys())
    ]


def small_pools(root: Path, settings: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return the connection pools that are smaller than the number of a worker's threads.

    `settings` has the declared settings of each environment.
    """
    threads = _threads(root)
    return [
        f"settings.yaml, {environment}: {key} is {value}, but a uWSGI worker has {threads} "
        f"threads, each of which may need a connection: raise it to {threads} or more."
        for environment, declared in settings.items()
        for key, value in declared.items()
        if key.endswith(".pool_size") and isinstance(value, int) and value < threads
    ]


def too_many_calls(root: Path, settings: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return the environments in which calls of other services may take all threads of a worker.

    Two threads have to be left for requests that need no other service, such as health checks.
    """
    threads = _threads(root)
    return [
        f"settings.yaml, {environment}: calls.at_a_time is {value}, but a uWSGI worker has "
        f"{threads} threads: lower it to {threads - 2} or less."
        for environment, declared in settings.items()
        if isinstance(value := declared.get("calls.at_a_time"), int) and value > threads - 2
    ]


def _threads(root: Path) -> int:
    """Return the threads of a worker. Smaller numbers are those of other modes, as of gevent."""
    text = (root / UWSGI).read_text(encoding="utf-8")
    return max(map(int, re.findall(r"^  threads: (\d+)$", text, re.MULTILINE)), default=1)


def folders_without_init(tests: Path) -> list[str]:
    """Return the folders of tests that are not packages: two tests of one name would collide."""
    folders = sorted({path.parent for path in tests.rglob("test_*.py")})
    return [
        f"{folder.relative_to(tests.parent)} has tests and no __init__.py: add an empty one."
        for folder in folders
        if not (folder / "__init__.py").is_file()
    ]


def number(root: Path, name: str, pattern: str) -> int:
    """Return the number that the only matching line of a file has."""
    path = root / name
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    found = re.findall(pattern, text, re.MULTILINE)
    if len(found) != 1:
        raise _NotFoundError(
            f"{name} has {len(found)} lines like {pattern}; it must have one: restore the line as "
            "the template renders it."
        )
    return int(found[0])
