"""Tasks about the services that this one calls."""

import time
from collections.abc import Callable
from pathlib import Path

import requests
from invoke import Context, Exit, task

from ..chassis import dependencies, settings, upstream_http, versions
from ..chassis.dependencies import Dependency
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
    services = dependencies.declared(wanted)
    deadline = time.monotonic() + timeout
    session = upstream_http.new_session(1)
    limits = Limits(
        connect_seconds=wanted["calls.connect_timeout_seconds"],
        read_seconds=wanted["calls.read_timeout_seconds"],
        total_seconds=wanted["calls.total_timeout_seconds"],
        attempts=1,
        largest_answer=wanted["calls.max_answer_bytes"],
    )
    faults = []
    for service in services:
        try:
            found = _wait_for(service, session, limits, deadline, say, wanted.is_for_developers)
            say(f"{service.name}: {found} is there, {_needed(service)} is needed.")
        except (UpstreamError, TooOldError, versions.BadVersionError) as error:
            faults.append(
                f"{service.name} at {service.url}: {_needed(service)} is needed; {_found(error)}."
            )
    if faults:
        raise Exit("\n".join(faults), 1)


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


def _wait_for(
    service: Dependency,
    session: requests.Session,
    limits: Limits,
    deadline: float,
    say: Callable[[str], None],
    is_for_developers: bool,
) -> str:
    """Return the version that is there. One that is no version is no matter of waiting."""
    pause = FIRST_PAUSE_SECONDS
    while True:
        try:
            return _running(service, session, limits, is_for_developers)
        except (UpstreamError, TooOldError) as error:
            rest = deadline - time.monotonic()
            if rest <= 0:
                raise
            say(f"{service.name}: waiting; {_found(error)}.")
            time.sleep(min(pause, rest))
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)


def _running(
    service: Dependency, session: requests.Session, limits: Limits, is_for_developers: bool
) -> str:
    deadline = time.monotonic() + limits.total_seconds
    url = f"{service.url}/admin/version/"
    answer = upstream_http.exchange(
        session, service.name, limits, deadline, method="GET", url=url
    ).json()
    text = answer.get("version") if isinstance(answer, dict) else None
    if not isinstance(text, str):
        raise versions.BadVersionError("its answer has no version")
    if service.minimum is None or (text == UNVERSIONED and is_for_developers):
        return text  # the latter is a checkout, which a developer runs beside this one
    version = versions.parse(text)
    if version < service.minimum:
        raise TooOldError(f"{version} is there")
    return text


def _needed(service: Dependency) -> str:
    return f"{service.minimum} or newer" if service.minimum else "any version"


def _found(error: Exception) -> str:
    return error.reason if isinstance(error, UpstreamError) else str(error)


def _print(sentence: str) -> None:
    print(sentence, flush=True)


def _log(sentence: str) -> None:
    log_lines.write("INFO", "dependencies", sentence)
