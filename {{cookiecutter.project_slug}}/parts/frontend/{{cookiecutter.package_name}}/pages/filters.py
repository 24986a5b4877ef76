"""How templates write what the services say."""

import re
from datetime import UTC, datetime

from flask import Flask


def init_app(app: Flask) -> None:
    """Give the templates their filters."""
    app.add_template_filter(day_and_time)
    app.add_template_filter(grouped)
    app.add_template_filter(pieces)


def day_and_time(when: datetime) -> str:
    """Write a time for people: `7 November 2026, 14:03 UTC`. A script makes it their own time."""
    when = when.astimezone(UTC)
    return f"{when.day} {when:%B %Y, %H:%M} UTC"


def grouped(number: int) -> str:
    """Write a number with its thousands apart: `10,000`."""
    return f"{number:,}"


def pieces(text: str, search: str) -> list[tuple[str, bool]]:
    """Split a text into what was searched for, with True, and what is around it.

    The template escapes each piece by itself: what is marked is text as well.
    """
    if not search:
        return [(text, False)]
    split = re.split(f"({re.escape(search)})", text, flags=re.IGNORECASE)
    return [(piece, index % 2 == 1) for index, piece in enumerate(split) if piece]
