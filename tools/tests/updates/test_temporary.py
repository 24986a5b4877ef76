"""Test that the folders of killed tasks are removed, and those of running ones are not."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from flask_chassis_tools.updates import temporary

HOLD = """\
import sys, time
from pathlib import Path
from flask_chassis_tools.updates.temporary import scratch_folder
with scratch_folder(Path(sys.argv[1])) as folder:
    (folder / "render").mkdir()
    (folder / "render" / "file.txt").write_text("half")
    print(folder, flush=True)
    sys.stdin.read()
"""


def started(where: Path) -> tuple["subprocess.Popen[str]", Path]:
    """Start a task that holds a folder, and return it with the folder."""
    words = [sys.executable, "-c", HOLD, str(where)]
    process = subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    )
    assert process.stdout
    return process, Path(process.stdout.readline().strip())


def test_the_next_task_removes_what_a_killed_one_has_left(tmp_path: Path) -> None:
    process, folder = started(tmp_path)
    assert (folder / "render" / "file.txt").exists()
    with temporary.scratch_folder(tmp_path) as own:
        assert folder.is_dir()  # its task runs
        assert own.is_dir()
    assert not own.exists()
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert folder.is_dir()
    with temporary.scratch_folder(tmp_path) as own:
        assert [path.name for path in tmp_path.iterdir()] == [own.name]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", ["no owner", "a link", "another name", "a file"])
def test_what_is_not_of_a_killed_task_stays(tmp_path: Path, kind: str) -> None:
    where, elsewhere = tmp_path / "temporary", tmp_path / "elsewhere"
    where.mkdir()
    elsewhere.mkdir()
    (elsewhere / temporary.OWNED).touch()
    other = where / f"{temporary.PREFIX}x"
    if kind == "no owner":
        other.mkdir()
    elif kind == "a link":
        other.symlink_to(elsewhere)
    elif kind == "a file":
        other.touch()
    else:
        other = where / "template"
        other.mkdir()
        (other / temporary.OWNED).touch()
    with temporary.scratch_folder(where):
        pass
    assert list(where.iterdir()) == [other]
    assert (elsewhere / temporary.OWNED).exists()


def test_the_folder_goes_with_an_error(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), temporary.scratch_folder(tmp_path) as folder:
        raise RuntimeError(str(folder))
    assert list(tmp_path.iterdir()) == []
