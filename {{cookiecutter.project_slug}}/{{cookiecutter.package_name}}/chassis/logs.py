"""Every log record as one line of JSON on standard output."""

import logging
import logging.config
import os
import select
import sys
from datetime import UTC, datetime
from time import perf_counter
from types import TracebackType
from typing import Any

from flask import Flask, Response, g, request
from pythonjsonlogger.core import merge_record_extra
from pythonjsonlogger.orjson import OrjsonFormatter

from . import request_ids
from .settings import Settings


class JsonFormatter(OrjsonFormatter):
    """The fields of every record, in the order that infra/uwsgi.yaml gives uWSGI's own lines too."""

    def add_fields(
        self, log_data: dict[str, Any], record: logging.LogRecord, message_dict: dict[str, Any]
    ) -> None:
        log_data["timestamp"] = datetime.fromtimestamp(record.created, UTC)
        log_data["level"] = record.levelname
        log_data["logger"] = record.name
        log_data["message"] = record.message
        request_id = request_ids.current()
        if request_id:
            log_data["request_id"] = request_id
        log_data.update(message_dict)
        merge_record_extra(record, log_data, reserved=self._skip_fields)


class WholeLines(logging.Handler):
    """Writes each record with one system call, so that lines of several processes never mix."""

    def emit(self, record: logging.LogRecord) -> None:
        line = self.format(record).encode() + b"\n"
        while line:
            try:
                line = line[os.write(1, line):]
            except BlockingIOError:
                select.select([], [1], [], 1)

access = logging.getLogger("access")

def configure(level: str) -> None:
    logging.config.dictConfig({
        "version": 1, "disable_existing_loggers": False,
        "formatters": {"json": {"()": JsonFormatter}},
        "handlers": {"out": {"()": WholeLines, "formatter": "json"}},
        "root": {"level": level, "handlers": ["out"]},
    })
    logging.captureWarnings(True)


def log_uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Log an exception that nothing handled (`sys.excepthook`)."""
    logging.getLogger("uncaught").critical("%s", kind.__name__, exc_info=(kind, error, trace))


def init_app(app: Flask, settings: Settings) -> None:
    """Log every request of the application."""
    configure(settings["logs.level"])

    @app.before_request
    def start() -> None:
        g.request_started = perf_counter()

    @app.after_request
    def log(response: Response) -> Response:
        rule = request.url_rule
        route = rule.rule if rule else "unmatched"
        access.info("%s %s %s", request.method, route, response.status_code, extra={
            "method": request.method, "route": route, "path": request.path,
            "status": response.status_code,
            "duration_ms": round((perf_counter() - g.request_started) * 1000, 3)})
        return response
