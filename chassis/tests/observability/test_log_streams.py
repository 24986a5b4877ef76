"""What is printed is logged, line by line."""

import logging

import pytest

from flask_chassis.observability.log_streams import LogStream


@pytest.fixture
def stream(caplog: pytest.LogCaptureFixture) -> LogStream:
    """A stream whose records are captured."""
    caplog.set_level(logging.INFO)
    return LogStream("printed")


def test_a_line_is_a_record(stream: LogStream, caplog: pytest.LogCaptureFixture) -> None:
    print("one", "two", file=stream)
    print("three\nfour", file=stream)
    assert caplog.messages == ["one two", "three", "four"]
    assert {record.name for record in caplog.records} == {"printed"}


def test_half_a_line_waits_for_its_end(stream: LogStream, caplog: pytest.LogCaptureFixture) -> None:
    assert stream.write("half a ") == 7
    assert caplog.messages == []
    stream.write("line\nand")
    assert caplog.messages == ["half a line"]
    stream.flush()
    assert caplog.messages == ["half a line", "and"]


def test_an_empty_line_is_none(stream: LogStream, caplog: pytest.LogCaptureFixture) -> None:
    print(" \n\n", file=stream)
    stream.flush()
    assert caplog.messages == []
    assert stream.writable()


def test_a_handler_that_prints_does_not_go_round_in_circles(stream: LogStream) -> None:
    class Printing(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            printed.append(record.getMessage())
            print("it went wrong", file=stream, flush=True)

    printed: list[str] = []
    handler = Printing()
    stream.logger.addHandler(handler)
    print("one", file=stream)
    stream.logger.removeHandler(handler)
    assert printed == ["one"]
