"""The servers that are measured side by side, each as its documentation has it for production."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import requests

from benchmarks import environments, processes
from tasks.ports import free_port
from tasks.program import Program
from tasks.running_service import RunningService

WORKERS = 2
"""Of each server, where its documentation leaves the number to its user."""

Command = Callable[[int], Sequence[str]]


@dataclass(frozen=True)
class Variant:
    """A way to write the same service: its folder, and how it is started on a port."""

    name: str
    title: str
    command: Command


UWSGI_LIMIT = (
    "--master", "--need-app", "--module=app:application", "--disable-logging",
    f"--workers={WORKERS}", "--threads=4", "--lazy-apps", "--listen=128",
)  # fmt: skip
UVICORN = ("uvicorn", "app:app", f"--workers={WORKERS}")
GUNICORN = ("gunicorn", f"--workers={WORKERS}", "--threads=8", "--worker-class=gthread", "app:app")

VARIANTS = (
    Variant(
        "raw",
        "raw WSGI, psycopg2, orjson",
        lambda port: ("uwsgi", f"--http11-socket=127.0.0.1:{port}", *UWSGI_LIMIT),
    ),
    Variant(
        "fastapi_asyncpg",
        "FastAPI, asyncpg, by hand",
        lambda port: (*UVICORN, f"--port={port}"),
    ),
    Variant(
        "fastapi_sqlmodel",
        "FastAPI, SQLModel",
        lambda port: (*UVICORN, f"--port={port}"),
    ),
    Variant(
        "flask_gunicorn",
        "Flask, gunicorn gthread",
        lambda port: (*GUNICORN, f"--bind=127.0.0.1:{port}"),
    ),
    Variant(
        "flask_restx",
        "Flask-RESTX, marshal_with",
        # As Flask's documentation has it, with four processes.
        lambda port: (
            "uwsgi", f"--http=127.0.0.1:{port}", "--master", "-p", "4", "-w", "app:app",
            # The router closes each connection, and would not say so.
            "--add-header=Connection: close",
        ),
    ),
)  # fmt: skip


def answers(port: int) -> bool:
    """Whether a server on a port answers."""
    try:
        return requests.get(f"http://127.0.0.1:{port}/health/live", timeout=5).ok
    except requests.RequestException:
        return False


class Started:
    """A server of a name that was started on a port."""

    name: str
    title: str
    port: int
    _program: Program

    def wait(self) -> None:
        """Wait until it answers."""
        self._program.wait_until(lambda: answers(self.port), self.name)

    @property
    def pids(self) -> list[int]:
        """Its processes."""
        return processes.of_session(self._program.pid)

    def stop(self) -> None:
        """End it with all that it has started."""
        if not self._program.has_ended:
            self._program.kill()


class Server(Started):
    """A variant that runs."""

    def __init__(self, variant: Variant, private: Path, variables: dict[str, str]) -> None:
        """Start it; `private` gets its log, and it runs with `variables`."""
        self.name = variant.name
        self.title = variant.title
        self.port = free_port()
        programs = environments.install(variant.name)
        program, *words = variant.command(self.port)
        self._program = Program(
            [programs / program, *words],
            environments.VARIANTS / variant.name,
            os.environ | variables,
            private / f"{variant.name}.log",
        )


class Rendered:
    """The rendered service, as deployed."""

    name = "rendered"
    title = "the rendered service"

    def __init__(self, service: RunningService) -> None:
        self.service = service
        self.port = service.port

    @property
    def pids(self) -> list[int]:
        """Its processes."""
        return processes.of_session(self.service.program.pid)


class Changed(Started):
    """A rendered service, started once more in another way, beside the one that may run."""

    def __init__(
        self,
        service: RunningService,
        name: str,
        variables: dict[str, str] | None = None,
        options: Sequence[str] = (),
        *,
        gevent: bool = False,
    ) -> None:
        """`options` are uWSGI's."""
        self.name = self.title = name
        self.service = service
        self.port = free_port()
        self.metrics_port = free_port()
        self.log = service.private / f"{name}.log"
        call = (
            "from flask_chassis.tasks.run import run; "
            f"run({service.name!r}, 'production', port={self.port}, "
            f"metrics_port={self.metrics_port}, gevent={gevent}, options={list(options)!r})"
        )
        python = service.folder / ".venv" / "bin" / "python"
        self._program = Program(
            [python, "-c", call],
            service.folder,
            service.variables() | (variables or {}),
            self.log,
        )
