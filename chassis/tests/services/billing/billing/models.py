"""The service's models, and those of an issuer's chassis."""

from datetime import datetime

from sqlalchemy import BigInteger, DateTime, Identity, Index, Text, func
from sqlalchemy.orm import Mapped, mapped_column

from flask_chassis.db.database import Base
from flask_chassis.idempotency import tables as idempotency  # noqa: F401  (importing it registers it)
from flask_chassis.issuer import tables  # noqa: F401  (as above)

from . import bills  # noqa: F401  (as above)


class Invoice(Base):
    """An invoice of a user."""

    __tablename__ = "invoices"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    username: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    timestamp: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())

    __table_args__ = (Index("ix_invoices_username_id", "username", "id"),)


METADATA = Base.metadata
