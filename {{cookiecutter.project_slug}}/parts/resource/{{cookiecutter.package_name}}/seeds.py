"""Factories of rows that `db.seed` adds for development. Yours to change.

`db.seed` derives rows from the columns of a model. For a model that needs more, add a factory:
`FACTORIES = {Invoice: invoice}`, where `invoice(number, random, settings)` returns a row.
"""

from collections.abc import Callable
from typing import Any

FACTORIES: dict[type, Callable[..., Any]] = {}
