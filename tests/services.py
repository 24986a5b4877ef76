"""Services that are rendered, installed and kept, for the tests that run them."""

import fcntl
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tasks import overlay
from tasks.folders import PROGRAMS, ROOT
from tasks.render import render_anew

KEPT = ROOT / ".cache" / "services"
"""Where installed services stay between runs: an unchanged lock is not installed again."""

MYPY_CACHE = ROOT / ".cache" / "mypy" / os.environ.get("PYTEST_XDIST_WORKER", "alone")
"""What mypy keeps of services: for each process of the tests, as two cannot share it."""

EXTRAS = "gevent sentry"
"""All extras that a service has: the tests share one environment of it."""

LONGEST_RUN_SECONDS = 600


@dataclass(frozen=True)
class InstalledService:
    """A rendered service with its .venv."""

    path: Path

    @property
    def bin(self) -> Path:
        """The folder with the programs of its .venv."""
        return self.path / ".venv" / "bin"

    def run(
        self, *words: str | Path, environment: dict[str, str] | None = None, given: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """Run one of these programs in the service's folder."""
        program, *arguments = words
        return subprocess.run(
            [self.bin / program, *arguments],
            cwd=self.path,
            env=clean_environment() | (environment or {}),
            input=given,
            capture_output=True,
            text=True,
            timeout=LONGEST_RUN_SECONDS,
        )


def clean_environment() -> dict[str, str]:
    """Return this process's environment without what would change a service's behaviour.

    With it, `./bootstrap` compiles nothing, as that takes half of an installation and most modules
    are not imported; and mypy knows from one service what it has read for another.
    """
    own = ("_BACKEND_", "FRONTEND_")
    kept = {key: value for key, value in os.environ.items() if not any(part in key for part in own)}
    return kept | {"NO_COMPILE": "1", "MYPY_CACHE_DIR": str(MYPY_CACHE)}


def install(
    answers: dict[str, str],
    python: str = sys.executable,
    extras: str = "",
    domain: str = "",
) -> InstalledService:
    """Render a service to where it stays, and install it with an interpreter.

    `domain` names an example whose domain takes the place of the seeded one.
    """
    version = subprocess.run(
        [python, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    folder = KEPT / "-".join([version, *extras.split()])
    environment = clean_environment() | {
        "PATH": f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}",
        "PYTHON": python,
        "EXTRAS": extras,
    }
    with alone(folder, answers["project_name"]) as rendered_for:
        run, _, name = rendered_for.read_text("utf-8").partition("\n")
        if run == RUN:
            return InstalledService(folder / name)
        service = InstalledService(render_anew(folder, answers))
        if domain:
            overlay.put(service.path, domain)
        subprocess.run(["./bootstrap"], cwd=service.path, env=environment, check=True)
        rendered_for.write_text(f"{RUN}\n{service.path.name}", "utf-8")
    return service


RUN = os.environ.get("PYTEST_XDIST_TESTRUNUID", uuid.uuid4().hex)
"""This run of the tests. It may be several processes, and all of them use the same services."""


@contextmanager
def alone(folder: Path, name: str) -> Iterator[Path]:
    """Keep the other processes out, and yield the file that says which run a service is of."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.rendered-for"
    with path.open("a", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield path
