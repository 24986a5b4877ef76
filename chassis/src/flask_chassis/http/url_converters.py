"""Converters of numbers in Flask's rules: `/invoices/<int:id>/` matches `/invoices/1/` only.

Werkzeug's own match the digits of every script: `/invoices/%EF%BC%91/` would show invoice 1 too.
"""

from flask import Flask
from werkzeug.routing import FloatConverter, IntegerConverter


class AsciiInteger(IntegerConverter):
    """A whole number, in digits from 0 to 9."""

    regex = "[0-9]+"


class AsciiFloat(FloatConverter):
    """A number with decimal places, in digits from 0 to 9."""

    regex = r"[0-9]+\.[0-9]+"


def init_app(app: Flask) -> None:
    """Use the converters for `int` and `float` in rules that are added from now on."""
    app.url_map.converters |= {"int": AsciiInteger, "float": AsciiFloat}
