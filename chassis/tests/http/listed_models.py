"""Models for the tests of lists: with what the seeded example does not have."""

import enum
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID, uuid4

from sqlalchemy import (
    BigInteger,
    Boolean,
    DateTime,
    Float,
    ForeignKey,
    Identity,
    Index,
    Numeric,
    String,
    Text,
)
from sqlalchemy.dialects.postgresql import REAL
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    """Not the service's: its migrations know nothing of these tables."""


class Status(enum.Enum):
    """What became of an invoice. In the database: in this order, by name."""

    SENT = "sent"
    DRAFT = "draft"
    PAID = "paid"


class Invoice(Base):
    """A bill to a customer."""

    __tablename__ = "listed_invoices"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    number: Mapped[str] = mapped_column(String(20))
    customer: Mapped[str] = mapped_column(Text, default="Acme")
    due: Mapped[date | None]
    amount: Mapped[Decimal] = mapped_column(Numeric(14, 2))
    status: Mapped[Status] = mapped_column(default=Status.DRAFT)
    is_urgent: Mapped[bool] = mapped_column(Boolean, default=False)
    items: Mapped[list["Item"]] = relationship(order_by="Item.id")

    __table_args__ = (
        Index("ix_listed_invoices_due_id", "due", "id"),
        Index("ix_listed_invoices_number_id", "number", "id"),
    )


class Item(Base):
    """A line of an invoice."""

    __tablename__ = "listed_items"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    invoice_id: Mapped[int] = mapped_column(ForeignKey("listed_invoices.id"))
    text: Mapped[str] = mapped_column(Text)


class Payment(Base):
    """A payment, with an id that is not a number, and columns that may be NULL."""

    __tablename__ = "listed_payments"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    paid: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    amount: Mapped[float | None] = mapped_column(Numeric(30, 10, asdecimal=False))
    rate: Mapped[float | None] = mapped_column(Float(asdecimal=True))
    share: Mapped[float | None] = mapped_column(REAL)
    payer: Mapped[str | None] = mapped_column(String(40))
    method: Mapped[Status | None]


class Reading(Base):
    """What a meter showed: its key has two columns."""

    __tablename__ = "listed_readings"

    meter: Mapped[str] = mapped_column(String(10), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    value: Mapped[int]
