"""Tasks that run the service, print its version, or wait for TCP ports."""

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

from flask_chassis import project, settings
from flask_chassis.exceptions import ConfigurationError
from flask_chassis.observability import version as running_version
from flask_chassis.tasks import run as start

LOOPBACK = "127.0.0.1"
"""Where a service listens that runs on somebody's machine: its secrets are published."""

EVERYWHERE = "all"


@task(
    help={
        "host": "The address to listen on, or `all`; by default 127.0.0.1 in environments named "
        "`….local`, and all in those of containers",
        "port": "The port, by default that of infra/uwsgi.yaml",
        "metrics-port": "The port of the metrics, by default that of infra/uwsgi.yaml",
        "gevent": "Serve with greenlets instead of threads; needs the extra `gevent`",
    }
)
def run(
    context: Context, host: str = "", port: int = 0, metrics_port: int = 0, gevent: bool = False
) -> None:
    """Run the service under uWSGI; in development, it reloads when code changes."""
    found = settings.load()
    start.run(
        app=found["service.name"],
        stage="development" if found.is_for_developers else "production",
        config=project.find("infra/uwsgi.yaml"),
        host=_host(host, found),
        port=port or None,
        metrics_port=metrics_port or None,
        gevent=gevent,
    )


def _host(asked: str, found: settings.Settings) -> str:
    """Return the host for uWSGI, an empty text for all addresses."""
    default = LOOPBACK if found.environment.endswith(".local") else EVERYWHERE
    host = asked or default
    if host == EVERYWHERE:
        return ""
    return f"[{host}]" if ":" in host else host


@task
def version(context: Context) -> None:
    """Print the version, from the variables of the image or from git."""
    found = running_version.current(settings.load(settings.DEFAULT_ENVIRONMENT))
    if running_version.VERSION_NAME not in os.environ:
        found = {"commit": git("rev-parse", "HEAD"), "version": git(*DESCRIBE)}
    print(json.dumps(found))


DESCRIBE = ("describe", "--tags", "--always", "--dirty")


@task(
    help={
        "connections": "Addresses as host:port, separated by commas",
        "timeout": "How many seconds to wait for all of them",
    }
)
def wait_for_tcp(context: Context, connections: str, timeout: int = 60) -> None:
    """Wait until all addresses accept connections, before a task that needs them."""
    deadline = time.monotonic() + timeout
    for address in connections.split(","):
        host, _, port = address.strip().rpartition(":")
        if not host or not port.isdecimal():
            raise Exit(f"{address!r} is not host:port. Set an address such as database:5432.", 2)
        _wait_for(host, int(port), deadline, timeout)


def _wait_for(host: str, port: int, deadline: float, timeout: int) -> None:
    while True:
        try:
            socket.create_connection((host, port), timeout=1).close()
        except OSError as error:
            if time.monotonic() >= deadline:
                raise Exit(
                    f"{host}:{port} did not accept connections within {timeout} s: {error}", 1
                ) from None
            time.sleep(0.2)
        else:
            return


def git(*arguments: str) -> str:
    """Return the output of a git command; raises Exit if it fails."""
    done = subprocess.run(["git", *arguments], capture_output=True, text=True)
    if done.returncode:
        raise Exit(
            "The version is not known: set VERSION_NAME and VERSION_SHA, or run this in a git "
            f"checkout with a commit ({done.stderr.strip()}).",
            1,
        )
    return done.stdout.strip()


SENTENCES: dict[type[Exception] | str, Callable[[Any], str]] = {ConfigurationError: str}
"""The error messages for exceptions that a user can fix. Modules of tasks add their own: by name,
such as `sqlalchemy.exc.OperationalError`, to avoid importing a library only for its exception."""


@contextmanager
def clear_errors() -> Iterator[None]:
    """Turn an exception that a user can fix into an error message and exit code 1."""
    try:
        yield
    except Exception as error:
        for kind in type(error).__mro__:
            say = SENTENCES.get(kind) or SENTENCES.get(f"{kind.__module__}.{kind.__qualname__}")
            if say:
                sys.exit(say(error))
        raise
