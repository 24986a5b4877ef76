"""Tasks that run the service, or wait for what it needs."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from invoke import Context, Exit, task

from ..chassis import project_files, settings
from ..chassis import version as running_version
from ..chassis.failures import StartError
from . import run as start


@task(
    help={
        "port": "Where to listen, instead of where infra/uwsgi.yaml says",
        "metrics-port": "Where to serve the metrics, likewise",
        "gevent": "Serve with greenlets instead of threads; needs the extra `gevent`",
    }
)
def run(context: Context, port: int = 0, metrics_port: int = 0, gevent: bool = False) -> None:
    """Serve under uWSGI: in development reloading on change, elsewhere as in production."""
    found = settings.load()
    start.run(
        app=found["service.name"],
        stage="development" if found.is_for_developers else "production",
        config=project_files.find("infra/uwsgi.yaml"),
        port=port or None,
        metrics_port=metrics_port or None,
        gevent=gevent,
    )


@task
def version(context: Context) -> None:
    """Print the version: what the image carries, or what git says of this checkout."""
    found = running_version.current(settings.load(settings.DEFAULT_ENVIRONMENT))
    if running_version.VERSION_NAME not in os.environ:
        found = {"commit": git("rev-parse", "HEAD"), "version": git(*DESCRIBE)}
    print(json.dumps(found))


DESCRIBE = ("describe", "--tags", "--always", "--dirty")


@task(
    help={
        "connections": "host:port of each, with commas between",
        "timeout": "How many seconds to wait for all of them",
    }
)
def wait_for_tcp(context: Context, connections: str, timeout: int = 60) -> None:
    """Wait until all these addresses take connections; put it before the task that needs them."""
    deadline = time.monotonic() + timeout
    for address in connections.split(","):
        host, _, port = address.strip().rpartition(":")
        if not host or not port.isdecimal():
            raise Exit(f"{address!r} is not host:port.", 2)
        _wait_for(host, int(port), deadline, timeout)


def _wait_for(host: str, port: int, deadline: float, timeout: int) -> None:
    while True:
        try:
            socket.create_connection((host, port), timeout=1).close()
        except OSError as error:
            if time.monotonic() >= deadline:
                raise Exit(f"{host}:{port} did not answer within {timeout} s: {error}", 1) from None
            time.sleep(0.2)
        else:
            return


def git(*arguments: str) -> str:
    """Return what a command of git says of this checkout."""
    done = subprocess.run(["git", *arguments], capture_output=True, text=True)
    if done.returncode:
        raise Exit(
            "The version is not known: set VERSION_NAME and VERSION_SHA, or run this in a git "
            f"checkout with a commit ({done.stderr.strip()}).",
            1,
        )
    return done.stdout.strip()


SENTENCES: dict[type[Exception] | str, Callable[[Any], str]] = {StartError: str}
"""Errors that a user can mend, and what to say of each. A module of tasks adds those of its own; by
name, `sqlalchemy.exc.OperationalError`, where it would import a library for that alone."""


@contextmanager
def clear_errors() -> Iterator[None]:
    """Turn an error that a user can mend into its sentence on stderr, and exit code 1."""
    try:
        yield
    except Exception as error:
        for kind in type(error).__mro__:
            say = SENTENCES.get(kind) or SENTENCES.get(f"{kind.__module__}.{kind.__qualname__}")
            if say:
                sys.exit(say(error))
        raise
