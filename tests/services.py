"""Services that are rendered, installed and kept, for the tests that run them."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tasks.folders import PROGRAMS, ROOT
from tasks.render import render_anew

KEPT = ROOT / ".cache" / "services"
"""Where installed services stay between runs: an unchanged lock is not installed again."""


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
    """Return this process's environment without what would change a service's behaviour."""
    own = ("_BACKEND_", "FRONTEND_")
    return {key: value for key, value in os.environ.items() if not any(part in key for part in own)}


def install(
    answers: dict[str, str], python: str = sys.executable, extras: str = ""
) -> InstalledService:
    """Render a service to where it stays, and install it with an interpreter."""
    version = subprocess.run(
        [python, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    service = InstalledService(render_anew(KEPT / f"{version}{extras}", answers))
    environment = os.environ | {
        "PATH": f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}",
        "PYTHON": python,
        "EXTRAS": extras,
    }
    subprocess.run(["./bootstrap"], cwd=service.path, env=environment, check=True)
    return service
