"""Whatever is logged, it is one line of JSON, and no longer than uWSGI takes."""

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any

import pytest

from flask_chassis.observability.json_logging import LONGEST_LINE, JsonFormatter, JsonLines


def line_of(message: object, *args: object, level: int = logging.INFO, **extra: Any) -> str:
    """Return the line of a record."""
    record = logging.getLogger("probe").makeRecord(
        "probe", level, __file__, 1, message, args, extra.pop("exc_info", None), extra=extra
    )
    return JsonFormatter().format(record)


def record_of(message: object, *args: object, **extra: Any) -> dict[str, Any]:
    """Return a line as its reader sees it."""
    line = line_of(message, *args, **extra)
    assert "\n" not in line
    found: dict[str, Any] = json.loads(line)
    return found


def test_a_record_has_time_level_logger_and_message() -> None:
    record = record_of("%s and %d", "one", 2, level=logging.WARNING)
    assert list(record) == ["timestamp", "level", "logger", "message"]
    written = datetime.fromisoformat(record.pop("timestamp"))
    assert abs((datetime.now(UTC) - written).total_seconds()) < 60
    assert record == {"level": "WARNING", "logger": "probe", "message": "one and 2"}


def test_what_comes_with_it_is_kept() -> None:
    record = record_of("message", count=3, ratio=0.5, tags=["a"], nothing=None, nested={"a": 1})
    assert record["count"] == 3
    assert (record["ratio"], record["tags"], record["nothing"]) == (0.5, ["a"], None)
    assert record["nested"] == {"a": 1}


def test_a_message_that_is_a_mapping_is_fields() -> None:
    assert record_of({"event": "paid", "amount": 3})["event"] == "paid"


@pytest.mark.parametrize(
    "text", ["two\nlines", 'quo"te', "back\\slash", "\0", "\x1b[31m", "ünïcödé 🎈", "\u2028"]
)
def test_any_text_is_one_line(text: str) -> None:
    assert record_of("%s", text, field=text)["field"] == text


@pytest.mark.parametrize(
    "value",
    [2**70, "\ud800", object(), {1, 2}, datetime.now(UTC), b"bytes", {"a": object(), 3: 4}, 1j],
    ids=lambda value: type(value).__name__,
)
def test_what_json_does_not_know_is_logged_all_the_same(value: object) -> None:
    assert record_of("message", value=value)["value"] is not None


def test_an_exception_comes_with_its_traceback() -> None:
    try:
        raise ValueError("wrong")
    except ValueError:
        record = record_of("failed", exc_info=sys.exc_info())
    assert record["exc_info"].startswith("Traceback")
    assert record["exc_info"].endswith("ValueError: wrong")


@pytest.mark.parametrize("letter", ["x", "ü", "🎈", "\0", '"', "\ud800"], ids=ascii)
def test_a_line_is_never_longer_than_uwsgi_takes(letter: str) -> None:
    line = line_of(letter * LONGEST_LINE, field=letter * LONGEST_LINE, request_id="order-17")
    assert len(line.encode()) < LONGEST_LINE
    record = json.loads(line)
    assert record["shortened"] is True
    assert record["request_id"] == "order-17"
    assert record["level"] == "INFO"
    assert " … " in record["message"]


def test_secrets_are_taken_out() -> None:
    record = record_of("GET /a?b=hunter2", headers={"Authorization": "Bearer x.y.z"}, password="p")
    assert record["message"] == "GET /a?[redacted]"
    assert record["headers"] == {"Authorization": "[redacted]"}
    assert record["password"] == "[redacted]"


def test_outside_uwsgi_it_goes_to_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    JsonLines().emit(logging.makeLogRecord({"msg": "here"}))
    assert json.loads(capsys.readouterr().out)["message"] == "here"


def test_under_uwsgi_it_is_one_piece(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "uwsgi", sys)
    JsonLines().emit(logging.makeLogRecord({"msg": "here"}))
    assert json.loads(capfd.readouterr().out)["message"] == "here"


def test_under_uwsgi_it_waits_while_the_logs_are_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uwsgi", sys)
    written = []

    def write(descriptor: int, piece: bytes) -> int:
        written.append(piece)
        if len(written) == 1:
            raise BlockingIOError
        return len(piece)

    monkeypatch.setattr("os.write", write)
    JsonLines().emit(logging.makeLogRecord({"msg": "here"}))
    monkeypatch.undo()
    assert written[0] == written[1]
    assert json.loads(written[1])["message"] == "here"


def test_a_record_that_cannot_be_made_a_line_is_reported(
    capfd: pytest.CaptureFixture[str],
) -> None:
    JsonLines().emit(logging.makeLogRecord({"msg": "%d", "args": ("x",)}))
    captured = capfd.readouterr()
    assert captured.out == ""
    assert "Logging error" in captured.err
