"""Rows that `db.seed` adds for development, if the columns do not say enough. Yours to change.

`FACTORIES = {Invoice: invoice}`: a function of the row's number, a random.Random and the settings
returns one.
"""

from collections.abc import Callable
from typing import Any

FACTORIES: dict[type, Callable[..., Any]] = {}
