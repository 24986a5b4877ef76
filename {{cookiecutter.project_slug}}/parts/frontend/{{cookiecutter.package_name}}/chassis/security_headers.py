"""Tells browsers what pages may do: show themselves, and nothing that somebody smuggled in."""

from flask import Flask, Response

from .settings import Settings

# Nothing inline, nothing from elsewhere, no scripts at all, in nobody's frame.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
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

A_YEAR = "max-age=31536000"


def init_app(app: Flask, settings: Settings) -> None:
    """Send the headers with every answer."""
    headers = HEADERS
    if not settings.is_for_developers:
        headers = headers | {"Strict-Transport-Security": A_YEAR}

    def secured(response: Response) -> Response:
        response.headers.update(headers)
        # What one person saw is not to be found by the next one who uses the browser. Only a style
        # or a picture says of itself how long it may be kept.
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    app.after_request(secured)
