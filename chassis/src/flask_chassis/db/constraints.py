"""Finds the fields that a violated constraint is about, in the models."""

import re

from sqlalchemy import (
    URL,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    Table,
)
from sqlalchemy.exc import CompileError, InvalidRequestError
from sqlalchemy.schema import ColumnCollectionConstraint

from flask_chassis.db.base import Base
from flask_chassis.db.engines import DRIVER

Named = ColumnCollectionConstraint | Index

_names = URL.create(DRIVER).get_dialect()().identifier_preparer
_LITERALS = re.compile(r"'[^']*'")
_WORDS = re.compile(r"\w+")


def table(schema: str | None, name: str | None) -> Table | None:
    """Return a table of the models, or None if no model has it."""
    if name is None:
        return None
    tables = Base.metadata.tables
    found = tables.get(f"{schema}.{name}")
    return tables.get(name) if found is None else found


def find(table: Table, name: str | None) -> Named | None:
    """Return the constraint or unique index of a table with this name in the database."""
    for candidate in (*table.constraints, *table.indexes):
        if isinstance(candidate, Named) and name is not None and _name(candidate) == name:
            return candidate
    return None


def fields(constraint: Named) -> list[str]:
    """Return the names of the attributes that a constraint is about, in the models' words.

    The condition of a CHECK that is written as text is searched for names of columns.
    """
    columns: list[Column[object]] = list(constraint.columns)
    owner = constraint.table
    if not columns and isinstance(constraint, CheckConstraint) and isinstance(owner, Table):
        words = set(_WORDS.findall(_LITERALS.sub("", str(constraint.sqltext))))
        columns = [column for column in owner.columns if column.name in words]
    return [field(column) for column in columns]


def referred_fields(constraint: ForeignKeyConstraint) -> list[str]:
    """Return the attributes that a foreign key refers to."""
    return [field(element.column) for element in constraint.elements]


def field(column: Column[object]) -> str:
    """Return the name of a column's attribute in its model."""
    for mapper in Base.registry.mappers:
        if mapper.local_table is column.table and column in mapper.columns.values():
            return mapper.get_property_by_column(column).key
    return column.key


def _name(constraint: Named) -> str | None:
    """Return a name as it is in the database: from the naming convention, 63 bytes at most."""
    try:
        if isinstance(constraint, Index):
            return _unquoted(_names.format_index(constraint))
        return _unquoted(_names.format_constraint(constraint))
    except (CompileError, InvalidRequestError):  # without a name
        return None


def _unquoted(name: str | None) -> str | None:
    return None if name is None else name.removeprefix('"').removesuffix('"').replace('""', '"')
