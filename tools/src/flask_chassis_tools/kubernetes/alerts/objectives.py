"""Reads infra/slo.yaml: the service level objectives (SLOs), and where the runbooks are.

availability_percent: 99.9
latency_percent: 95
latency_seconds: 1
runbooks: https://git.acme.example/acme/billing/blob/main/docs/runbooks.md
"""

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import yaml
from flask_chassis import safe_yaml
from flask_chassis.observability.buckets import BUCKETS

FILE = Path("infra/slo.yaml")

FASTEST_BURN_RATE = 14.4
"""At this rate, one hour uses 2 % of the error budget of 30 days (Site Reliability Workbook)."""

LEAST_PERCENT = 100 - 100 / FASTEST_BURN_RATE
"""With a lower objective, the fastest burn rate is more than all requests: no alert would fire."""


class ObjectivesError(Exception):
    """An error in the objectives, with a message for the user."""


@dataclass(frozen=True)
class Objectives:
    """The objectives of a service, for its requests of 30 days."""

    availability_percent: float
    """The requests, in percent, that are not answered with 5xx."""
    latency_percent: float
    """The requests, in percent, that are answered within `latency_seconds`."""
    latency_seconds: float
    """One of the histogram's buckets; the wait for a thread is included."""
    runbooks: str
    """The address of docs/runbooks.md, for browsers."""


def read(file: Path) -> Objectives:
    """Read a file, or raise ObjectivesError."""
    try:
        return parse(file.read_text(encoding="utf-8"))
    except ObjectivesError as error:
        raise ObjectivesError(f"{file}: {error}") from error
    except OSError as error:
        raise ObjectivesError(f"{file} cannot be read: {error.strerror}.") from error


def parse(text: str) -> Objectives:
    """Parse the text of a file."""
    try:
        content = safe_yaml.load(text)
    except yaml.YAMLError as error:
        raise ObjectivesError(f"invalid YAML: {error}") from error
    known = [field.name for field in fields(Objectives)]
    if not isinstance(content, dict) or set(content) != set(known):
        raise ObjectivesError(f"it must have the keys {', '.join(known)}, and no others.")
    runbooks = content["runbooks"]
    if not isinstance(runbooks, str) or not runbooks.startswith(("https://", "http://")):
        raise ObjectivesError(f"runbooks is {runbooks!r}: set an address, https://….")
    return Objectives(
        _percent("availability_percent", content["availability_percent"]),
        _percent("latency_percent", content["latency_percent"]),
        _seconds("latency_seconds", content["latency_seconds"]),
        runbooks,
    )


def _number(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ObjectivesError(f"{name} is {value!r}: set a number.")
    return float(value)


def _percent(name: str, value: Any) -> float:
    number = _number(name, value)
    if not LEAST_PERCENT < number < 100:
        raise ObjectivesError(
            f"{name} is {value}: set more than {LEAST_PERCENT:.1f}, below which the alert on a "
            "fast burn cannot fire, and less than 100, which leaves no error budget."
        )
    return number


def _seconds(name: str, value: Any) -> float:
    number = _number(name, value)
    if number not in BUCKETS:
        known = ", ".join(map(str, BUCKETS))
        raise ObjectivesError(f"{name} is {value}: set one of the histogram's buckets, {known}.")
    return number
