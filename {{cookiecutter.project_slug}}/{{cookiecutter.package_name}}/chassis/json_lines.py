"""Log records as JSON: one object, one whole line, for each."""

import json
import logging
import os
import select
import sys
from datetime import UTC, datetime
from typing import Any

from pythonjsonlogger.orjson import OrjsonFormatter

from . import request_ids
from .redaction import is_suspect, redact

# What uWSGI's master takes in one piece: `log-master-bufsize` in infra/uwsgi.yaml. It would cut
# what is longer, and a line that is cut is no JSON.
LONGEST_LINE = 131_072

# So much of a text is kept of a record that is too long. JSON makes up to six bytes of a character.
_KEPT = LONGEST_LINE // 16

_STANDARD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime"}


class JsonFormatter(OrjsonFormatter):
    """One JSON object a record, with the names that infra/uwsgi.yaml gives uWSGI's own lines."""

    def add_fields(
        self, log_data: dict[str, Any], record: logging.LogRecord, message_dict: dict[str, Any]
    ) -> None:
        """Fill in the fields, in the order in which they are written."""
        log_data["timestamp"] = datetime.fromtimestamp(record.created, UTC)
        log_data["level"] = record.levelname
        log_data["logger"] = record.name
        log_data["message"] = record.message
        attributes = record.__dict__
        if "request_id" not in attributes and (request_id := request_ids.current()):
            log_data["request_id"] = request_id
        for name in attributes:
            if name not in _STANDARD:
                log_data[name] = attributes[name]
        log_data.update(message_dict)

    def jsonify_log_record(self, log_data: dict[str, Any]) -> str:
        """Encode the fields, without secrets and no longer than a line may be."""
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
            # What orjson refuses: halves of surrogate pairs, integers of more than 64 bits.
            return json.dumps(log_data, default=_plain, skipkeys=True)


class JsonLines(logging.Handler):
    """Writes every record as a line of its own to standard output.

    Under uWSGI, standard output is a socket to the master, which passes on each piece as it comes:
    all workers' lines go through one hand, so they never mix, however long they are and however
    slowly they are read. (A pipe shared by the workers keeps lines apart up to 4 KiB only.) So a
    record has to be one piece, and where the socket is full its writer waits.
    """

    def __init__(self) -> None:
        """Remember whether this process belongs to uWSGI."""
        super().__init__()
        self.setFormatter(JsonFormatter())
        self.in_pieces = "uwsgi" in sys.modules

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record."""
        try:
            line = self.format(record) + "\n"
            if self.in_pieces:
                _send(line.encode())
            else:
                sys.stdout.write(line)
                sys.stdout.flush()
        except Exception:  # noqa: BLE001 - as every handler of the standard library does
            self.handleError(record)


def _send(piece: bytes) -> None:
    while True:
        try:
            os.write(1, piece)
        except BlockingIOError:
            select.select([], [1], [])
        else:
            return


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
