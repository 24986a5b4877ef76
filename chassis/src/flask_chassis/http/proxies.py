"""Reads what the proxies before the service say: the client's address, and the path prefix.

Each proxy adds the address that it was called from to `X-Forwarded-For`. Only what the trusted ones
added is believed, counted from the end: what stands before it came with the request, from anybody.

A proxy that serves this service below a path, and takes that away, says so in `X-Forwarded-Prefix`.
The prefix is then in every address that the service returns: `Location`, `Link`, redirects, links
of pages, `servers` of the OpenAPI document. Proxies set this header and add nothing to it, so the
last value counts, whatever the number of proxies. A trusted proxy without a prefix must remove the
header, or anybody chooses the prefix in their own response. It is a path in any case.

One of the trusted must drop header names with underscores, as nginx does by itself and Envoy with
`headers_with_underscores_action`: to WSGI, `X_Forwarded_For` is `X-Forwarded-For`, and what anybody
sends under that name could be taken for what a proxy added.
"""

import logging
import re
from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIEnvironment

from flask import Flask
from werkzeug.http import parse_list_header
from werkzeug.middleware.proxy_fix import ProxyFix

from flask_chassis.settings import Settings

PREFIX = re.compile(r"(?:/(?!\.\.?(?:/|$))[A-Za-z0-9._~-]+)+/?")
"""A path that is the same wherever it is put. `//host` would lead to another site."""

MAX_PREFIX = 200
"""Characters."""

HEADER = "HTTP_X_FORWARDED_PREFIX"

log = logging.getLogger(__name__)


def init_app(app: Flask, settings: Settings) -> None:
    """Have `request.remote_addr` be the address that the outermost trusted proxy was called from.

    With too few addresses in the header, it stays that of the direct caller. `SCRIPT_NAME` is the
    prefix. Nothing happens without trusted proxies, nor when this is called again.
    """
    trusted = settings["http.trusted_proxies"]
    if trusted and "proxies" not in app.extensions:
        app.extensions["proxies"] = trusted
        # Scheme and host are not taken over: nothing here makes an address out of them.
        app.wsgi_app = TrustedProxies(  # type: ignore[method-assign]
            app.wsgi_app, x_for=trusted, x_proto=0, x_host=0, x_prefix=1
        )


class TrustedProxies(ProxyFix):
    """Werkzeug's ProxyFix, which takes any prefix, for those that are paths."""

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Call the application."""
        if HEADER in environ:
            environ[HEADER] = _prefix(environ[HEADER])
        return super().__call__(environ, start_response)


def _prefix(header: str) -> str:
    """Return the prefix in the header, without its closing slash; an empty text is none."""
    [*_, last] = parse_list_header(header) or [""]
    if last in ("", "/"):
        return ""
    if len(last) > MAX_PREFIX or not PREFIX.fullmatch(last):
        log.warning("X-Forwarded-Prefix is ignored: it is not a path such as /billing")
        return ""
    return last.rstrip("/")
