"""The statements, made once; each is given its values when it is run.

They return rows, not objects of the model: nothing here changes a row that it has read.
"""

from sqlalchemy import bindparam, delete, func, insert, select

from .model import {{ cookiecutter.__resource_class }} as Stored

COLUMNS = (Stored.id, Stored.username, Stored.text, Stored.timestamp)

_matches = Stored.text.ilike(bindparam("pattern"), escape="\\")
_is_own = Stored.username == bindparam("username")
_page = (
    select(*COLUMNS)
    .where(Stored.id < bindparam("before"))
    .order_by(Stored.id.desc())
    .limit(bindparam("fetch"))
)
_some = select(Stored.id).limit(bindparam("count_up_to") + 1)

ALL = _page
MATCHING = _page.where(_matches)
OWN = _page.where(_is_own)

COUNT_ALL = select(func.count()).select_from(_some.subquery())
COUNT_MATCHING = select(func.count()).select_from(_some.where(_matches).subquery())
COUNT_OWN = select(func.count()).select_from(_some.where(_is_own).subquery())

ONE = select(*COLUMNS).where(Stored.id == bindparam("id"))
NEW = insert(Stored).returning(*COLUMNS)
REMOVE = delete(Stored).where(Stored.id == bindparam("id_to_remove"))


def pattern_for(search: str) -> str:
    """Return the pattern that finds a text literally: `%` and `_` stand for themselves."""
    for special in ("\\", "%", "_"):
        search = search.replace(special, f"\\{special}")
    return f"%{search}%"
