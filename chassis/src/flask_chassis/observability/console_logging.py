"""Console logging: formats each log record as a line for people, followed by its traceback."""

import os
import re
import sys
from datetime import datetime
from typing import Any

from flask_chassis.observability.json_logging import JsonFormatter
from flask_chassis.observability.redaction import is_suspect, redact

_COLOURS = {"WARNING": "33", "ERROR": "31", "CRITICAL": "1;31"}
"""The colour of a level, as the parameter of an escape sequence; other levels have none."""

_DIM = "2"

_IN_FRONT = ("timestamp", "level", "logger", "message", "exc_info", "stack_info")

_IN_MESSAGE = frozenset({"method", "route", "status"})
"""What the message of an access log record already contains."""

# Also what changes the direction of text, other line ends, and halves of surrogate pairs.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


class ConsoleFormatter(JsonFormatter):
    """Formats the same fields as JSON logging: redacted, without control characters."""

    def __init__(self, *, coloured: bool) -> None:
        """Colours are escape sequences, which only a terminal understands."""
        super().__init__()
        self._coloured = coloured

    def jsonify_log_record(self, log_data: dict[str, Any]) -> str:
        """Return the fields as text; continued lines are indented."""
        if is_suspect(self._encode(log_data)):
            log_data = redact(log_data)
        level, logger = str(log_data["level"]), str(log_data["logger"])
        omitted = _IN_MESSAGE if logger == "access" else frozenset()
        fields = " ".join(
            f"{name}={value}"
            for name, value in log_data.items()
            if name not in _IN_FRONT and name not in omitted
        )
        parts = [
            self._colour(_time_of_day(log_data["timestamp"]), _DIM),
            self._colour(f"{level:<8}", _COLOURS.get(level, "")),
            self._colour(f"{_safe(logger)}:", _DIM),
            self._colour(_safe(str(log_data["message"])), _COLOURS.get(level, "")),
            self._colour(_safe(fields), _DIM),
        ]
        lines = [" ".join(filter(None, parts))]
        lines += [_safe(str(log_data[name])) for name in _IN_FRONT[4:] if log_data.get(name)]
        return "\n    ".join(lines)

    def _colour(self, text: str, colour: str) -> str:
        return f"\033[{colour}m{text}\033[0m" if self._coloured and colour and text else text


def _time_of_day(timestamp: object) -> str:
    if isinstance(timestamp, datetime):
        return timestamp.astimezone().strftime("%H:%M:%S.%f")[:-3]
    return _safe(str(timestamp))  # a record's own field of this name


def _safe(text: str) -> str:
    """Return a text that neither controls the terminal nor looks like another record."""
    return _CONTROL.sub(lambda found: repr(found[0])[1:-1], text).replace("\n", "\n    ")


def formatter() -> ConsoleFormatter:
    """Return a formatter for standard output: coloured on a terminal, unless NO_COLOR is set."""
    return ConsoleFormatter(coloured=sys.stdout.isatty() and not os.environ.get("NO_COLOR"))
