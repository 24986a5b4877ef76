"""Stores the responses of idempotent requests, in the transaction of the request.

The statements name the table themselves: importing this module must not add the table to the
models of a service, whose migrations would lack it.
"""

import json
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection, text

REMOVED_AT_ONCE = 10
"""How many expired rows each new row removes: more than one, so that the table shrinks again."""

# Of the transaction, not of the session: behind PgBouncer, transactions share a session.
LOCK = text("SELECT pg_try_advisory_xact_lock(:lock)")

FIND = text("""
SELECT fingerprint, status, headers, body, expires <= now() AS is_expired
FROM idempotency_keys WHERE scope = :scope
""")

REMOVE = text("DELETE FROM idempotency_keys WHERE scope = :scope")

# SKIP LOCKED, so that concurrent requests neither wait for each other nor end in a deadlock.
_REMOVE_EXPIRED = """
DELETE FROM idempotency_keys WHERE scope IN (
    SELECT scope FROM idempotency_keys WHERE expires <= now()
    ORDER BY expires LIMIT :most FOR UPDATE SKIP LOCKED
)"""

REMOVE_EXPIRED = text(_REMOVE_EXPIRED)

# One statement, for one round trip.
STORE = text(f"""
WITH expired AS ({_REMOVE_EXPIRED})
INSERT INTO idempotency_keys (scope, fingerprint, status, headers, body, expires)
VALUES (:scope, :fingerprint, :status, CAST(:headers AS jsonb), :body, now() + :keep_for)
ON CONFLICT DO NOTHING
""")  # noqa: S608  (constants)


@dataclass(frozen=True, slots=True)
class Stored:
    """The response of a request, without what belongs to its first transmission alone."""

    fingerprint: str
    """Digest of the request."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


def lock(connection: Connection, scope: str) -> bool:
    """Lock a scope, a digest in hexadecimal, until the end of the transaction.

    Returns False if another transaction has it. Only the holder finds and stores the response.
    """
    number = int.from_bytes(bytes.fromhex(scope)[:8], signed=True)
    return bool(connection.scalar(LOCK, {"lock": number}))


def find(connection: Connection, scope: str) -> Stored | None:
    """Return what was stored, or None; removes it if it has expired.

    A statement of its own after the lock, so that it sees what the former holder has committed.
    """
    row = connection.execute(FIND, {"scope": scope}).one_or_none()
    if row is None:
        return None
    if row.is_expired:
        connection.execute(REMOVE, {"scope": scope})
        return None
    headers = [(name, value) for name, value in row.headers]
    return Stored(row.fingerprint, row.status, headers, bytes(row.body))


def add(connection: Connection, scope: str, stored: Stored, keep_for: timedelta) -> bool:
    """Store a response, and remove a few expired ones; returns False if there is one already."""
    values = {
        "scope": scope,
        "fingerprint": stored.fingerprint,
        "status": stored.status,
        "headers": json.dumps(stored.headers),
        "body": stored.body,
        "keep_for": keep_for,
        "most": REMOVED_AT_ONCE,
    }
    return connection.execute(STORE, values).rowcount == 1


def remove_expired(connection: Connection, most: int) -> int:
    """Remove expired responses, at most so many; returns how many were removed."""
    return connection.execute(REMOVE_EXPIRED, {"most": most}).rowcount
