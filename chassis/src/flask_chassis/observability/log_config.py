"""Logging configuration: JSON lines or text on standard output, and optionally a syslog server."""

import logging
import logging.config
import re
import sys
import threading
from types import TracebackType

from flask import Flask

from flask_chassis import settings_variables
from flask_chassis.exceptions import ConfigurationError
from flask_chassis.observability import console_logging, syslog
from flask_chassis.observability.json_logging import JsonFormatter, JsonLines
from flask_chassis.settings import Settings

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")

FORMATS = ("auto", "json", "console")

_log = logging.getLogger(__name__)
_uncaught = logging.getLogger("uncaught")


def configure(level: str, *, is_for_people: bool = False) -> None:
    """Configure the root logger to write records of at least this level to standard output.

    They are JSON lines, or text if they are for people. Also logs warnings and uncaught exceptions,
    including those of threads.
    """
    root = logging.getLogger()
    formatter = console_logging.formatter() if is_for_people else JsonFormatter()
    handlers = [handler for handler in root.handlers if isinstance(handler, JsonLines)]
    for handler in handlers:
        handler.setFormatter(formatter)
    if handlers:
        root.setLevel(level)
        return
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"chosen": {"()": lambda: formatter}},
            "handlers": {"lines": {"()": JsonLines, "formatter": "chosen"}},
            "root": {"level": level, "handlers": ["lines"]},
        }
    )
    logging.captureWarnings(capture=True)
    # Saves each record the lookup of values that the log lines do not contain.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    sys.excepthook = log_uncaught
    threading.excepthook = _log_thread


def init_app(app: Flask, settings: Settings) -> None:
    """Configure logging from the settings `logs.level`, `logs.format` and `logs.syslog`.

    Logs a warning for each environment variable that looks like a misspelt setting.
    Raises ConfigurationError if one of them is not valid.
    """
    level = settings["logs.level"]
    if level not in LEVELS:
        raise ConfigurationError(f"logs.level is {level!r}: set one of {', '.join(LEVELS)}.")
    configure(level, is_for_people=_is_for_people(settings))
    syslog.configure(settings["logs.syslog"], settings["service.name"])
    for sentence in settings_variables.unknown():
        _log.warning("%s", sentence)
    for key in keys_with_line_end(settings):
        _log.warning(
            "%s ends with a line feed, which is part of the value: write the file or the Secret "
            "that it comes from without one (printf, or echo -n, instead of echo).",
            key,
        )


def _is_for_people(settings: Settings) -> bool:
    """Return whether log lines are text: by default, on the terminal of a developer."""
    chosen = settings["logs.format"]
    if chosen not in FORMATS:
        raise ConfigurationError(f"logs.format is {chosen!r}: set one of {', '.join(FORMATS)}.")
    if chosen == "auto":
        # Under uWSGI, standard output is replaced by a socket to the master.
        return settings.is_local and "uwsgi" not in sys.modules and sys.stdout.isatty()
    return bool(chosen == "console")


def keys_with_line_end(settings: Settings) -> list[str]:
    """Return the settings of one line that end with a line feed, as `echo` writes it."""
    return [
        key
        for key, value in settings.values.items()
        if isinstance(value, str) and re.fullmatch(r"[^\r\n]+\r?\n", value)
    ]


def seconds_unread() -> float:
    """Return for how long log lines have been dropped because nobody reads standard output."""
    handlers = [each for each in logging.getLogger().handlers if isinstance(each, JsonLines)]
    return max((each.output.seconds_unread() for each in handlers), default=0)


def log_uncaught(
    kind: type[BaseException], error: BaseException | None, trace: TracebackType | None
) -> None:
    """Log an uncaught exception, as `sys.excepthook`; interrupts and exits are not logged."""
    if error is None or isinstance(error, (KeyboardInterrupt, SystemExit)):
        return
    _uncaught.critical("%s: %s", kind.__name__, error, exc_info=(kind, error, trace))


def _log_thread(arguments: threading.ExceptHookArgs) -> None:
    log_uncaught(arguments.exc_type, arguments.exc_value, arguments.exc_traceback)
