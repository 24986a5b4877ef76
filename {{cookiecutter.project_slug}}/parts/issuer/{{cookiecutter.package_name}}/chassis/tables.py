"""The tables that the chassis has of its own; `models.py` has them in the migrations."""

from datetime import datetime

from sqlalchemy import DateTime, Double, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from .database import Base

INSTANT = DateTime(timezone=True)


class FailedLogins(Base):
    """How often logins have failed, of a user, from an address or both; a part of one is forgotten.

    Whom a row is about is a digest: people type their passwords where names belong. It is no
    secret, as short names and addresses can be found by trying.
    """

    __tablename__ = "failed_logins"

    subject: Mapped[str] = mapped_column(Text, primary_key=True)
    failures: Mapped[float] = mapped_column(Double)
    blocked_until: Mapped[datetime] = mapped_column(INSTANT)
    last_failure: Mapped[datetime] = mapped_column(INSTANT)

    __table_args__ = (Index("ix_failed_logins_last_failure", "last_failure"),)


class KnownPlace(Base):
    """An address that a user has logged in from; the two together are a digest."""

    __tablename__ = "known_places"

    subject: Mapped[str] = mapped_column(Text, primary_key=True)
    last_login: Mapped[datetime] = mapped_column(INSTANT)

    __table_args__ = (Index("ix_known_places_last_login", "last_login"),)


class RevokedToken(Base):
    """A token that was logged out before it expired."""

    __tablename__ = "revoked_tokens"

    token_id: Mapped[str] = mapped_column(Text, primary_key=True)
    expires: Mapped[datetime] = mapped_column(INSTANT)

    __table_args__ = (Index("ix_revoked_tokens_expires", "expires"),)
