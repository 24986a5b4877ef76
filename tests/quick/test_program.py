"""How programs beside this one are ended, and those that take too long are told."""

import signal
import sys
import time
from pathlib import Path

import pytest

from tasks import program
from tests.full.programs import TookTooLongError, run

DEAF = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("deaf", flush=True)
time.sleep(60)
"""
COUNTS = """
import signal, sys, time
asked = []
signal.signal(signal.SIGTERM, lambda *_: asked.append(1))
print("counts", flush=True)
while not asked:
    time.sleep(0.01)
time.sleep(0.3)
sys.exit(len(asked))
"""


def started(code: str, says: str, folder: Path) -> program.Program:
    """Start some Python code, and wait until it has printed a word."""
    log = folder / "log"
    begun = program.Program([sys.executable, "-c", code], folder, {}, log)
    begun.wait_until(lambda: says in log.read_text("utf-8"), "the program")
    return begun


def test_a_program_is_asked_once_to_end(tmp_path: Path) -> None:
    counting = started(COUNTS, "counts", tmp_path)
    counting.ask_to_end()
    time.sleep(0.1)
    assert counting.end() == 1


def test_a_program_that_does_not_end_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(program, "STOP_SECONDS", 0.2)
    assert started(DEAF, "deaf", tmp_path).end() == -signal.SIGKILL


def test_a_program_that_takes_too_long_says_what_it_printed_and_what_it_did(tmp_path: Path) -> None:
    with pytest.raises(TookTooLongError) as told:
        run(["sh", "-c", "echo begun; echo wrong >&2; sleep 60"], tmp_path, seconds=0.5)
    lines = str(told.value).splitlines()
    assert lines[0].endswith("took longer than 0.5 s.")
    assert {"begun", "wrong"} <= set(lines)
    assert any(" S " in line and line.endswith("sleep 60 ") for line in lines)
