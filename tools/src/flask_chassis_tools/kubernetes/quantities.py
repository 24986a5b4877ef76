"""Parses Kubernetes quantities of CPU, memory and disk."""

import re
from decimal import Decimal

_FORM = re.compile(r"(\d+(?:\.\d+)?)(m|k|[MGTPE]|[KMGTPE]i)?")
_FACTORS = {
    "": Decimal(1),
    "m": Decimal("0.001"),
    "k": Decimal(1000),
    **{letter: Decimal(1000) ** power for power, letter in enumerate("MGTPE", start=2)},
    **{f"{letter}i": Decimal(1024) ** power for power, letter in enumerate("KMGTPE", start=1)},
}


def amount(text: object) -> Decimal:
    """Return a quantity as a number, or raise ValueError."""
    found = _FORM.fullmatch(str(text))
    if not found:
        raise ValueError(f"{text} is not a quantity")
    return Decimal(found[1]) * _FACTORS[found[2] or ""]
