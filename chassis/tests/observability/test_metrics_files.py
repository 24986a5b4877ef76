"""The files of the metrics take all their room when they are made, and when they grow."""

import errno
import os
import resource
import signal
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from prometheus_client import mmap_dict

from flask_chassis.observability import metrics_files
from flask_chassis.observability.metrics_files import ReservedFile

SIZE = mmap_dict._INITIAL_MMAP_SIZE


def room_taken(path: Path) -> int:
    return path.stat().st_blocks * 512


@pytest.fixture(params=["Linux", "macOS"])
def system(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Linux, and what Python has on macOS."""
    if request.param == "macOS":
        monkeypatch.delattr(os, "posix_fallocate")


@pytest.mark.usefixtures("system")
def test_a_new_file_takes_its_room(tmp_path: Path) -> None:
    file = ReservedFile(str(tmp_path / "reserved.db"))
    assert file.read_value("a") == (0.0, 0.0)
    assert room_taken(tmp_path / "reserved.db") >= SIZE
    file.close()


@pytest.mark.usefixtures("system")
def test_it_takes_more_when_it_grows(tmp_path: Path) -> None:
    path = tmp_path / "reserved.db"
    file = ReservedFile(str(path))
    names = [f"{number:04}" + "x" * (number % 9) + "ä" * 500 for number in range(200)]
    for value, name in enumerate(names):
        file.write_value(name, value, 0)
    assert path.stat().st_size == room_taken(path) == 4 * SIZE
    assert [value for _, value, _ in file.read_all_values()] == list(range(200))
    file.close()

    again = ReservedFile(str(path))
    assert again.read_value(names[-1])[0] == 199
    again.close()


def test_a_scrape_never_sees_a_new_file_before_it_has_its_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[list[Path]] = []
    fallocate = os.posix_fallocate

    def reserve(file: int, offset: int, size: int) -> None:
        seen.append(list(tmp_path.glob("*.db")))
        fallocate(file, offset, size)

    monkeypatch.setattr("os.posix_fallocate", reserve)
    ReservedFile(str(tmp_path / "reserved.db")).close()
    assert seen == [[]]
    assert [path.name for path in tmp_path.iterdir()] == ["reserved.db"]


@pytest.mark.usefixtures("system")
def test_without_room_there_is_an_error_and_no_file(tmp_path: Path, no_room: None) -> None:
    with pytest.raises(OSError, match=r".") as refused:
        ReservedFile(str(tmp_path / "reserved.db"))
    assert refused.value.errno == errno.EFBIG
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def no_room() -> Iterator[None]:
    """Let no file of this process grow to the size of one for metrics."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (SIZE - 1, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
    signal.signal(signal.SIGXFSZ, handler)


def test_prometheus_uses_these_files() -> None:
    values = SimpleNamespace(MmapedDict=None)
    metrics_files.use(values)
    assert values.MmapedDict is ReservedFile
