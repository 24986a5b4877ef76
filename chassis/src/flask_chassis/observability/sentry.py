"""Sentry: reports what is logged as an error, without personal data.

Off by default: with an empty `sentry.dsn`, sentry-sdk is not even imported. It is the extra
`sentry`. A log record of the level ERROR or CRITICAL becomes an event, so that logs and Sentry
agree, and a request without an error costs nothing. Events are sent by a thread; if Sentry does not
answer, they are dropped. A task that ends with an unexpected exception is reported as well.

An event has the exception's type, text and stack, the message without its arguments, release,
environment, request id, method and route, or the name of the task. It has no headers, cookies,
addresses, query strings, bodies, local variables or breadcrumbs, and texts are redacted as in the
logs.
"""

import logging
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, cast

from flask import Flask, has_request_context, request

from flask_chassis.exceptions import ConfigurationError
from flask_chassis.http import request_id
from flask_chassis.observability import version
from flask_chassis.observability.redaction import redact
from flask_chassis.observability.route import route_of
from flask_chassis.settings import Settings

if TYPE_CHECKING:
    from sentry_sdk.types import Event

KEPT = (
    "contexts", "environment", "event_id", "exception", "level", "logger", "platform", "release",
    "sdk", "threads", "timestamp",
)  # fmt: skip
"""The parts of an event that are sent as sentry-sdk makes them; all else is left out."""

LAST_EVENTS_SECONDS = 2
"""Longest time that a process waits at its end until its events are sent."""

EXTRA = "sentry"
_HANDLER = "sentry"


def init_app(app: Flask, settings: Settings) -> None:
    """Report errors to the setting `sentry.dsn`, or to nobody if it is empty.

    Call this after `log_config`. Raises ConfigurationError if the address is not valid, or if
    sentry-sdk is not installed.
    """
    root = logging.getLogger()
    for handler in [each for each in root.handlers if each.name == _HANDLER]:
        root.removeHandler(handler)
    if dsn := settings["sentry.dsn"]:
        root.addHandler(_start(dsn, settings))


def report_task(name: str, error: Exception, settings: Settings) -> None:
    """Report an error that a task did not expect, and wait until it is sent: the process ends.

    Raises ConfigurationError as `init_app` does.
    """
    if dsn := settings["sentry.dsn"]:
        record = {"levelno": logging.ERROR, "levelname": "ERROR", "name": "task", "task": name}
        trace = (type(error), error, error.__traceback__)
        failed = {"msg": "task %s failed", "args": (name,), "exc_info": trace}
        _start(dsn, settings).handle(logging.makeLogRecord(record | failed))
        import sentry_sdk

        sentry_sdk.flush(timeout=LAST_EVENTS_SECONDS)


def _start(dsn: str, settings: Settings) -> logging.Handler:
    """Start the client of sentry-sdk, and return the handler that passes log records to it."""
    if not find_spec("sentry_sdk"):
        raise ConfigurationError(
            f"sentry.dsn is set, but sentry-sdk is not installed: add the extra `{EXTRA}` to "
            "flask-chassis in pyproject.toml, lock and install, or leave sentry.dsn empty."
        )
    import sentry_sdk
    from sentry_sdk.integrations.atexit import AtexitIntegration
    from sentry_sdk.integrations.logging import EventHandler

    try:
        sentry_sdk.init(
            dsn=dsn,
            release=f"{settings['service.name']}@{version.current(settings)['version']}",
            environment=settings.environment,
            before_send=scrub,
            # None of those that wrap the application or libraries; the last events are sent at
            # the end.
            default_integrations=False,
            integrations=[AtexitIntegration(callback=lambda pending, timeout: None)],
            auto_session_tracking=False,
            include_local_variables=False,
            max_breadcrumbs=0,
            send_client_reports=False,
        )
    except ValueError as error:  # BadDsn
        raise ConfigurationError(
            f"sentry.dsn is not valid ({error}): set the DSN of a project, "
            "https://<key>@<host>/<project>."
        ) from error
    handler = EventHandler(level=logging.ERROR)
    handler.name = _HANDLER
    return handler


def scrub(event: "Event", hint: dict[str, Any]) -> "Event":
    """Return what is sent of an event: what is known to hold no personal data, redacted."""
    record: logging.LogRecord | None = hint.get("log_record")
    given: dict[str, Any] = {**event}
    sent: dict[str, Any] = {name: given[name] for name in KEPT if name in given}
    for exception in sent.get("exception", {}).get("values", []):
        exception["value"] = redact(exception.get("value"))
    if record:
        # The arguments of the message may be anything; a message without them also makes Sentry
        # see the same error as the same.
        sent["logentry"] = {"message": redact(str(record.msg))}
    elif "message" in given:
        sent["message"] = redact(given["message"])
    sent["tags"] = _tags(record)
    return cast("Event", sent)


def _tags(record: logging.LogRecord | None) -> dict[str, str]:
    # The watchdog logs what another thread does, and says which request it is.
    identifier = getattr(record, "request_id", None) or request_id.current()
    tags = {"request_id": identifier} if identifier else {}
    if task := getattr(record, "task", None):
        tags["task"] = task
    if has_request_context():
        tags |= {"method": request.method, "route": route_of(request.environ)}
    return tags
