"""A page about a fleet, in one file: for people, in light and dark, with no network."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from .state import State

_ENVIRONMENT = Environment(
    loader=FileSystemLoader(Path(__file__).parent),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def of(states: Sequence[State]) -> str:
    """Return the page."""
    counts = {
        "services": len(states),
        "at the newest release": sum(not each.behind and not each.fault for each in states),
        "without changes of deleted files": sum(bool(each.left_out) for each in states),
        "behind": sum(bool(each.behind) for each in states),
        "with edited files of the template": sum(bool(each.drift) for each in states),
        "on another chassis than the template's": sum(bool(each.foreign) for each in states),
        "with vulnerable packages": sum(bool(each.vulnerable) for each in states),
    }
    if all(each.vulnerable is None for each in states):
        del counts["with vulnerable packages"]
    return _ENVIRONMENT.get_template("page.html").render(
        states=states, counts=counts, now=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    )
