"""Reads the rows of a page, and counts those of a list."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import ColumnElement, Executable, Result, Row, Select, func, literal, select

from flask_chassis.http.list_selections import LIMIT


class Execute(Protocol):
    """Executes a statement, as sessions and connections do."""

    def __call__(self, statement: Executable, parameters: Any = None, /) -> Result[Any]:
        """Execute a statement with the values of its parameters."""


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of a list."""

    execute: Execute

    statement: Select[Any]
    """With all conditions but that of the page."""

    parameters: Mapping[str, Any]
    """The values of the statement's parameters, without the limit."""

    def page(self, parts: Iterable[ColumnElement[bool] | None], limit: int) -> Sequence[Row[Any]]:
        """Return the first rows of several parts together, at most so many."""
        rows: list[Row[Any]] = []
        for part in parts:
            within = self.statement if part is None else self.statement.where(part)
            left = limit - len(rows)
            rows += self.execute(within, {**self.parameters, LIMIT: left}).all()
            if len(rows) >= limit:
                break
        return rows

    def count(self, most: int) -> int:
        """Return the number of rows, counted no further than `most`."""
        ones = self.statement.with_only_columns(literal(1), maintain_column_froms=True)
        found = ones.order_by(None).subquery()
        counted = select(func.count()).select_from(found)
        number: int = self.execute(counted, {**self.parameters, LIMIT: most}).scalar_one()
        return number
