"""Values that look real for a column, from its name and its type.

They are valid for the fields that `resource.add` knows. What they are not valid for, e.g. a check
constraint of the service's own, needs a factory in its `seeds.py`.
"""

import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from sqlalchemy import Column, Index, Table, UniqueConstraint
from sqlalchemy import types as sql

PEOPLE = ("ada", "grace", "alan", "barbara", "edsger", "margaret", "donald", "radia")

COMPANIES = ("Northwind", "Blue Yonder", "Contoso", "Fabrikam", "Tailspin Toys", "Wide World")

NOUNS = ("release", "report", "garden", "bicycle", "budget", "kitchen", "library", "train")

SENTENCES = (
    "The {noun} is ready, and nobody has looked at it yet.",
    "Remember to ask {person} about the {noun}.",
    "{person} was right: the {noun} needs another week.",
    "Why does every {noun} begin with a list?",
    "Half of the {noun} is done. The other half is the hard one.",
    "Bring the {noun} to the meeting on Thursday.",
)

CURRENCIES = ("EUR", "USD", "CHF", "GBP", "SEK")

DAYS = 120
"""Times are in the past by at most so many days."""

ABSENT = 0.2
"""The share of optional values that are left out."""


def value(column: Column[Any], number: int, random: Random) -> Any:
    """Return a value for the row with a number; no two numbers get the same if it is unique.

    Raises LookupError for a type that is not known.
    """
    unique = is_unique(column)
    if column.nullable and not unique and random.random() < ABSENT:
        return None
    kind = column.type
    if isinstance(kind, sql.Enum) and kind.enum_class is not None:
        return random.choice(list(kind.enum_class))
    if isinstance(kind, sql.String):
        return _text(column.name, kind.length, number if unique else None, random)
    if isinstance(kind, sql.Boolean):
        return random.random() < 0.5
    if isinstance(kind, sql.Integer):
        return number if unique else random.randint(1, 100)
    if isinstance(kind, sql.Numeric):
        return _number(kind, number if unique else random.randint(1, 900), random)
    if isinstance(kind, sql.DateTime):
        moment = datetime.now(UTC) - timedelta(days=number if unique else random.random() * DAYS)
        return moment if kind.timezone else moment.replace(tzinfo=None)
    if isinstance(kind, sql.Date):
        days = number if unique else random.randint(-DAYS, DAYS)
        return datetime.now(UTC).date() - timedelta(days=days)
    if isinstance(kind, sql.Uuid):
        return uuid.UUID(int=random.getrandbits(128), version=4)
    if isinstance(kind, sql.JSON):
        return {}
    raise LookupError(f"{column} is of the type {kind}")


def is_unique(column: Column[Any]) -> bool:
    """Return whether a constraint or an index lets no two rows have the same value."""
    table = column.table
    if not isinstance(table, Table):
        return False
    unique: list[UniqueConstraint | Index] = [
        *(each for each in table.constraints if isinstance(each, UniqueConstraint)),
        *(each for each in table.indexes if each.unique),
    ]
    return bool(column.unique) or any(column.name in each.columns for each in unique)


def _text(name: str, length: int | None, number: int | None, random: Random) -> str:
    person, noun = random.choice(PEOPLE), random.choice(NOUNS)
    serial = "" if number is None else f"-{number}"
    if length == 3:
        return random.choice(CURRENCIES)
    if "user" in name or "owner" in name or "author" in name:
        text = f"{person}{serial}"
    elif "mail" in name:
        text = f"{person}{serial}@example.com"
    elif "url" in name or length == 2083:
        text = f"https://example.com/{noun}{serial}"
    elif name in {"number", "code", "sku", "reference"}:
        text = f"{noun[:3].upper()}-{random.randint(100, 999) if number is None else number}"
    elif "customer" in name or "company" in name or "supplier" in name:
        text = f"{random.choice(COMPANIES)}{serial}"
    elif length is None or length > 100:
        text = random.choice(SENTENCES).format(person=person.capitalize(), noun=noun) + serial
    else:
        text = f"{noun.capitalize()}{serial}"
    # The number is at the end, which makes it unique.
    return text if length is None else text[-length:]


def _number(kind: sql.Numeric[Any], whole: int, random: Random) -> Any:
    if not kind.asdecimal:
        return whole + random.random()
    cents = Decimal(random.randint(0, 99)).scaleb(-2) if (kind.scale or 0) >= 2 else Decimal()
    return whole + cents
