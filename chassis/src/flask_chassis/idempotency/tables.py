"""The table of the idempotency keys.

A service with idempotent operations imports it in its `models.py`, so that its migrations contain
it.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, LargeBinary, SmallInteger, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from flask_chassis.db.database import Base


class IdempotencyKey(Base):
    """A request that was executed, and the response that its repetitions get."""

    __tablename__ = "idempotency_keys"

    scope: Mapped[str] = mapped_column(Text, primary_key=True)
    """Digest of the caller, the method, the path and the key."""

    fingerprint: Mapped[str] = mapped_column(Text)
    """Digest of the query string and the body."""

    status: Mapped[int] = mapped_column(SmallInteger)
    headers: Mapped[list[Any]] = mapped_column(JSONB)
    """Pairs of name and value."""

    body: Mapped[bytes] = mapped_column(LargeBinary)
    expires: Mapped[datetime]

    __table_args__ = (Index("ix_idempotency_keys_expires", "expires"),)
