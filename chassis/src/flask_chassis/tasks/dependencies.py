"""Tasks for service dependencies: check the versions of other services, print the rollout order."""

import time
from collections.abc import Callable
from itertools import starmap
from pathlib import Path

import requests
from invoke import Context, Exit, task

from flask_chassis import settings
from flask_chassis.clients import dependencies, http, versions
from flask_chassis.clients.dependencies import Dependency
from flask_chassis.clients.errors import UpstreamError
from flask_chassis.clients.http import Limits
from flask_chassis.observability.version import UNVERSIONED
from flask_chassis.settings import Settings
from flask_chassis.tasks import rollout_order, startup_log

FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 5.0


class TooOldError(Exception):
    """A service runs a version that is older than the required minimum."""


@task(help={"timeout": "How many seconds to wait for all services"})
def check(context: Context, timeout: int = 60) -> None:
    """Wait until the called services are available in the required versions.

    Foreign APIs are not waited for: they have no version endpoint. Call it before the task that
    needs the services: `dependencies.check run`. Outside development, it writes JSON lines, as the
    service does.
    """
    wanted = settings.load()
    say = _print if wanted.is_for_developers else _log
    look = _looker(wanted)
    own = [each for each in dependencies.declared(wanted) if not each.is_foreign]
    missing = dict.fromkeys(own, "")
    deadline, pause = time.monotonic() + timeout, FIRST_PAUSE_SECONDS
    while True:
        is_hopeless = False
        for service in list(missing):
            try:
                found = look(service)
                say(f"{service.name}: {found} is there, {_needed(service)} is needed.")
                del missing[service]
            except (UpstreamError, TooOldError, versions.BadVersionError) as error:
                missing[service] = error.reason if isinstance(error, UpstreamError) else str(error)
                # Waiting does not make an invalid version valid.
                is_hopeless = is_hopeless or isinstance(error, versions.BadVersionError)
        rest = deadline - time.monotonic()
        if not missing or is_hopeless or rest <= 0:
            break
        for service, reason in missing.items():
            say(f"{service.name}: waiting; {reason}.")
        time.sleep(min(pause, rest))
        pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
    if missing:
        raise Exit("\n".join(starmap(_fault, missing.items())), 1)


@task(
    iterable=["services"],
    help={"services": "Folder of a service; once for each of them, or with commas between"},
)
def graph(context: Context, services: list[str]) -> None:
    """Print the rollout order of services: each service after those that it calls."""
    folders = [Path(name) for given in services for name in given.split(",") if name]
    if not folders:
        raise Exit("Name the services' folders: --services ../users-backend --services .", 2)
    print("\n".join(rollout_order.order(rollout_order.read(folders))))


def _looker(wanted: Settings) -> Callable[[Dependency], str]:
    """Return a function that requests the version of a service and raises if it is too old."""
    session = http.new_session(1)
    limits = Limits(
        connect_seconds=wanted["calls.connect_timeout_seconds"],
        read_seconds=wanted["calls.read_timeout_seconds"],
        total_seconds=wanted["calls.total_timeout_seconds"],
        attempts=1,
        max_response_bytes=wanted["calls.max_answer_bytes"],
    )

    def look(service: Dependency) -> str:
        text = _running(service, session, limits)
        if service.minimum is None or (text == UNVERSIONED and wanted.is_for_developers):
            return text  # an unversioned service runs from a developer's checkout
        version = versions.parse(text)
        if version < service.minimum:
            raise TooOldError(f"{version} is there")
        return text

    return look


def _running(service: Dependency, session: requests.Session, limits: Limits) -> str:
    deadline = time.monotonic() + limits.total_seconds
    url = f"{service.url}/admin/version/"
    answer = http.exchange(session, service.name, limits, deadline, method="GET", url=url).json()
    text = answer.get("version") if isinstance(answer, dict) else None
    if not isinstance(text, str):
        raise versions.BadVersionError("the response contains no version")
    return text


def _needed(service: Dependency) -> str:
    return f"{service.minimum} or newer" if service.minimum else "any version"


def _fault(service: Dependency, reason: str) -> str:
    return f"{service.name} at {service.url}: {_needed(service)} is needed; {reason}."


def _print(sentence: str) -> None:
    print(sentence, flush=True)


def _log(sentence: str) -> None:
    startup_log.write("INFO", "dependencies", sentence)
