"""What a list selects: objects of its model, or the columns that a schema shows.

The statements are made once for each order, as making one takes as long as executing it. What
differs between requests is a parameter of the statement.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Integer, Row, Select, bindparam, select
from sqlalchemy.orm import Mapper

from flask_chassis.db.keyset import Order, Position
from flask_chassis.exceptions import ConfigurationError
from flask_chassis.http.schemas import Schema
from flask_chassis.http.validation import name_of

LIMIT = "listing_limit"
"""The parameter with the number of rows."""


@dataclass(frozen=True, slots=True)
class Selection:
    """An ordered statement, and what its rows consist of: what is shown, then the sort values."""

    statement: Select[Any]

    parameters: Mapping[str, Any]
    """The values of the statement's parameters, without the limit."""

    names: tuple[str, ...] | None
    """The columns by the names that the schema has for them; None if a row has an object."""

    def sources(self, rows: Sequence[Row[Any]]) -> list[Any]:
        """Return what the schemas are made of: the objects, or a mapping for each row."""
        names = self.names
        if names is None:
            return [row[0] for row in rows]
        # The sort values, which follow, have no name.
        return [dict(zip(names, row, strict=False)) for row in rows]

    def position(self, row: Row[Any]) -> Position:
        """Return the sort values of a row."""
        return row[1 if self.names is None else len(self.names) :]


class Selections:
    """The selections of a model. `filter_by` is of equal values, by attribute."""

    def __init__(self, mapper: Mapper[Any]) -> None:
        self._mapper = mapper
        self._statements: dict[tuple[Any, ...], Select[Any]] = {}

    def objects(
        self, order: Order, filter_by: Mapping[str, Any], base: Select[Any] | None = None
    ) -> Selection:
        """Return the selection of objects, of `base` if there is one."""
        if base is not None:
            return self._selection(self._complete(base, order, filter_by), filter_by)
        key = (order, None, *_kinds(filter_by))
        if key not in self._statements:
            statement = select(self._mapper.class_)
            self._statements[key] = self._complete(statement, order, filter_by)
        return self._selection(self._statements[key], filter_by)

    def columns(
        self, order: Order, filter_by: Mapping[str, Any], schema: type[Schema]
    ) -> Selection:
        """Return the selection of the columns that a schema shows.

        Raises ConfigurationError for fields that are not columns of the model.
        """
        names = _names(schema)
        key = (order, schema, *_kinds(filter_by))
        if key not in self._statements:
            statement = select(*self._columns(schema, names))
            self._statements[key] = self._complete(statement, order, filter_by)
        return self._selection(self._statements[key], filter_by, names)

    @staticmethod
    def _selection(
        statement: Select[Any],
        filter_by: Mapping[str, Any],
        names: tuple[str, ...] | None = None,
    ) -> Selection:
        values = {_parameter(name): value for name, value in filter_by.items() if value is not None}
        return Selection(statement, values, names)

    def _columns(self, schema: type[Schema], names: Sequence[str]) -> list[Any]:
        mapper = self._mapper
        model = mapper.class_
        others = [name for name in names if name not in mapper.column_attrs]
        if others:
            raise ConfigurationError(
                f"{schema.__name__} shows what is not a column of {model.__name__}: "
                f"{', '.join(others)}. Pass the list a session instead of a connection."
            )
        if mapper.inherits is not None:  # whose rows may be of several tables, or some of one
            return [getattr(model, name) for name in names]
        # The table's own columns: attributes are new objects for each statement, and compared
        # with those of the result, which takes time.
        return [mapper.column_attrs[name].columns[0].label(name) for name in names]

    def _complete(
        self, statement: Select[Any], order: Order, filter_by: Mapping[str, Any]
    ) -> Select[Any]:
        for name, value in filter_by.items():
            column = getattr(self._mapper.class_, name)
            statement = statement.where(
                column.is_(None)
                if value is None
                else column == bindparam(_parameter(name), type_=column.type)
            )
        statement = statement.add_columns(*order.selected())
        return statement.order_by(None).order_by(*order.by()).limit(bindparam(LIMIT, type_=Integer))


@cache
def _names(schema: type[Schema]) -> tuple[str, ...]:
    """Return the names by which a schema reads its fields."""
    return tuple(name_of(*item) for item in schema.model_fields.items())


def _kinds(filter_by: Mapping[str, Any]) -> Iterator[tuple[str, bool]]:
    """Yield what a statement depends on: which attributes have a value, and which have none."""
    return ((name, value is None) for name, value in filter_by.items())


def _parameter(name: str) -> str:
    return f"listing_{name}_is"
