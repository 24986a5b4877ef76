"""The statements, made once; each is given its values when it is run.

They return rows, not objects of the model: nothing here changes a row that it has read.
"""

from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    SQLColumnExpression,
    bindparam,
    delete,
    func,
    insert,
    select,
)

from ..chassis import pagination
from .model import {{ cookiecutter.__resource_class }} as Stored

COLUMNS = (Stored.id, Stored.username, Stored.text, Stored.timestamp)


def _has_pattern(text: SQLColumnExpression[str]) -> ColumnElement[bool]:
    return text.ilike(bindparam("pattern"), escape="\\")


def _count(rows: Select[Any]) -> Select[int]:
    return select(func.count()).select_from(rows.limit(bindparam("count_up_to") + 1).subquery())


_older = select(*COLUMNS).where(Stored.id < bindparam("before")).order_by(Stored.id.desc())
_page = _older.limit(bindparam("fetch"))
_is_own = Stored.username == bindparam("username")

# Counted newest first, along an index. From the table's other end, what was removed is read too.
_newest_ids = select(Stored.id).order_by(Stored.id.desc())
COUNT_ALL = _count(_newest_ids)
COUNT_OWN = _count(_newest_ids.where(_is_own))
COUNT_MATCHING = _count(select(Stored.id).where(_has_pattern(Stored.text)))

ALL = pagination.counted(_page, COUNT_ALL)
OWN = pagination.counted(_page.where(_is_own), COUNT_OWN)

# A search looks among the newest first, where a text that is frequent is found soon. Only of a
# rarer one, all that have it are fetched by the text's index, and sorted. PostgreSQL's own choice
# supposes that a text is spread evenly: for one that was frequent last year it would go through all
# since. (Sorting by -id keeps it from that; the primary key is of no use for it.)
LOOKED_THROUGH = 2000
_newest = _older.limit(LOOKED_THROUGH).subquery()
MATCHING_NEWEST = (
    select(_newest)
    .where(_has_pattern(_newest.c.text))
    .order_by(_newest.c.id.desc())
    .limit(bindparam("fetch"))
)
MATCHING = _page.where(_has_pattern(Stored.text)).order_by(None).order_by(-Stored.id)

ONE = select(*COLUMNS).where(Stored.id == bindparam("id"))
NEW = insert(Stored).returning(*COLUMNS)
REMOVE = delete(Stored).where(Stored.id == bindparam("id_to_remove"))


def pattern_for(search: str) -> str:
    """Return the pattern that finds a text literally: `%` and `_` stand for themselves."""
    for special in ("\\", "%", "_"):
        search = search.replace(special, f"\\{special}")
    return f"%{search}%"
