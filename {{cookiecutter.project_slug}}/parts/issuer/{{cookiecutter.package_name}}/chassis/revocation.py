"""Ends tokens before they expire: this service refuses them, the others once they have expired."""

from datetime import UTC, datetime, timedelta

from flask import Flask, current_app
from sqlalchemy import bindparam, delete, exists, select
from sqlalchemy.dialects.postgresql import insert

from . import bodies, database
from .settings import Settings
from .tables import RevokedToken
from .tokens import Claims, Verifier

IS_REVOKED = select(exists().where(RevokedToken.token_id == bindparam("token_id")))
REVOKE = insert(RevokedToken).on_conflict_do_nothing(index_elements=[RevokedToken.token_id])
FORGET_EXPIRED = delete(RevokedToken).where(RevokedToken.expires < bindparam("long_ago"))


def init_app(app: Flask, settings: Settings) -> None:
    """Have revoked tokens refused."""
    verifier: Verifier = app.extensions["tokens"]
    verifier.refuse(is_refused)
    # An expired token is still accepted for so long, and must not come back to life in it.
    app.extensions["keep_revoked_for"] = timedelta(seconds=settings["tokens.leeway_seconds"])


def is_refused(claims: Claims) -> bool:
    """Whether a token is revoked, or has no id that it could be revoked by."""
    if not claims.token_id or not bodies.is_text(claims.token_id):
        return True
    with database.connection() as connection:
        return bool(connection.scalar(IS_REVOKED, {"token_id": claims.token_id}))


def revoke(claims: Claims) -> None:
    """Refuse a token from now on, and forget those that have expired meanwhile."""
    expires = datetime.fromtimestamp(claims.expires, UTC)
    long_ago = datetime.now(UTC) - current_app.extensions["keep_revoked_for"]
    with database.transaction() as connection:
        connection.execute(REVOKE, {"token_id": claims.token_id, "expires": expires})
        connection.execute(FORGET_EXPIRED, {"long_ago": long_ago})
