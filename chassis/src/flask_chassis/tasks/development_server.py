"""Runs the service under Flask's development server, for the task `run` on a developer's machine.

    python -m flask_chassis.tasks.development_server --host=127.0.0.1 --port=8080

Werkzeug's reloader starts this command a second time, as the process that serves, and again after
each change of a Python or settings file. It is a command of its own, and not the task, so that
settings or tasks that are broken for a moment do not end it. Production never uses it.
"""

import argparse
import logging
import os
import socket
import sys
import traceback
from collections.abc import Iterable, Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any, NoReturn
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from flask import Flask
from invoke import Exit
from prometheus_client import make_wsgi_app
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.serving import WSGIRequestHandler, is_running_from_reloader, run_simple

from flask_chassis import project
from flask_chassis.exceptions import ConfigurationError
from flask_chassis.serving import network

LOOPBACK = "127.0.0.1"

METRICS = "/metrics"

DEBUGGER_PORT = 5678
"""The port at which VS Code and other clients look for debugpy by default."""

INSTALL_DEBUGPY = (
    "--debugger needs debugpy, which is not installed. Install it: "
    f"{sys.executable} -m pip install debugpy"
)

SETTINGS_FILES = ("settings.yaml", "settings.local.yaml")


def start(host: str, port: int, *, sql: bool = False, debugger_port: int | None = None) -> NoReturn:
    """Replace this process with the server; without a host, it listens on all addresses.

    `debugger_port` is for debugpy. Raises Exit if that is not installed, or its port is in use.
    """
    if debugger_port is not None:
        if find_spec("debugpy") is None:
            raise Exit(INSTALL_DEBUGPY, 1)
        _require_free(debugger_port)
    words = [f"--host={host}", f"--port={port}"]
    words += ["--sql"] if sql else []
    words += [f"--debugger-port={debugger_port}"] if debugger_port is not None else []
    # The reloader looks at all folders of the path, and the working folder may be anyone's.
    os.environ.setdefault("PYTHONSAFEPATH", "1")
    os.execv(sys.executable, [sys.executable, "-m", __name__, *words])  # noqa: S606 - no shell


def main(arguments: Sequence[str] | None = None) -> None:
    """Watch the files, or serve, if the reloader has started this process."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--host", default=LOOPBACK)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--debugger-port", type=int)
    parser.add_argument("--sql", action="store_true")
    options = parser.parse_args(arguments)
    host = options.host or ("::" if network.has_dual_stack() else "0.0.0.0")  # noqa: S104 - asked for
    # The access log has a line for each request, and `_announce` says where the service is.
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    application: WSGIApplication = _unavailable
    if is_running_from_reloader():
        if options.debugger_port is not None:
            _listen_for_debugger(options.debugger_port)
        application = load(sql=options.sql)
        if isinstance(application, Flask):
            _announce(application, host, options.port, options.debugger_port)
            # In production, another process serves them, on a port of its own.
            application = DispatcherMiddleware(application, {METRICS: make_wsgi_app()})
    run_simple(
        host,
        options.port,
        application,
        threaded=True,
        use_reloader=True,
        reloader_type="stat",
        extra_files=[str(project.working_folder() / name) for name in SETTINGS_FILES],
        request_handler=RequestHandler,
    )


class RequestHandler(WSGIRequestHandler):
    """Does not log requests: the access log does."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Do nothing."""


def load(*, sql: bool = False) -> WSGIApplication:
    """Return the application; if it cannot be created, print why and return one that says so.

    The reloader goes on watching, and starts the server again after the next change.
    """
    if sql:
        _log_sql()
    try:
        found: Any = import_module(f"{project.package()}.wsgi").application
    except ConfigurationError as error:
        reason = str(error)
    except (Exception, SystemExit):  # noqa: BLE001 - the code of the service may raise anything
        reason = traceback.format_exc().rstrip()
    else:
        found.jinja_env.auto_reload = True
        application: WSGIApplication = found
        return application
    _print(reason, "", "The service cannot start: correct this, and save the file.")
    return _unavailable


def _log_sql() -> None:
    """Log each statement once, and not that its values are hidden (`hide_parameters`)."""
    logger = logging.getLogger("sqlalchemy.engine.Engine")
    logger.setLevel(logging.INFO)
    logger.addFilter(lambda record: "SQL parameters hidden" not in record.getMessage())


def _unavailable(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    start_response("500 Internal Server Error", [("Content-Type", "text/plain; charset=utf-8")])
    return [b"The service cannot start: the terminal that runs it shows why.\n"]


def _announce(app: Flask, host: str, port: int, debugger_port: int | None) -> None:
    """Print the addresses."""
    if host in {"::", "0.0.0.0"}:  # noqa: S104 - compared
        host = LOOPBACK
    address = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    lines = [f"  Service     {address}/"]
    if "swagger_ui" in app.blueprints:
        lines += [f"  Swagger UI  {address}/", f"  OpenAPI     {address}/openapi.json"]
    lines += [f"  Metrics     {address}{METRICS}"]
    if debugger_port is not None:
        lines += [f"  Debugger    {LOOPBACK}:{debugger_port}, for clients of debugpy"]
    _print("", *lines, "", "  Changes of code and settings reload it. Ctrl-C ends it.", "")


def _listen_for_debugger(port: int) -> None:
    debugpy = import_module("debugpy")  # no dependency: `start` says how to install it
    try:
        debugpy.listen((LOOPBACK, port))
    except (OSError, RuntimeError) as error:
        # Serve anyway: the reloader would end with this process.
        _print(f"debugpy cannot listen on {LOOPBACK}:{port}: {error}. Choose --debugger-port.")


def _require_free(port: int) -> None:
    with socket.socket() as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind((LOOPBACK, port))
        except OSError:
            raise Exit(
                f"Port {port} of {LOOPBACK} is in use: choose another with --debugger-port.", 1
            ) from None


def _print(*lines: str) -> None:
    """Print to standard error: log lines are on standard output."""
    print("\n".join(lines), file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
