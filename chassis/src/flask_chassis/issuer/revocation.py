"""Token revocation, for the logout.

Only the issuer rejects a revoked token. Other services accept it until it expires.
"""

from datetime import UTC, datetime, timedelta

from flask import Flask, current_app
from sqlalchemy import bindparam, delete, exists, select
from sqlalchemy.dialects.postgresql import insert

from flask_chassis.auth.tokens import Claims, Verifier
from flask_chassis.db import database
from flask_chassis.http.text import is_text
from flask_chassis.issuer.tables import RevokedToken
from flask_chassis.settings import Settings

IS_REVOKED = select(exists().where(RevokedToken.token_id == bindparam("token_id")))
REVOKE = insert(RevokedToken).on_conflict_do_nothing(index_elements=[RevokedToken.token_id])
FORGET_EXPIRED = delete(RevokedToken).where(RevokedToken.expires < bindparam("long_ago"))


def init_app(app: Flask, settings: Settings) -> None:
    """Make the token verifier reject revoked tokens."""
    verifier: Verifier = app.extensions["tokens"]
    verifier.refuse(is_refused)
    # Tokens are accepted for the leeway after they expire. Until then, the revocation must be kept.
    app.extensions["keep_revoked_for"] = timedelta(seconds=settings["tokens.leeway_seconds"])


def is_refused(claims: Claims) -> bool:
    """Return whether a token is revoked, or has no valid id to revoke it by."""
    if not claims.token_id or not is_text(claims.token_id):
        return True
    with database.autocommit() as connection:
        return bool(connection.scalar(IS_REVOKED, {"token_id": claims.token_id}))


def revoke(claims: Claims) -> None:
    """Revoke a token, and delete the revocations of expired tokens from the database."""
    expires = datetime.fromtimestamp(claims.expires, UTC)
    long_ago = datetime.now(UTC) - current_app.extensions["keep_revoked_for"]
    with database.transaction() as connection:
        connection.execute(REVOKE, {"token_id": claims.token_id, "expires": expires})
        connection.execute(FORGET_EXPIRED, {"long_ago": long_ago})
