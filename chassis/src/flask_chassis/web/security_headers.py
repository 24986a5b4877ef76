"""Security headers of responses: Content-Security-Policy, Strict-Transport-Security and others."""

from flask import Flask, Response

from flask_chassis.settings import Settings

# Allows the scripts and styles in files of this site, none inline, no resources from other hosts,
# and no framing. Nothing else is served as a script: all files have their type (`nosniff`).
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)

HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}

ONE_YEAR = "max-age=31536000"


def init_app(app: Flask, settings: Settings) -> None:
    """Add the headers to every response. Strict-Transport-Security is omitted in development."""
    headers = HEADERS
    if not settings.is_for_developers:
        headers = headers | {"Strict-Transport-Security": ONE_YEAR}

    def add_headers(response: Response) -> Response:
        response.headers.update(headers)
        # The next user of the same browser must not find the pages in its cache. Responses with
        # static files have a Cache-Control header already.
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    app.after_request(add_headers)
