"""The orders that a list offers, made of what it declares."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Mapper

from flask_chassis.db.keyset import Key, Order
from flask_chassis.exceptions import ConfigurationError
from flask_chassis.http.filters import Column


def orders_of(
    mapper: Mapper[Any], declared: Mapping[str, Column], default: str
) -> dict[str, Order]:
    """Return the orders by name: `due` and `-due` for each that is declared, and the default.

    Raises ConfigurationError if `default` is neither declared nor a column of the primary key.
    """
    ties = {
        mapper.get_property_by_column(column).key: getattr(
            mapper.class_, mapper.get_property_by_column(column).key
        )
        for column in mapper.primary_key
    }
    offered = dict(declared)
    name = default.removeprefix("-")
    if name not in offered:
        if name not in ties:
            known = ", ".join(sorted({*declared, *ties}))
            raise ConfigurationError(
                f"The list of {mapper.class_.__name__} has no order {name!r} for default_sort: "
                f"declare it in `sort`, or take one of {known}."
            )
        offered[name] = ties[name]
    return {
        sign + name: _order(sign + name, column, list(ties.values()))
        for name, column in offered.items()
        for sign in ("", "-")
    }


def _order(name: str, column: Column, ties: list[Any]) -> Order:
    first = _key(column)
    others = [_key(tie) for tie in ties]
    # With a column of the primary key first, it is not needed once more.
    keys = [key for key in others if key.expression is not first.expression]
    is_key = len(keys) < len(others)
    first = Key(first.expression, is_nullable=first.is_nullable and not is_key)
    return Order(name, (first, *keys), is_descending=name.startswith("-"))


def _key(column: Column) -> Key:
    expression: ColumnElement[Any] = (
        column.expression if hasattr(column, "property") else column  # type: ignore[assignment]
    )
    # An expression such as `lower(name)` may be NULL for all that is known here.
    return Key(expression, is_nullable=getattr(expression, "nullable", True))
