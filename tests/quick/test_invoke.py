"""`./invoke` makes `.venv` in its own checkout only."""

import shutil
from pathlib import Path

from tasks.folders import ROOT
from tests.full.programs import run


def test_a_link_to_the_environment_of_another_checkout_is_refused(tmp_path: Path) -> None:
    other, checkout = tmp_path / "other" / ".venv", tmp_path / "checkout"
    other.mkdir(parents=True)
    (other / "made-for").write_text("another Python\n")
    checkout.mkdir()
    for name in ("invoke", "requirements.txt"):
        shutil.copy(ROOT / name, checkout)
    (checkout / ".venv").symlink_to(other)
    done = run([checkout / "invoke", "--list"], checkout)
    assert done.returncode == 1
    assert f".venv is a link to {other}" in done.stderr
    assert "Remove the link" in done.stderr
    assert (other / "made-for").read_text() == "another Python\n"


def checkout_of(folder: Path, python: str, install: str = "exit 1") -> Path:
    """An environment that worked, and stand-ins for Python and for the installer."""
    programs = {
        "python": f'#!/bin/sh\ncase "$*" in\n{python}\n*) exit 0 ;;\nesac\n',
        "tasks/install": f"#!/bin/sh\n{install}\n",
        ".venv/bin/invoke": '#!/bin/sh\necho "before: $NO_PROXY"\n',
    }
    for name, text in programs.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    for name in ("invoke", "requirements.txt"):
        shutil.copy(ROOT / name, folder)
    (folder / ".venv" / "made-for").write_text("another Python\n")
    return folder


MAKES = "*venv\\ --clear*) mkdir -p .venv && touch .venv/new ;;"


def test_what_worked_stays_if_the_next_one_cannot_be_made(tmp_path: Path) -> None:
    checkout = checkout_of(tmp_path, MAKES)
    failed = run([checkout / "invoke"], checkout, {"PYTHON": str(checkout / "python")})
    assert failed.returncode == 1
    assert failed.stderr.endswith("invoke: no new .venv was made, so the one before is back\n")
    assert (checkout / ".venv" / "made-for").read_text() == "another Python\n"
    assert not (checkout / ".venv" / "new").exists()


def test_the_next_one_takes_its_place_if_it_can(tmp_path: Path) -> None:
    program = ".venv/bin/invoke"
    install = f"mkdir .venv/bin; printf '#!/bin/sh\\necho after' >{program}; chmod +x {program}"
    checkout = checkout_of(tmp_path, MAKES, install)
    done = run([checkout / "invoke"], checkout, {"PYTHON": str(checkout / "python")})
    assert (done.returncode, done.stdout) == (0, "after\n"), done.stderr
    assert (checkout / ".venv" / "new").exists()
    assert not (checkout / ".venv.old").exists()


def test_a_python_without_venv_is_named(tmp_path: Path) -> None:
    checkout = checkout_of(tmp_path, "*ensurepip*) exit 1 ;;")
    failed = run([checkout / "invoke"], checkout, {"PYTHON": str(checkout / "python")})
    assert failed.returncode == 1
    assert failed.stderr == (
        f"invoke: {checkout / 'python'} has no ensurepip or no venv. Install python3-venv, or name "
        "another Python: PYTHON=... ./invoke\n"
    )
    assert (checkout / ".venv" / "made-for").read_text() == "another Python\n"


def test_it_calls_this_machine_without_a_proxy(tmp_path: Path) -> None:
    checkout = checkout_of(tmp_path, "--version) echo Python ;;")
    sums = run(["cksum"], checkout, typed=(checkout / "requirements.txt").read_text("utf-8")).stdout
    (checkout / ".venv" / "made-for").write_text(f"Python {sums.strip()}\n")
    variables = {"PYTHON": str(checkout / "python"), "NO_PROXY": "db.acme.example"}
    done = run([checkout / "invoke"], checkout, variables)
    assert done.stdout == "before: db.acme.example,127.0.0.1,localhost,::1\n", done.stderr
