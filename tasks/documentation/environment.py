"""The environment that builds the site, with locked versions, in .cache."""

import fcntl
import subprocess
import sys
from pathlib import Path

from tasks.folders import ROOT

FOLDER = ROOT / ".cache" / "docs" / "environment"

REQUIREMENTS = ROOT / "docs" / "site" / "requirements.txt"
"""Written by `./invoke lock` from the pyproject.toml beside it."""


def make() -> Path:
    """Return the environment, which is created again after a change of its requirements."""
    FOLDER.parent.mkdir(parents=True, exist_ok=True)
    with FOLDER.with_suffix(".lock").open("a") as lock:
        # Several processes of the tests may want it at the same time.
        fcntl.flock(lock, fcntl.LOCK_EX)
        wanted = f"{sys.version}\n{REQUIREMENTS.read_text('utf-8')}"
        made_for = FOLDER / "made-for"
        if not (made_for.is_file() and made_for.read_text("utf-8") == wanted):
            print("Installing what builds the site, once", flush=True)
            words: list[str | Path] = [
                sys.executable,
                "-m",
                "venv",
                "--clear",
                "--without-pip",
                FOLDER,
            ]
            subprocess.run(words, check=True)
            subprocess.run([ROOT / "tasks" / "install", REQUIREMENTS, FOLDER], cwd=ROOT, check=True)
            made_for.write_text(wanted, "utf-8")
    return FOLDER
