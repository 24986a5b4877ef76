"""The statements, made once; each is given its values when it is run.

They return rows, not objects of the model: nothing here changes a row that it has read.
"""

from sqlalchemy import bindparam, delete, func, insert, select

from .model import {{ cookiecutter.__resource_class }} as Stored

COLUMNS = (Stored.id, Stored.username, Stored.text, Stored.timestamp)

_is_older = Stored.id < bindparam("before")
_is_own = Stored.username == bindparam("username")
_matches = Stored.text.ilike(bindparam("pattern"), escape="\\")

_page = select(*COLUMNS).where(_is_older).order_by(Stored.id.desc()).limit(bindparam("fetch"))
_counted = select(Stored.id).limit(bindparam("count_up_to") + 1)
# Along an index. Without an order the table is read from its beginning, through all that is deleted.
_newest_counted = _counted.order_by(Stored.id.desc())

ALL = _page
OWN = _page.where(_is_own)

# A search looks at the newest first, which is enough for a text that many have. One that they lack
# is found by its index. PostgreSQL would choose by how many have the text, as if they were spread
# evenly: of a text that was frequent long ago, it would look for the newest through all since then.
LOOKED_THROUGH = 2000
_newest = select(*COLUMNS).where(_is_older).order_by(Stored.id.desc()).limit(LOOKED_THROUGH)
_among_newest = _newest.subquery()
MATCHING_NEWEST = (
    select(_among_newest)
    .where(_among_newest.c.text.ilike(bindparam("pattern"), escape="\\"))
    .order_by(_among_newest.c.id.desc())
    .limit(bindparam("fetch"))
)
# The same order as that of `_page`, in a way that the primary key has no part in.
MATCHING = _page.where(_matches).order_by(None).order_by(-Stored.id)

COUNT_ALL = select(func.count()).select_from(_newest_counted.subquery())
COUNT_OWN = select(func.count()).select_from(_newest_counted.where(_is_own).subquery())
COUNT_MATCHING = select(func.count()).select_from(_counted.where(_matches).subquery())

ONE = select(*COLUMNS).where(Stored.id == bindparam("id"))
NEW = insert(Stored).returning(*COLUMNS)
REMOVE = delete(Stored).where(Stored.id == bindparam("id_to_remove"))


def pattern_for(search: str) -> str:
    """Return the pattern that finds a text literally: `%` and `_` stand for themselves."""
    for special in ("\\", "%", "_"):
        search = search.replace(special, f"\\{special}")
    return f"%{search}%"
