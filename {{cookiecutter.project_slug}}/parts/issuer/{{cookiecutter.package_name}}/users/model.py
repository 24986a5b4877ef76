"""How users are stored."""

from datetime import datetime

from flask_chassis.db.database import Base
from sqlalchemy import BigInteger, DateTime, Identity, Text, func
from sqlalchemy.orm import Mapped, mapped_column


class User(Base):
    """Somebody who can log in."""

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    # Equal for names that count as the same: see flask_chassis.issuer.usernames.
    name_key: Mapped[str] = mapped_column(Text, unique=True)
    # Equal for names that look the same, with letters of other scripts for example.
    name_skeleton: Mapped[str] = mapped_column(Text, unique=True)
    password_hash: Mapped[str] = mapped_column(Text)
    # The scopes of the user's tokens, separated by spaces.
    scope: Mapped[str] = mapped_column(Text)
    created: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
