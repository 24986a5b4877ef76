"""Access log: one line for each request, with its route and without its query string.

{"timestamp": …, "level": "INFO", "logger": "access", "message": "GET /api/things/ 200", …}
"""

import logging
from wsgiref.types import WSGIEnvironment

from flask_chassis.observability.health import PROBES

MAX_PATH = 500
"""Characters of a path that are logged: a path has no maximum length."""

MAX_METHOD = 20
"""Characters of a method that are logged: more than any has that is registered."""

_log = logging.getLogger("access")


def write(environ: WSGIEnvironment, route: str, status: str, seconds: float) -> None:
    """Log a request and its response; health checks are logged at the level DEBUG."""
    path = environ["PATH_INFO"]
    level = logging.DEBUG if path.startswith(PROBES) else logging.INFO
    if not _log.isEnabledFor(level):
        return
    method = environ["REQUEST_METHOD"][:MAX_METHOD]
    fields = {
        "method": method,
        "route": route,
        # WSGI decodes the bytes of a path as Latin-1.
        "path": path[:MAX_PATH].encode("latin-1").decode(errors="replace"),
        "status": int(status),
        "duration_ms": round(seconds * 1000, 3),
    }
    # Not `_log.info()`: it searches the stack for the caller, which is always this line.
    record = _log.makeRecord(
        _log.name, level, __file__, 0, f"{method} {route} {status}", (), None, extra=fields
    )
    _log.handle(record)
