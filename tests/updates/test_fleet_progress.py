"""Long work on a fleet shows how far it is, to people at a terminal and to nobody else."""

import json
import os
import pty
import subprocess
from pathlib import Path

import pytest

from tasks.folders import PROGRAMS
from tests.updates.history import Repository
from tests.updates.terminal import Terminal
from tests.updates.test_fleet import fleet, fleet_once, invoke

__all__ = ("fleet", "fleet_once")

TERMINAL = {"TERM": "xterm", "COLUMNS": "200", "NO_COLOR": "1"}


def at_a_terminal(
    template: Repository, fleet: Path, output: Path | None, *words: str, **variables: str
) -> tuple[str, int]:
    """Run a task with a terminal, and return what is shown there and the exit code.

    `output`: the file that its standard output goes into, instead of the terminal.
    """
    screen, keyboard = pty.openpty()
    task: list[str | Path] = [PROGRAMS / "invoke", words[0], f"--services={fleet}", *words[1:]]
    with (output or Path(os.devnull)).open("wb") as file:
        process = subprocess.Popen(
            task,
            cwd=template.folder,
            env=os.environ | template.variables | TERMINAL | variables,
            stdin=keyboard,
            stdout=file if output else keyboard,
            stderr=keyboard,
        )
        os.close(keyboard)
        terminal = Terminal(screen, process)
        code = terminal.ends()
        os.close(screen)
    return terminal.shown, code


@pytest.mark.parametrize("task", ["fleet.status", "fleet.impact"])
def test_a_bar_counts_the_services_and_is_not_in_what_a_program_reads(
    template: Repository, fleet: Path, tmp_path: Path, task: str
) -> None:
    file = tmp_path / "output.json"
    shown, code = at_a_terminal(template, fleet, file, task, "--json")
    assert code == 0, shown
    assert len(json.loads(file.read_bytes())) == 3
    assert "Services" in shown
    assert "3/3" in shown


def test_what_is_printed_meanwhile_stays_whole(template: Repository, fleet: Path) -> None:
    shown, code = at_a_terminal(template, fleet, None, "fleet.update", "--bump")
    assert code == 0, shown
    assert "3/3" in shown
    for name, outcome in (
        ("thoughts-backend", "updated"),
        ("users-backend", "updated"),
        ("frontend", "up to date"),
    ):
        assert f"{name}: {outcome}\n" in shown
    assert "3 services: 1 up to date, 2 updated." in shown


def test_there_is_no_bar_without_a_terminal_or_with_a_dumb_one(
    template: Repository, fleet: Path
) -> None:
    done = invoke(template, "fleet.status", fleet)
    assert (done.returncode, done.stderr) == (0, "")
    assert "3/3" not in done.stdout
    shown, code = at_a_terminal(template, fleet, None, "fleet.status", TERM="dumb")
    assert code == 0
    assert "3/3" not in shown
    assert "3 services, 1 at the newest release" in shown
