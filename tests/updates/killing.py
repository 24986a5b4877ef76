"""Kills an update at a moment, as a machine does that fails: nothing of it gets to clean up."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from tests.updates.services import Service

SECONDS = 120

GIT = """\
#!/bin/sh
# Git, which holds at one of its commands and tells so, for the test to kill all there is.
hold() {
    echo $$ >"$HELD.draft"
    mv "$HELD.draft" "$HELD"
    exec sleep 600
}
case " $* " in *" $HOLD_AT "*) ;; *) exec "$REAL_GIT" "$@" ;; esac
case "$HOLD_IN" in "" | "$(pwd -P)") ;; *) exec "$REAL_GIT" "$@" ;; esac
case "$HOLD_WHEN" in
before) ;;
within)
    "$REAL_GIT" "$@" &
    until [ -e "$HOLD_UNTIL" ]; do :; done
    kill -9 $! ;;
after) "$REAL_GIT" "$@" ;;
esac
hold
"""


def kill_at(
    service: Service,
    folder: Path,
    words: tuple[str, ...],
    command: str,
    when: str,
    until: str = "",
    *,
    in_service: bool = False,
) -> None:
    """Kill an update before, within or after a command of git's.

    `until`: kill git when it writes this file, within the command. `in_service`: only if git runs
    in the service's own folder.
    """
    programs, held = folder / "programs", folder / "held"
    programs.mkdir()
    (programs / "git").write_text(GIT)
    (programs / "git").chmod(0o755)
    variables = {
        "HELD": str(held),
        "HOLD_AT": command,
        "HOLD_IN": str(service.path.resolve()) if in_service else "",
        "HOLD_UNTIL": until,
        "HOLD_WHEN": when,
        "PATH": f"{programs}{os.pathsep}{service.variables['PATH']}",
        "REAL_GIT": shutil.which("git") or "",
    }
    kill_when(held.exists, service, folder, words, variables)
    os.kill(int(held.read_text()), signal.SIGKILL)


def kill_when(
    comes: Callable[[], bool],
    service: Service,
    folder: Path,
    words: tuple[str, ...],
    variables: dict[str, str] | None = None,
) -> None:
    """Kill an update, with all processes of its group, when something comes about."""
    process = subprocess.Popen(
        [service.command, *words],
        cwd=service.path,
        env=os.environ | service.variables | {"TMPDIR": str(folder)} | (variables or {}),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        until = time.monotonic() + SECONDS
        while not comes():
            assert process.poll() is None, "it ended before"
            assert time.monotonic() < until, "it took too long"
            time.sleep(0.01)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def kill_after(
    seconds: float, words: Sequence[str | Path], folder: Path, variables: Mapping[str, str]
) -> bool:
    """Kill a program after a while, with all that it has started, as a machine does that fails.

    Return whether it was killed; False if it had ended before.
    """
    process = subprocess.Popen(
        words,
        cwd=folder,
        env=os.environ | dict(variables),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        # Children are in sessions of their own. What is stopped starts no more of them.
        stopped: set[int] = set()
        while more := {process.pid, *_descendants(process.pid)} - stopped:
            for each in more:
                _tell(each, signal.SIGSTOP)
            stopped |= more
        for each in stopped:
            _tell(each, signal.SIGKILL)
        process.wait()
        return True
    return False


def _tell(process: int, what: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(process, what)


def _descendants(process: int) -> set[int]:
    """Return all processes that a process has started, and those that these have started."""
    parents = {}
    for file in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            # The name of the program, in brackets, may have anything in it.
            fields = file.read_text().rpartition(")")[2].split()
            parents[int(file.parent.name)] = int(fields[1])
    found = {process}
    while more := {each for each, parent in parents.items() if parent in found} - found:
        found |= more
    return found - {process}
