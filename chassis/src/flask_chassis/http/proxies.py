"""Finds out the address of the client behind the proxies that stand before the service.

Each proxy adds the address that it was called from to `X-Forwarded-For`. Only what the trusted ones
added is believed, counted from the end: what stands before it came with the request, from anybody.

One of the trusted must drop header names with underscores, as nginx does by itself and Envoy with
`headers_with_underscores_action`: to WSGI, `X_Forwarded_For` is `X-Forwarded-For`, and what anybody
sends under that name could be taken for what a proxy added.
"""

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from flask_chassis.settings import Settings


def init_app(app: Flask, settings: Settings) -> None:
    """Have `request.remote_addr` be the address that the outermost trusted proxy was called from.

    With too few addresses in the header, it stays that of the direct caller.
    """
    trusted = settings["http.trusted_proxies"]
    if trusted:
        # Scheme and host are not taken over: nothing here makes an address out of them.
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=trusted, x_proto=0, x_host=0
        )
