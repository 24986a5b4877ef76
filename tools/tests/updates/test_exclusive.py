"""Test that one task at a time changes a service, and that each says who holds it."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from flask_chassis_tools.updates import exclusive, git, switch
from flask_chassis_tools.updates.faults import UpdateError

from .made_up import commit, write

HOLDER = """\
import sys
from pathlib import Path
from flask_chassis_tools.updates import exclusive
with exclusive.held(Path(sys.argv[1]), "template.update"):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def service(tmp_path: Path) -> Path:
    """A repository with a commit."""
    folder = tmp_path / "service"
    write(folder, {"README.md": "# Blog\n"})
    git.ask(folder, "init", "--quiet", "--template=")
    commit(folder)
    return folder


@contextmanager
def holder(service: Path) -> Iterator[subprocess.Popen[str]]:
    """Have another process hold the lock."""
    words = [sys.executable, "-c", HOLDER, str(service)]
    with subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "held\n"
            yield process
        finally:
            process.kill()


def is_free(service: Path) -> bool:
    """Return whether a task can hold the lock."""
    try:
        with exclusive.held(service, "template.update"):
            return True
    except UpdateError:
        return False


def test_the_second_task_says_who_holds_the_service(service: Path) -> None:
    with holder(service) as process:
        with pytest.raises(UpdateError) as refused, exclusive.held(service, "template.adopt"):
            pytest.fail("Both tasks have the service.")
        said = str(refused.value)
        who = f"template.update, process {process.pid} on {socket.gethostname()}, since 2"
        assert f"Another task works on {service}: {who}" in said
        assert "Nothing was changed. Start again when it has ended." in said
    assert git.ask(service, "status", "--porcelain") == ""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_the_lock_of_a_dead_process_blocks_nobody(service: Path, number: signal.Signals) -> None:
    with holder(service) as process:
        process.send_signal(number)
        process.wait()
        assert "template.update, process" in (service / ".git" / exclusive.FILE).read_text()
        assert is_free(service)


def test_a_task_that_ends_or_fails_leaves_the_service_free(service: Path) -> None:
    with exclusive.held(service, "template.update"):
        assert not is_free(service)
    with pytest.raises(RuntimeError), exclusive.held(service, "template.update"):
        raise RuntimeError
    assert is_free(service)


def test_a_program_of_a_task_does_not_keep_the_lock(service: Path) -> None:
    """A daemon that the service's tests leave behind, for instance."""
    with exclusive.held(service, "template.update"):
        left = subprocess.Popen(["sleep", "600"])
    try:
        assert is_free(service)
    finally:
        left.kill()
        left.wait()


def test_the_lock_is_no_change_of_the_service(service: Path) -> None:
    with exclusive.held(service, "template.update"):
        switch.require_clean(service)


def test_nothing_is_written_through_a_link(service: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").write_text("theirs")
    (service / ".git" / exclusive.FILE).symlink_to(tmp_path / "outside")
    with (
        pytest.raises(UpdateError, match="The lock of the service cannot be opened"),
        exclusive.held(service, "template.update"),
    ):
        pytest.fail("The lock is a link.")
    assert (tmp_path / "outside").read_text() == "theirs"


def test_what_a_holder_has_not_written_is_not_printed(service: Path) -> None:
    handle = os.open(service / ".git" / exclusive.FILE, os.O_RDWR | os.O_CREAT)
    try:
        exclusive._lock(handle, service)
        os.write(handle, b"\x1b[31mred\n\xff")
        with pytest.raises(UpdateError) as refused, exclusive.held(service, "x"):
            pytest.fail("Both tasks have the service.")
        assert str(refused.value).startswith(f"Another task works on {service}: [31mred\ufffd.")
        os.ftruncate(handle, 0)
        with pytest.raises(UpdateError, match="a task that starts"), exclusive.held(service, "x"):
            pytest.fail("Both tasks have the service.")
    finally:
        os.close(handle)


def test_a_folder_without_a_repository_is_refused(tmp_path: Path) -> None:
    with (
        pytest.raises(UpdateError, match="is not the top folder of a git repository"),
        exclusive.held(tmp_path, "template.update"),
    ):
        pytest.fail("There is no repository.")
