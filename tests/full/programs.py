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


class TookTooLongError(AssertionError):
    """A program has not ended in time. Says what it printed, and what its processes did."""


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
        except subprocess.TimeoutExpired as late:
            tree = processes_of_session(process.pid)
            os.killpg(process.pid, signal.SIGKILL)
            out, err = process.communicate()
            # The report of TimeoutExpired itself cuts off what the program has printed.
            lines = [f"{words} took longer than {seconds} s.", *tree, out, err]
            raise TookTooLongError("\n".join(lines)) from late
    return subprocess.CompletedProcess(words, process.returncode, out, err)


def processes_of_session(session: int) -> list[str]:
    """Return a line for each process of a session: its number, state, place in the kernel, words.

    They are what somebody needs who looks for the reason of a hang.
    """
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            stat = (folder / "stat").read_text().rpartition(")")[2].split()
            waits = (folder / "wchan").read_text()
            words = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue  # it has ended, or is somebody else's
        if int(stat[3]) == session:
            found.append(f"{folder.name} {stat[0]} {waits} {words}")
    return found


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


NOT_COPIED = ("benchmarks/", "chassis/tests/", "docs/", "tests/", "tools/tests/")
"""Half of the repository, from which nothing is rendered, built or started."""


def copy_of_the_repository(folder: Path) -> Path:
    """Copy what git tracks, and what it would track, as it stands in the work tree.

    Tests, documents and benchmarks are left out.
    """
    listed = succeeds(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], ROOT)
    for name in sorted(set(listed.split("\0")) - {""}):
        if (ROOT / name).is_file() and not name.startswith(NOT_COPIED):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    return folder


def with_the_tools(repository: Path) -> Path:
    """Lend a copy this repository's .venv, so that it need not make its own."""
    (repository / ".venv").symlink_to(PROGRAMS.parent)
    return repository
