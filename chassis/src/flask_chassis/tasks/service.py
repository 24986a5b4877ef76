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
        "metrics-port": "The port of uWSGI's metrics, by default that of infra/uwsgi.yaml",
        "gevent": "Serve with uWSGI and greenlets instead of threads; needs the extra `gevent`",
        "uwsgi": "Serve with uWSGI as production does, also in development; no reload",
        "sql": "Log each SQL statement, without its values; in development",
        "debugger": "Let a debugger attach (debugpy); in development",
        "debugger-port": "The port for the debugger, 5678 by default",
    }
)
def run(
    context: Context,
    host: str = "",
    port: int = 0,
    metrics_port: int = 0,
    gevent: bool = False,
    uwsgi: bool = False,
    sql: bool = False,
    debugger: bool = False,
    debugger_port: int = 0,
) -> None:
    """Run the service: with uWSGI, or in development.local with a server that reloads it."""
    found = settings.load()
    config = project.find("infra/uwsgi.yaml")
    for_uwsgi = uwsgi or gevent or bool(metrics_port)
    for_development = sql or debugger or bool(debugger_port)
    if found.stage == "development" and found.is_local and not for_uwsgi:
        # Production does not import it.
        from flask_chassis.tasks import development_server

        development_server.start(
            _host(host, found),
            port or start.port_in(config),
            sql=sql,
            debugger_port=debugger_port or development_server.DEBUGGER_PORT
            if debugger or debugger_port
            else None,
        )
    if for_development:
        raise Exit(
            "--sql and --debugger are for the development server: run the service in "
            f"development.local, not {found.environment}, and without options of uWSGI.",
            2,
        )
    start.run(
        app=found["service.name"],
        stage=_stage(found, as_production=uwsgi),
        config=config,
        host=_in_brackets(_host(host, found)),
        port=port or None,
        metrics_port=metrics_port or None,
        gevent=gevent,
    )


def _stage(found: settings.Settings, *, as_production: bool) -> str:
    """Return the section of infra/uwsgi.yaml."""
    return "development" if found.is_for_developers and not as_production else "production"


def _host(asked: str, found: settings.Settings) -> str:
    """Return the host to listen on, an empty text for all addresses."""
    default = LOOPBACK if found.environment.endswith(".local") else EVERYWHERE
    host = asked or default
    return "" if host == EVERYWHERE else host


def _in_brackets(host: str) -> str:
    """Return a host as uWSGI takes it."""
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
            f"checkout with a commit ({' '.join(done.stderr.split())}).",
            1,
        )
    return done.stdout.strip()


def _missing_program(error: FileNotFoundError) -> str | None:
    """Return the error message for a program that is not installed; of other files, None."""
    if error.filename in PROGRAMS:
        return f"{error.filename} is not installed, or not on the PATH: install it."
    return None


PROGRAMS = ("docker", "git", "kubectl", "kustomize")
"""What tasks run that `./bootstrap` does not install."""

SENTENCES: dict[type[Exception] | str, Callable[[Any], str | None]] = {
    ConfigurationError: str,
    FileNotFoundError: _missing_program,
}
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
            if say and (sentence := say(error)):
                sys.exit(sentence)
        raise
