"""How templates write what the services say."""

from datetime import UTC, datetime

from flask import Flask


def init_app(app: Flask) -> None:
    """Give the templates their filters."""
    app.add_template_filter(day_and_time)
    app.add_template_filter(grouped)


def day_and_time(when: datetime) -> str:
    """Write a time for people: `7 November 2026, 14:03 UTC`."""
    when = when.astimezone(UTC)
    return f"{when.day} {when:%B %Y, %H:%M} UTC"


def grouped(number: int) -> str:
    """Write a number with its thousands apart: `10,000`."""
    return f"{number:,}"
