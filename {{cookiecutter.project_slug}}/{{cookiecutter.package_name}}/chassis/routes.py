"""The route of a request, as logs and metrics name it."""

from wsgiref.types import WSGIEnvironment

UNMATCHED = "unmatched"


def route_of(environ: WSGIEnvironment) -> str:
    """Return the rule that a request matched, as `/api/things/<int:id>/`, when it is answered.

    Never the path, which anybody can make up: logs could not be counted by it, and each one would
    be a time series of its own.
    """
    # Flask's request; it is there until the answer has begun.
    rule = getattr(environ.get("werkzeug.request"), "url_rule", None)
    return rule.rule if rule else UNMATCHED
