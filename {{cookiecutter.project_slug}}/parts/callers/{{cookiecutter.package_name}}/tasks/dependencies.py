"""Tasks about the services that this one calls."""

import time
from collections.abc import Callable
from itertools import starmap
from pathlib import Path

import requests
from invoke import Context, Exit, task

from ..chassis import dependencies, settings, upstream_http, versions
from ..chassis.dependencies import Dependency
from ..chassis.settings import Settings
from ..chassis.upstream_errors import UpstreamError
from ..chassis.upstream_http import Limits
from ..chassis.version import UNVERSIONED
from . import log_lines, rollout

FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 5.0


class TooOldError(Exception):
    """A service runs a version that is older than this one needs."""


@task(help={"timeout": "How many seconds to wait until all are there, and new enough"})
def check(context: Context, timeout: int = 60) -> None:
    """Wait until the services that are called have the versions that this one needs.

    Put it before the task that needs them: `dependencies.check run`. Its lines then stand in the
    service's log, and so are JSON where the log is read by programs.
    """
    wanted = settings.load()
    say = _print if wanted.is_for_developers else _log
    look = _looker(wanted)
    missing = dict.fromkeys(dependencies.declared(wanted), "")
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
                # What is no version will not become one by waiting.
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
    """Print in which order services are rolled out: before each one, those that it calls."""
    folders = [Path(name) for given in services for name in given.split(",") if name]
    if not folders:
        raise Exit("Name the services' folders: --services ../users-backend --services .", 2)
    print("\n".join(rollout.order(rollout.read(folders))))


def _looker(wanted: Settings) -> Callable[[Dependency], str]:
    """Return what asks a service for its version, and raises where that will not do."""
    session = upstream_http.new_session(1)
    limits = Limits(
        connect_seconds=wanted["calls.connect_timeout_seconds"],
        read_seconds=wanted["calls.read_timeout_seconds"],
        total_seconds=wanted["calls.total_timeout_seconds"],
        attempts=1,
        largest_answer=wanted["calls.max_answer_bytes"],
    )

    def look(service: Dependency) -> str:
        text = _running(service, session, limits)
        if service.minimum is None or (text == UNVERSIONED and wanted.is_for_developers):
            return text  # the latter is a checkout, which a developer runs beside this one
        version = versions.parse(text)
        if version < service.minimum:
            raise TooOldError(f"{version} is there")
        return text

    return look


def _running(service: Dependency, session: requests.Session, limits: Limits) -> str:
    deadline = time.monotonic() + limits.total_seconds
    url = f"{service.url}/admin/version/"
    answer = upstream_http.exchange(
        session, service.name, limits, deadline, method="GET", url=url
    ).json()
    text = answer.get("version") if isinstance(answer, dict) else None
    if not isinstance(text, str):
        raise versions.BadVersionError("its answer has no version")
    return text


def _needed(service: Dependency) -> str:
    return f"{service.minimum} or newer" if service.minimum else "any version"


def _fault(service: Dependency, reason: str) -> str:
    return f"{service.name} at {service.url}: {_needed(service)} is needed; {reason}."


def _print(sentence: str) -> None:
    print(sentence, flush=True)


def _log(sentence: str) -> None:
    log_lines.write("INFO", "dependencies", sentence)
