"""Log lines wait for a reader for a bounded time, and are dropped and counted after that."""

import json
import logging
import os
import socket
import sys
import time
from collections.abc import Iterator

import pytest

from flask_chassis.observability import log_output
from flask_chassis.observability.json_logging import JsonLines
from flask_chassis.observability.log_output import LogOutput

Pair = tuple[socket.socket, socket.socket]


@pytest.fixture
def pair(monkeypatch: pytest.MonkeyPatch) -> Iterator[Pair]:
    """The socket of a worker, and that of uWSGI's master, which reads."""
    monkeypatch.setattr(log_output, "LONGEST_WAIT_SECONDS", 0.3)
    worker, master = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with worker, master:
        worker.setblocking(False)
        master.settimeout(10)
        yield worker, master


def fill(output: LogOutput) -> None:
    """Write lines until one is dropped."""
    while output.write(b"x" * 1000):
        pass


def test_a_line_waits_once_and_then_all_are_dropped_and_counted(pair: Pair) -> None:
    worker, master = pair
    output = LogOutput(worker.fileno())
    counted = log_output.dropped_lines()._value.get()
    fill(output)
    begun = time.monotonic()
    for _ in range(100):
        assert not output.write(b"x" * 1000)
    assert time.monotonic() - begun < 5
    assert output.dropped == 101
    assert log_output.dropped_lines()._value.get() == counted + 101
    assert output.seconds_unread() > 0
    master.recv(65_536)
    assert output.write(b"read again")
    assert output.seconds_unread() == 0


def test_nothing_is_sent_to_a_master_that_would_drop_it(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader, writer = os.pipe()
    monkeypatch.setenv(log_output.COPY, str(writer))
    output = LogOutput(pair[0].fileno())
    os.set_blocking(writer, False)
    assert not output.write(b"line")
    os.set_blocking(writer, True)
    assert output.write(b"line")
    os.close(reader)
    os.close(writer)


@pytest.mark.parametrize("descriptor", ["-1", "987654", "0"])
def test_only_an_open_pipe_is_watched(monkeypatch: pytest.MonkeyPatch, descriptor: str) -> None:
    monkeypatch.setenv(log_output.COPY, descriptor)
    with open(os.devnull) as file:  # noqa: PTH123
        if descriptor == "0":
            monkeypatch.setenv(log_output.COPY, str(file.fileno()))
        assert log_output.pipe() == -1


def test_a_record_says_how_many_lines_were_dropped(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker, master = pair
    monkeypatch.setitem(sys.modules, "uwsgi", sys)
    lines = JsonLines()
    lines.output = LogOutput(worker.fileno())
    fill(lines.output)
    for _ in range(3):
        lines.emit(logging.makeLogRecord({"msg": "dropped"}))
    master.setblocking(False)
    with pytest.raises(BlockingIOError):
        while master.recv(65_536):
            pass
    lines.emit(logging.makeLogRecord({"msg": "written"}))
    records = [json.loads(master.recv(65_536)) for _ in range(2)]
    assert records[0]["message"] == "written"
    assert records[1]["message"].startswith("4 log lines were dropped")
