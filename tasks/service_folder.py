"""A rendered service on disk: what it is called, how it is installed, how its tasks are run."""

import os
import signal
import subprocess
import tempfile
import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml
from invoke import Exit

from .folders import PROGRAMS
from .interrupts import held_back
from .program import Program

OTHERS_VARIABLES = ("PG", "POSTGRES_", "UWSGI_", "VAULT_")
"""What the names of variables begin with that lead to a developer's other database or Vault."""

INTERRUPTED_SECONDS = 10
"""How long an installation that is interrupted may take to end."""

PRODUCTION = "production.kubernetes"
DEVELOPMENT = "development.local"


class ServiceFolder:
    """A rendered service."""

    def __init__(
        self, path: Path, programs: Path | None = None, works_in: Path | None = None
    ) -> None:
        """`programs` and `works_in` are for a service that is installed from its wheel.

        They are the folder with its programs, and the one that it runs in.
        """
        self.path = path
        self._programs = programs or path / ".venv" / "bin"
        self._works_in = works_in or path
        project = tomllib.loads((path / "pyproject.toml").read_text("utf-8"))["project"]
        [self.command] = project["scripts"]
        services: dict[str, str] = project["entry-points"]["flask_chassis.service"]
        [self.package] = services.values()
        settings = yaml.safe_load((path / "settings.yaml").read_text("utf-8"))
        self.settings: dict[str, dict[str, Any]] = settings["default"]

    @property
    def name(self) -> str:
        """The service's name."""
        return str(self.settings["service"]["name"])

    @property
    def has_database(self) -> bool:
        """Whether it keeps anything."""
        return "database" in self.settings

    def install(self, extras: str = "") -> None:
        """Make its .venv from its lock; quick where that has been done before."""
        with self.installing(extras) as wait:
            wait()

    @contextmanager
    def installing(self, extras: str = "") -> Iterator[Callable[[], None]]:
        """Begin to make its .venv, and yield what waits for it; Exit where it cannot be made.

        A caller that does not wait, because of Ctrl-C for instance, ends it.
        """
        path = f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}"
        # What is ended while it makes a .venv leaves its temporary files behind.
        with tempfile.TemporaryDirectory(prefix="install-") as temporary:
            begun: list[subprocess.Popen[bytes]] = []

            def wait() -> None:
                if any(bootstrap.wait() for bootstrap in begun):
                    raise Exit(f"{self.name} cannot be installed: see above.", 1)

            try:
                with held_back():
                    begun.append(
                        subprocess.Popen(
                            ["./bootstrap"],
                            cwd=self.path,
                            env=os.environ | {"PATH": path, "EXTRAS": extras, "TMPDIR": temporary},
                            start_new_session=True,
                        )
                    )
                yield wait
            finally:
                for bootstrap in begun:
                    if bootstrap.poll() is None:
                        _interrupt(bootstrap)

    def variables(self, environment: str, supplied: Mapping[str, str]) -> dict[str, str]:
        """Return the variables to run it with; the developer's own ones stay out of it.

        `supplied` are settings by their names in settings.yaml, with dots: `database.host`.
        """
        prefix = self.package.upper()
        strange = (f"{prefix}_", *OTHERS_VARIABLES)
        outside = {key: value for key, value in os.environ.items() if not key.startswith(strange)}
        own = {
            f"{prefix}_{key.upper().replace('.', '__')}": value for key, value in supplied.items()
        }
        return outside | own | {f"{prefix}_ENVIRONMENT": environment}

    def run(self, *words: str, variables: Mapping[str, str]) -> str:
        """Run one of its tasks and return what it prints; Exit where it fails."""
        done = subprocess.run(
            [self._programs / self.command, *words],
            cwd=self._works_in,
            env=variables,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise Exit(f"{self.command} {' '.join(words)}:\n{done.stdout}{done.stderr}", 1)
        return done.stdout.strip()

    def begin(self, *words: str, variables: Mapping[str, str], log: Path) -> Program:
        """Run one of its tasks in the background."""
        return Program([self._programs / self.command, *words], self._works_in, variables, log)


def _interrupt(bootstrap: subprocess.Popen[bytes]) -> None:
    """End an installation: the shell and what it runs. Pip removes what it has in hand."""
    os.killpg(bootstrap.pid, signal.SIGINT)
    try:
        bootstrap.wait(INTERRUPTED_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(bootstrap.pid, signal.SIGKILL)
