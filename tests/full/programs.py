"""Programs that the tests of this folder run: within a time, in a copy of the repository."""

import os
import shutil
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tasks.folders import PROGRAMS, ROOT
from tests.services import clean_environment

Finished = subprocess.CompletedProcess[str]


def run(
    words: list[str | Path],
    folder: Path,
    environment: Mapping[str, str] | None = None,
    *,
    seconds: float = 120,
    typed: str = "",
) -> Finished:
    """Run a program; what takes longer is killed, with all that it has started."""
    with subprocess.Popen(
        words,
        cwd=folder,
        env=clean_environment() | dict(environment or {}),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            out, err = process.communicate(typed, timeout=seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise
    return subprocess.CompletedProcess(words, process.returncode, out, err)


def succeeds(
    words: list[str | Path],
    folder: Path,
    environment: Mapping[str, str] | None = None,
    *,
    seconds: float = 120,
    typed: str = "",
) -> str:
    """Run a program that must succeed, and return what it prints."""
    done = run(words, folder, environment, seconds=seconds, typed=typed)
    assert done.returncode == 0, f"{words}:\n{done.stdout}{done.stderr}"
    return done.stdout


def copy_of_the_repository(folder: Path) -> Path:
    """Copy what git tracks, and what it would track, as it stands in the work tree."""
    listed = succeeds(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], ROOT)
    for name in sorted(set(listed.split("\0")) - {""}):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    return folder


def with_the_tools(repository: Path) -> Path:
    """Lend a copy this repository's .venv, so that it need not make its own."""
    (repository / ".venv").symlink_to(PROGRAMS.parent)
    return repository
