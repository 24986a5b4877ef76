"""Kills an update at a moment, as a machine does that fails: nothing of it gets to clean up."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
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
