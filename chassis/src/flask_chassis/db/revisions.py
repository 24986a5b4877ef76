"""Optimistic locking: a collection that changes raises the revision of the object that has it.

SQLAlchemy raises a `version_id_col` only with an UPDATE of the object's own row. An invoice whose
items are replaced would keep its revision, and with it the ETag: the second of two changes at once
would overwrite the first, and `If-None-Match` would answer 304 for an invoice that has changed.
"""

from typing import Any

from sqlalchemy import Connection, event
from sqlalchemy.orm import Mapper, Session, object_mapper
from sqlalchemy.orm.attributes import flag_modified

from flask_chassis.db.swallowed_errors import CONNECTION


class RevisingSession(Session):
    """An ORM session that raises the revision of an object if one of its collections changes.

    An object has a revision if its mapper has a `version_id_col`; it needs another column besides.
    The values of members are not looked at: if they change alone, flag the object that has them
    with `flag_modified`.
    """


@event.listens_for(RevisingSession, "after_begin")
def _keep_connection(session: Session, _: Any, connection: Connection) -> None:
    session.info[CONNECTION] = connection


@event.listens_for(RevisingSession, "before_flush")
def _raise_revisions(session: Session, *_: Any) -> None:
    for entity in session.dirty:
        mapper = object_mapper(entity)
        if mapper.version_id_col is None:
            continue
        row = session.is_modified(entity, include_collections=False)
        # An UPDATE needs a column to set: one that keeps its value.
        if session.is_modified(entity) and not row and (key := _column(mapper)):
            getattr(entity, key)  # loads what is deferred
            flag_modified(entity, key)


def _column(mapper: Mapper[Any]) -> str | None:
    """Return the attribute of a column that is neither the revision nor a part of a key."""
    for attribute in mapper.column_attrs:
        column = attribute.columns[0]
        if column.table is mapper.local_table and not (
            column.primary_key or column.foreign_keys or column is mapper.version_id_col
        ):
            return attribute.key
    return None
