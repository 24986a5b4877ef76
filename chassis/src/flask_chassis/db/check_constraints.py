"""CHECK constraints in migrations: Alembic plugin and rendering.

The plugin compares the conditions of models and database, which Alembic does not: PostgreSQL stores
a condition in words of its own. It creates the model's table as a temporary one, so that both
conditions are in these words. An enum with one more value differs by this.

A constraint that the models do not have is not a difference while it is NOT VALID: it is from the
first of two migrations, and the second one, which may be in a later release, validates it.
"""

import logging
from collections.abc import Sequence
from typing import Any, Literal

from alembic.autogenerate.api import AutogenContext
from alembic.operations import ops
from alembic.runtime.plugins import Plugin
from alembic.util import PriorityDispatchResult
from sqlalchemy import CheckConstraint, Connection, Dialect, Enum, MetaData, Row, Table, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.schema import CreateTable
from sqlalchemy.sql.elements import conv

from flask_chassis.db import constraints
from flask_chassis.db.base import NAMING_CONVENTION

log = logging.getLogger(__name__)

NAME = "flask_chassis.check_constraints"

CONDITIONS = text(
    "SELECT conname, pg_get_expr(conbin, conrelid) AS condition, convalidated FROM pg_constraint "
    "WHERE contype = 'c' AND conrelid = to_regclass(:table)"
)


def compare(
    autogen_context: AutogenContext,
    modify_table_ops: ops.ModifyTableOps,
    schema: str | None,
    name: str,
    database_table: Table | None,
    model: Table | None,
) -> PriorityDispatchResult:
    """Add operations that replace the constraints whose condition differs."""
    connection = autogen_context.connection
    if database_table is None or model is None or connection is None:
        return PriorityDispatchResult.CONTINUE
    wanted = _wanted(connection, model)
    if wanted is None:
        log.warning("The CHECK constraints of %s are not compared: it uses a missing type.", name)
        return PriorityDispatchResult.CONTINUE
    stored = {
        row.conname: row.condition
        for row in _constraints(connection, database_table)
        if row.convalidated or row.conname in wanted
    }
    for each in sorted(stored.keys() | wanted.keys()):
        old, new = stored.get(each), wanted.get(each)
        if old == new:
            continue
        if old is not None:
            constraint = CheckConstraint(old, name=conv(each), table=database_table)
            modify_table_ops.ops.append(ops.DropConstraintOp.from_constraint(constraint))
        if new is not None:
            condition = _as_in_model(model, each, connection.dialect) or new
            create = ops.CreateCheckConstraintOp(conv(each), name, condition, schema=schema)
            modify_table_ops.ops.append(create)
    return PriorityDispatchResult.CONTINUE


def _constraints(connection: Connection, table: Table) -> Sequence[Row[Any]]:
    """Return a table's constraints: their names, conditions as PostgreSQL writes them, validity."""
    name = connection.dialect.identifier_preparer.format_table(table)
    return connection.execute(CONDITIONS, {"table": name}).all()


def _wanted(connection: Connection, model: Table) -> dict[str, str] | None:
    """Return a model's conditions by name, from a temporary table; None if that is impossible."""
    metadata = MetaData(naming_convention=model.metadata.naming_convention)
    copy = model.to_metadata(metadata, schema="pg_temp")
    savepoint = connection.begin_nested()
    try:
        connection.execute(CreateTable(copy, include_foreign_key_constraints=[]))
        return {row.conname: row.condition for row in _constraints(connection, copy)}
    except DBAPIError:
        return None
    finally:
        savepoint.rollback()


def _as_in_model(model: Table, name: str, dialect: Dialect) -> str | None:
    found = constraints.find(model, name)
    return _sql(found, dialect) if isinstance(found, CheckConstraint) else None


def _sql(constraint: CheckConstraint, dialect: Dialect) -> str:
    options = {"literal_binds": True, "include_table": False}
    compiled = constraint.sqltext.compile(dialect=dialect, compile_kwargs=options)
    return str(compiled).replace("%%", "%")  # the compiler doubles it for psycopg2


def render(kind: str, subject: object, autogen_context: AutogenContext) -> str | Literal[False]:
    """Render enums that are texts as texts, and their CHECK constraints as any other.

    Alembic would render the constraint as a part of the type, without its name.
    """
    if kind == "type" and isinstance(subject, Enum) and not subject.native_enum:
        return f"sa.String(length={subject.length})"
    if kind == "check" and isinstance(subject, CheckConstraint) and subject.name:
        condition = _sql(subject, autogen_context.dialect)
        return f"sa.CheckConstraint({condition!r}, name=op.f({_full_name(subject)!r}))"
    return False


def _full_name(constraint: CheckConstraint) -> str:
    """Return a name as the convention makes it, also in a copy that Alembic made without it."""
    name, table = str(constraint.name), constraint.table
    if isinstance(constraint.name, conv) or not isinstance(table, Table):
        return name
    return NAMING_CONVENTION["ck"] % {"table_name": table.name, "constraint_name": name}


_plugin = Plugin(NAME)
_plugin.add_autogenerate_comparator(compare, "table", "flask_chassis_check_constraints")
