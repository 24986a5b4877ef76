"""The tables of the chassis: failed logins, known places, revoked tokens.

A service imports them in its `models.py`, so that its migrations contain them.
"""

from datetime import datetime

from sqlalchemy import DateTime, Double, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from flask_chassis.db.database import Base

INSTANT = DateTime(timezone=True)


class FailedLogins(Base):
    """The number of failed logins of a user, from an IP address, or of a user from an IP address.

    The number is fractional because failed logins expire gradually. The subject is a digest,
    because users sometimes type their password into the field of the name. The digest hides it from
    view but is not secure: short names and addresses can be found by brute force.
    """

    __tablename__ = "failed_logins"

    subject: Mapped[str] = mapped_column(Text, primary_key=True)
    failures: Mapped[float] = mapped_column(Double)
    blocked_until: Mapped[datetime] = mapped_column(INSTANT)
    last_failure: Mapped[datetime] = mapped_column(INSTANT)

    __table_args__ = (Index("ix_failed_logins_last_failure", "last_failure"),)


class KnownPlace(Base):
    """A place, a user and an IP address from which the user has logged in, as a digest."""

    __tablename__ = "known_places"

    subject: Mapped[str] = mapped_column(Text, primary_key=True)
    last_login: Mapped[datetime] = mapped_column(INSTANT)

    __table_args__ = (Index("ix_known_places_last_login", "last_login"),)


class RevokedToken(Base):
    """A token that was revoked before it expired."""

    __tablename__ = "revoked_tokens"

    token_id: Mapped[str] = mapped_column(Text, primary_key=True)
    expires: Mapped[datetime] = mapped_column(INSTANT)

    __table_args__ = (Index("ix_revoked_tokens_expires", "expires"),)
