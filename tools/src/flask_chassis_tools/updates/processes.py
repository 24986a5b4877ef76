"""Runs the programs of an update; an interrupt ends them and their children."""

import os
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from .interrupts import uninterrupted

PATIENCE = 10.0
"""Seconds that a program has for its clean-up before it is killed."""


def run(
    words: Sequence[str | Path], *, given: Any = None, asks: bool = False, **options: Any
) -> subprocess.CompletedProcess[Any]:
    """Run a program like `subprocess.run`, with the same options.

    The program runs in its own session, so that a terminal's interrupt reaches only this process. A
    program that `asks` questions keeps the terminal.
    """
    stdin = None if asks else subprocess.DEVNULL if given is None else subprocess.PIPE
    process = None
    try:
        # An interrupt before the assignment would leave the program running.
        with uninterrupted():
            process = subprocess.Popen(words, stdin=stdin, start_new_session=not asks, **options)
        printed, complained = process.communicate(given)
    except BaseException:
        if process is not None:
            with process:
                _end(process, alone=asks)
        raise
    return subprocess.CompletedProcess(words, process.returncode, printed, complained)


def _end(process: subprocess.Popen[Any], *, alone: bool) -> None:
    """Interrupt a program, and kill what is left of it after a while."""
    tell = os.kill if alone else os.killpg
    try:
        with suppress(ProcessLookupError):
            tell(process.pid, signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            process.wait(PATIENCE)
    finally:
        if not alone or process.returncode is None:
            with suppress(ProcessLookupError):
                tell(process.pid, signal.SIGKILL)
        process.wait()
