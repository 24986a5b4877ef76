"""On a developer's terminal, log records are lines for people."""

import logging
import sys
from dataclasses import replace
from typing import Any

import pytest

from flask_chassis.exceptions import ConfigurationError
from flask_chassis.observability import log_config
from flask_chassis.observability.console_logging import ConsoleFormatter
from flask_chassis.settings import Settings

from ..conftest import Make


def line_of(
    message: object, *, level: int = logging.INFO, name: str = "probe", **extra: Any
) -> str:
    """Return a record as text, without the time."""
    record = logging.getLogger(name).makeRecord(
        name, level, __file__, 1, message, (), extra.pop("exc_info", None), extra=extra
    )
    return ConsoleFormatter(coloured=False).format(record).partition(" ")[2]


def test_a_record_is_one_line() -> None:
    assert line_of("paid", amount=3) == "INFO     probe: paid amount=3"


def test_an_access_record_says_nothing_twice() -> None:
    fields: dict[str, Any] = {"method": "GET", "route": "/a/", "status": 200, "duration_ms": 1.5}
    line = line_of("GET /a/ 200", name="access", **fields)
    assert line == "INFO     access: GET /a/ 200 duration_ms=1.5"


def test_a_traceback_follows_indented() -> None:
    try:
        raise ValueError("wrong")
    except ValueError:
        first, *rest = line_of("failed", exc_info=sys.exc_info()).splitlines()
    assert first == "INFO     probe: failed"
    assert rest[0] == "    Traceback (most recent call last):"
    assert rest[-1] == "    ValueError: wrong"


def test_secrets_are_redacted() -> None:
    line = line_of("login with password=hunter2", token="abc")
    assert "hunter2" not in line
    assert "token=[redacted]" in line


@pytest.mark.parametrize("text", ["\x1b[2J", "\r", "\x9b1m", "\u202e", "\u2028", "\ud800", "\0"])
def test_a_text_cannot_control_the_terminal(text: str) -> None:
    line = line_of(f"a{text}b", field=text)
    assert text not in line
    assert line.encode()


def test_a_text_cannot_look_like_another_record() -> None:
    assert line_of("a\n12:00:00.000 INFO forged").splitlines()[1].startswith("    12:00")


def test_a_field_may_be_called_timestamp() -> None:
    record = logging.makeLogRecord({"msg": {"timestamp": "today", "event": "paid"}})
    assert ConsoleFormatter(coloured=False).format(record).startswith("today ")


@pytest.mark.parametrize(
    ("environment", "is_terminal", "chosen", "is_text"),
    [
        ("development.local", True, "auto", True),
        ("tests.local", True, "auto", True),
        ("development.local", False, "auto", False),
        ("development.compose", True, "auto", False),
        ("production.kubernetes", True, "auto", False),
        ("development.local", True, "json", False),
        ("development.local", False, "console", True),
    ],
)
def test_the_setting_chooses(
    make: Make,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    environment: str,
    is_terminal: bool,
    chosen: str,
    is_text: bool,
) -> None:
    app = make()
    monkeypatch.setattr(sys.stdout, "isatty", lambda: is_terminal)
    found = replace(settings, environment=environment)
    found = replace(found, values={**settings.values, "logs.format": chosen})
    try:
        log_config.init_app(app, found)
        capsys.readouterr()
        logging.getLogger("probe").warning("hello")
        written = capsys.readouterr().out
        assert written.startswith("{") == (not is_text)
        assert ("\x1b[33m" in written) == (is_text and is_terminal)
    finally:
        log_config.configure(settings["logs.level"])


def test_a_format_that_does_not_exist_stops_the_start(make: Make) -> None:
    with pytest.raises(ConfigurationError, match=r"logs.format is 'xml': set one of auto, json"):
        make(logs__format="xml")
