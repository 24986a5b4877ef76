"""The route (URL rule) of a request, for the access log and the metrics."""

from wsgiref.types import WSGIEnvironment

UNMATCHED = "unmatched"


def route_of(environ: WSGIEnvironment) -> str:
    """Return the URL rule that a request matched, such as `/api/things/<int:id>/`.

    Returns `unmatched` if no rule matches, and not the path: clients choose the path, and each
    value would create a time series. Call this when the response starts.
    """
    # Flask's request, which is available until the response starts.
    rule = getattr(environ.get("werkzeug.request"), "url_rule", None)
    return rule.rule if rule else UNMATCHED
