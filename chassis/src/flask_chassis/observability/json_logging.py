"""JSON logging: formats each log record as one JSON object on one line."""

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any

from pythonjsonlogger.orjson import OrjsonFormatter

from flask_chassis.http import request_id
from flask_chassis.observability.log_output import LogOutput
from flask_chassis.observability.redaction import is_suspect, redact

# In bytes: `log-master-bufsize` in infra/uwsgi.yaml. uWSGI's master truncates longer lines, which
# are then not valid JSON.
LONGEST_LINE = 131_072

# The characters of a text that are kept if a record is too long. A character takes up to six bytes
# in JSON.
_KEPT = LONGEST_LINE // 16

_STANDARD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime"}


class JsonFormatter(OrjsonFormatter):
    """Formats log records as JSON, with the same field names as uWSGI's own log lines."""

    def add_fields(
        self, log_data: dict[str, Any], record: logging.LogRecord, message_dict: dict[str, Any]
    ) -> None:
        """Add the fields of a record to `log_data`, in the order in which they are written."""
        log_data["timestamp"] = datetime.fromtimestamp(record.created, UTC)
        log_data["level"] = record.levelname
        log_data["logger"] = record.name
        log_data["message"] = record.message
        attributes = record.__dict__
        if "request_id" not in attributes and (current := request_id.current()):
            log_data["request_id"] = current
        for name in attributes:
            if name not in _STANDARD:
                log_data[name] = attributes[name]
        log_data.update(message_dict)

    def jsonify_log_record(self, log_data: dict[str, Any]) -> str:
        """Return the fields as JSON: redacted, and shortened if the line would be too long."""
        line = self._encode(log_data)
        if is_suspect(line):
            log_data = redact(log_data)
            line = self._encode(log_data)
        if len(line) * 4 >= LONGEST_LINE and len(line.encode()) >= LONGEST_LINE:
            line = self._encode(_shorten(log_data))
        return line

    def _encode(self, log_data: dict[str, Any]) -> str:
        try:
            return super().jsonify_log_record(log_data)
        except TypeError:
            # orjson does not support lone surrogates and integers of more than 64 bits.
            return json.dumps(log_data, default=_plain, skipkeys=True)


class JsonLines(logging.Handler):
    """Writes every record as one line to standard output.

    Under uWSGI, standard output is a datagram socket to the master, which writes the lines of all
    workers, so that they are never interleaved. (Writes of several workers to a shared pipe are
    atomic up to 4 KiB only.) So each record is written with one system call. If nobody reads the
    lines, they are dropped (`log_output`), and a record says how many, once they are read again.
    """

    def __init__(self) -> None:
        """Detect whether the process runs under uWSGI."""
        super().__init__()
        self.setFormatter(JsonFormatter())
        self.is_under_uwsgi = "uwsgi" in sys.modules
        self.output = LogOutput()

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record."""
        try:
            line = self.format(record) + "\n"
            if self.is_under_uwsgi:
                if self.output.write(line.encode()) and self.output.dropped:
                    self._report()
            else:
                sys.stdout.write(line)
                sys.stdout.flush()
        except Exception:  # noqa: BLE001 - as every handler of the standard library does
            self.handleError(record)

    def _report(self) -> None:
        number, self.output.dropped = self.output.dropped, 0
        text = "%d log lines were dropped: standard output was not read"
        record = logging.LogRecord(__name__, logging.WARNING, __file__, 0, text, (number,), None)
        self.output.write((self.format(record) + "\n").encode())


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _shorten(log_data: dict[str, Any]) -> dict[str, Any]:
    kept = {name: log_data[name] for name in ("timestamp", "level", "logger")}
    for name in ("message", "request_id", "exc_info"):
        text = str(log_data.get(name, ""))
        if len(text) > _KEPT:
            text = f"{text[: _KEPT // 2]} … {text[-_KEPT // 2 :]}"
        if text:
            kept[name] = text
    return kept | {"shortened": True}
