"""Reads the limits and time-outs of a service from the annotations of its Ingress.

They are those of ingress-nginx, which makes the directives of nginx with the same names of them.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from .faults import EdgeError

PREFIX = "nginx.ingress.kubernetes.io/"

SECONDS = r"[1-9][0-9]{0,4}"
SIZE = r"[0-9]{1,12}[kKmM]?"
SWITCH = r"on|off"
NEXT = r"(?:error|timeout|invalid_header|http_(?:403|404|429|500|502|503|504)|off)"

UNSAFE = "non_idempotent"
"""With it, nginx would send a POST a second time that a service may have carried out."""


@dataclass(frozen=True, slots=True)
class Limit:
    """An annotation: its default, and what its value has to be."""

    default: str
    pattern: str


LIMITS = {
    "proxy-body-size": Limit("1m", SIZE),
    "proxy-buffering": Limit("on", SWITCH),
    "proxy-request-buffering": Limit("on", SWITCH),
    "proxy-connect-timeout": Limit("2", SECONDS),
    # More than `harakiri` of infra/uwsgi.yaml: who gives up first is the service.
    "proxy-read-timeout": Limit("50", SECONDS),
    "proxy-send-timeout": Limit("10", SECONDS),
    "proxy-next-upstream": Limit("error timeout", rf"{NEXT}(?: {NEXT})*"),
    "proxy-next-upstream-tries": Limit("2", r"[1-9]"),
    "proxy-next-upstream-timeout": Limit("10", SECONDS),
    "limit-connections": Limit("100", r"[1-9][0-9]{0,5}"),
}
"""By the names of the annotations, without their prefix. A service that was rendered before has
none of them, and the defaults."""


def read(annotations: Mapping[str, object], title: str) -> dict[str, str]:
    """Return the value of each limit; EdgeError if one is not valid. `title` is for messages."""
    found = {}
    for name, limit in LIMITS.items():
        value = str(annotations.get(PREFIX + name, limit.default))
        if UNSAFE in value.split():
            raise EdgeError(
                f"{title}: {PREFIX}{name} has {UNSAFE}, and so a POST may be carried out twice. "
                f"Remove {UNSAFE}: nginx still repeats a request that no service has received."
            )
        if not re.fullmatch(limit.pattern, value):
            raise EdgeError(
                f"{title}: {PREFIX}{name} is {value!r}, which the edge does not understand. Use a "
                f'value such as "{limit.default}".'
            )
        found[name] = value
    return found
