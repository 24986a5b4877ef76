"""Rows for all models of a service, parents before children.

A service's own `seeds.py`, if it has one, makes those that this cannot make, or should make
otherwise: `FACTORIES = {Invoice: invoice}`, with a function of the row's number, a `Random` and the
settings that returns an Invoice.
"""

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from random import Random
from typing import Any

from flask_chassis import project
from flask_chassis.db.base import Base
from flask_chassis.db.models import metadata
from flask_chassis.settings import Settings
from invoke import Exit
from sqlalchemy import Column, Table, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapper, Session

from .values import value

Factory = Callable[[int, Random, Settings], object]

CHILDREN = 3
"""How many rows a table with a parent has for each row of the parent."""


def add(session: Session, count: int, settings: Settings) -> dict[str, int]:
    """Add rows to the session, for each model, and return how many each table has got.

    A second call adds others. Raises Exit if a model needs a factory.
    """
    order = {table: place for place, table in enumerate(metadata().sorted_tables)}
    factories = _factories()
    added = {}
    for mapper in sorted(_own(), key=lambda each: order[_table(each)]):
        table = _table(mapper)
        first = session.scalar(select(func.count()).select_from(table)) or 0
        wanted = count * (CHILDREN if _parents(mapper) else 1)
        random = Random(f"{table.name} {first}")  # noqa: S311 - the same rows each time
        make = factories.get(mapper.class_) or _factory(mapper, session)
        session.add_all(make(first + number, random, settings) for number in range(1, wanted + 1))
        try:
            session.flush()
        except IntegrityError as error:
            reason = str(error.orig).splitlines()[0]
            raise _needs_factory(mapper, reason) from None
        added[table.name] = wanted
    return added


def _own() -> list[Mapper[Any]]:
    """Return the mappers of the service's own models, without those of the chassis."""
    package = f"{project.package()}."
    return [each for each in Base.registry.mappers if each.class_.__module__.startswith(package)]


def _table(mapper: Mapper[Any]) -> Table:
    table = mapper.local_table
    if not isinstance(table, Table):
        raise _needs_factory(mapper, "it is mapped to something else than a table")
    return table


def _factories() -> dict[type, Factory]:
    name = f"{project.package()}.seeds"
    if find_spec(name) is None:
        return {}
    found: dict[type, Factory] = import_module(name).FACTORIES
    return found


def _factory(mapper: Mapper[Any], session: Session) -> Factory:
    """Return a function that makes an object with a value for each column."""
    columns = {
        mapper.get_property_by_column(column).key: column
        for column in _table(mapper).columns
        if not _is_given(mapper, column)
    }
    parents = {
        key: _keys(column, session) for key, column in columns.items() if column.foreign_keys
    }

    def make(number: int, random: Random, settings: Settings) -> object:
        values = {}
        for key, column in columns.items():
            if key in parents:
                values[key] = random.choice(parents[key]) if parents[key] else None
                continue
            try:
                values[key] = value(column, number, random)
            except LookupError as error:
                raise _needs_factory(mapper, str(error.args[0])) from None
        return mapper.class_(**values)

    return make


def _is_given(mapper: Mapper[Any], column: Column[Any]) -> bool:
    """Return whether something else gives the column its value: the database, or the mapper."""
    is_number = column.primary_key and not column.foreign_keys and column.autoincrement is not False
    return (
        (is_number and column.type.python_type is int)
        or column is mapper.version_id_col
        or column.computed is not None
    )


def _parents(mapper: Mapper[Any]) -> bool:
    return any(column.foreign_keys for column in _table(mapper).columns)


def _keys(column: Column[Any], session: Session) -> list[Any]:
    """Return the keys of the rows that a foreign key can refer to."""
    [key] = column.foreign_keys
    return list(session.scalars(select(key.column).limit(1000)))


def _needs_factory(mapper: Mapper[Any], reason: str) -> Exit:
    name = mapper.class_.__name__
    return Exit(
        f"No rows for {name}: {reason}. Write a factory in {project.package()}/seeds.py: "
        f"FACTORIES = {{{name}: a function of number, random and settings that returns one}}.",
        1,
    )
