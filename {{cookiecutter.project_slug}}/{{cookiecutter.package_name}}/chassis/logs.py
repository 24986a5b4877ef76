"""Logs: all of them as lines of JSON on standard output, and one line for every request.

{"timestamp": …, "level": "INFO", "logger": "access", "message": "GET /api/things/ 200", …}
"""

import logging
import logging.config
import sys
import threading
from types import TracebackType

from flask import Flask

from . import answers, syslog
from .answers import Answer
from .failures import StartError
from .json_lines import JsonLines
from .settings import Settings

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")

# Asked every few seconds, and of no interest as long as they are answered.
PROBES = "/health/"

# A path has no length of its own, and this many characters tell which one it was.
LONGEST_PATH = 500

_access = logging.getLogger("access")
_uncaught = logging.getLogger("uncaught")


def configure(level: str) -> None:
    """Send all records from this level on to standard output."""
    root = logging.getLogger()
    if any(isinstance(handler, JsonLines) for handler in root.handlers):
        root.setLevel(level)
        return
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "handlers": {"lines": {"()": JsonLines}},
            "root": {"level": level, "handlers": ["lines"]},
        }
    )
    logging.captureWarnings(capture=True)
    # What each record would look up for itself, and no line shows.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    sys.excepthook = log_uncaught
    threading.excepthook = _log_thread


def init_app(app: Flask, settings: Settings) -> None:
    """Log every request, by its route and without its query string."""
    level = settings["logs.level"]
    if level not in LEVELS:
        raise StartError(f"logs.level is {level!r}: give one of {', '.join(LEVELS)}.")
    configure(level)
    syslog.configure(settings["logs.syslog"], settings["service.name"])
    answers.tell(app, _log_answer)


def log_uncaught(
    kind: type[BaseException], error: BaseException | None, trace: TracebackType | None
) -> None:
    """Log an exception that nothing caught."""
    if error is None or isinstance(error, (KeyboardInterrupt, SystemExit)):
        return
    _uncaught.critical("%s: %s", kind.__name__, error, exc_info=(kind, error, trace))


def _log_thread(arguments: threading.ExceptHookArgs) -> None:
    log_uncaught(arguments.exc_type, arguments.exc_value, arguments.exc_traceback)


def _log_answer(answer: Answer) -> None:
    path = answer.environ.get("PATH_INFO", "")
    level = logging.DEBUG if path.startswith(PROBES) else logging.INFO
    if not _access.isEnabledFor(level):
        return
    method, route, status = answer.method, answer.route, answer.status
    fields = {
        "method": method,
        "route": route,
        # WSGI gives the bytes of a path as if they were Latin-1.
        "path": path[:LONGEST_PATH].encode("latin-1").decode(errors="replace"),
        "status": int(status),
        "duration_ms": round(answer.seconds * 1000, 3),
    }
    # Made by hand: `info()` would search the stack for the caller, which is always this line.
    record = _access.makeRecord(
        _access.name, level, __file__, 0, f"{method} {route} {status}", (), None, extra=fields
    )
    _access.handle(record)
