"""A page about a fleet, in one file: for people, in light and dark, with no network."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ..engine import engine
from .state import State

addresses = engine("addresses")

_ENVIRONMENT = Environment(
    loader=FileSystemLoader(Path(__file__).parent),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def of(states: Sequence[State], counts: Mapping[str, int], tags: Sequence[str]) -> str:
    """Return the page; `counts` says how many services are how, and `tags` are all releases."""
    text = _ENVIRONMENT.get_template("page.html").render(
        states=states,
        counts=counts,
        tags=tags[::-1],
        teams=sorted({each.team for each in states}),
        chassis=sorted({each.chassis for each in states}, reverse=True),
        now=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
    )
    return str(addresses.without_logins(text))
