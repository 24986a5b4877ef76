"""An update that is interrupted, or asked to end, leaves everything as it was."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

import pytest

from tasks.engine import engine
from tests.updates.services import Service, contents

processes: Any = engine("processes")

UPDATE = ("template.update", "--no-tests", "--no-input")

SECONDS = 60

CLONING = """\
#!/bin/sh
# Git, whose clone begins a child that writes on and on, and that no interrupt ends.
case " $* " in *" clone "*) ;; *) exec "$REAL_GIT" "$@" ;; esac
for into; do :; done
sh -c 'trap "" INT TERM; while :; do mkdir -p "$0"; echo >"$0/$$"; : >"$BEGUN"; done' "$into" &
wait
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("seconds", [0.8, 2.0])
def test_an_interrupt_leaves_the_service_as_it_was(
    resource: Service, tmp_path: Path, number: signal.Signals, seconds: float
) -> None:
    before = contents(resource.path)
    with begun(resource, tmp_path) as process:
        time.sleep(seconds)
        process.send_signal(number)
        printed = process.communicate(timeout=SECONDS)[0]
    if process.returncode == 0:  # it was done before
        return
    assert contents(resource.path) == before
    assert resource.changed() == []
    assert left_in(tmp_path) == [], printed


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_what_git_has_begun_ends_with_the_update(
    resource: Service, tmp_path: Path, number: signal.Signals
) -> None:
    programs, writing = tmp_path / "programs", tmp_path / "begun"
    programs.mkdir()
    (programs / "git").write_text(CLONING)
    (programs / "git").chmod(0o755)
    variables = {
        "BEGUN": str(writing),
        "PATH": f"{programs}{os.pathsep}{resource.variables['PATH']}",
        "REAL_GIT": shutil.which("git") or "",
    }
    with begun(resource, tmp_path, variables) as process:
        until = time.monotonic() + SECONDS
        while not writing.exists():
            assert time.monotonic() < until, "it took too long"
            time.sleep(0.01)
        process.send_signal(number)
        printed = process.communicate(timeout=SECONDS)[0]
    assert process.returncode != 0
    writing.unlink()
    time.sleep(0.5)
    assert not writing.exists(), "the child of git goes on"
    assert left_in(tmp_path) == [], printed


def test_a_program_that_an_interrupt_does_not_end_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "PATIENCE", 0.2)
    endless = "trap 'echo asked' INT; echo $$; while :; do sleep 0.1; done"
    with (
        (tmp_path / "printed").open("w") as printed,
        pytest.raises(KeyboardInterrupt),
        interrupt_after(0.5),
    ):
        processes.run(["sh", "-c", endless], stdout=printed)
    number, *said = (tmp_path / "printed").read_text().split()
    assert said == ["asked"]
    with pytest.raises(ProcessLookupError):
        os.kill(int(number), 0)


class InterruptedWhileItBegins(subprocess.Popen[bytes]):
    """A program that runs before its parent knows of it, when the interrupt comes."""

    numbers: ClassVar[list[int]] = []

    def __init__(self, *words: Any, **options: Any) -> None:
        super().__init__(*words, **options)
        self.numbers.append(self.pid)
        signal.raise_signal(signal.SIGINT)


def test_a_program_that_has_only_just_begun_is_ended_too(monkeypatch: pytest.MonkeyPatch) -> None:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with monkeypatch.context() as planted, pytest.raises(KeyboardInterrupt):
            planted.setattr(subprocess, "Popen", InterruptedWhileItBegins)
            processes.run(["sleep", "300"])
    finally:
        signal.signal(signal.SIGINT, before)
    [number] = InterruptedWhileItBegins.numbers
    with pytest.raises(ProcessLookupError):
        os.kill(number, 0)


@contextmanager
def interrupt_after(seconds: float) -> Iterator[None]:
    """Raise what Ctrl-C raises, after a while."""
    before = signal.signal(signal.SIGALRM, signal.default_int_handler)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@contextmanager
def begun(
    service: Service, folder: Path, variables: dict[str, str] | None = None
) -> Iterator[subprocess.Popen[str]]:
    """Begin an update, as its user does, with temporary files in a folder of its own."""
    temporary = folder / "temporary"
    temporary.mkdir()
    with subprocess.Popen(
        [service.command, *UPDATE],
        cwd=service.path,
        env=os.environ | service.variables | {"TMPDIR": str(temporary)} | (variables or {}),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            # One that a test has not ended would be waited for without end.
            process.kill()


def left_in(folder: Path) -> list[Path]:
    """Return what updates have left in the folder for temporary files."""
    return list((folder / "temporary").glob("template-update-*"))
