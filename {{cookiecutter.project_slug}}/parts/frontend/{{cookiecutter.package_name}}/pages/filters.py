"""Jinja filters that format the data of the services."""

import re
from datetime import UTC, datetime

from flask import Flask


def init_app(app: Flask) -> None:
    """Give the templates their filters."""
    app.add_template_filter(day_and_time)
    app.add_template_filter(grouped)
    app.add_template_filter(pieces)


def day_and_time(when: datetime) -> str:
    """Format a time as `7 November 2026, 14:03 UTC`. A script converts it to local time."""
    when = when.astimezone(UTC)
    return f"{when.day} {when:%B %Y, %H:%M} UTC"


def grouped(number: int) -> str:
    """Format a number with thousands separators: `10,000`."""
    return f"{number:,}"


def pieces(text: str, search: str) -> list[tuple[str, bool]]:
    """Split a text into matches of the search, with True, and the parts between them.

    The template escapes each part by itself.
    """
    if not search:
        return [(text, False)]
    split = re.split(f"({re.escape(search)})", text, flags=re.IGNORECASE)
    return [(piece, index % 2 == 1) for index, piece in enumerate(split) if piece]
