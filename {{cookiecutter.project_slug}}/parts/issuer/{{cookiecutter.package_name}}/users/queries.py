"""SQL statements, built once; values are bound when a statement is executed.

They return rows, not objects of the model, as nothing changes a row that it has read.
"""

from sqlalchemy import bindparam, select, update
from sqlalchemy.dialects.postgresql import insert

from .model import User

BY_NAME = select(User.id, User.name, User.scope, User.password_hash).where(
    User.name_key == bindparam("name_key")
)
NEW = (
    insert(User)
    .on_conflict_do_nothing()  # the same name, or one that looks the same
    .returning(User.id, User.name, User.scope, User.created)
)
# Only if the password has not changed in the meantime.
REHASH = (
    update(User)
    .where(User.id == bindparam("whose"), User.password_hash == bindparam("outdated"))
    .values(password_hash=bindparam("renewed"))
)
