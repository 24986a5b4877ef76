"""Bills with items: a domain with money, dates, states and relations."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    Numeric,
    String,
    Text,
    UniqueConstraint,
    func,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from flask_chassis.db.database import Base, choice


class Status(StrEnum):
    """How far a bill has got."""

    DRAFT = "draft"
    SENT = "sent"
    PAID = "paid"


class Bill(Base):
    """A bill to a customer."""

    __tablename__ = "bills"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    number: Mapped[str] = mapped_column(String(20), unique=True)
    customer: Mapped[str] = mapped_column(Text)
    due_date: Mapped[date] = mapped_column("due")
    status: Mapped[Status] = mapped_column(default=Status.DRAFT)
    former_status: Mapped[Status | None] = mapped_column(choice(Status, "former_status"))
    written: Mapped[datetime] = mapped_column(server_default=func.now())
    revision: Mapped[int] = mapped_column(default=1)
    # Checked at the commit: two bills can replace each other in one transaction.
    replaces: Mapped[int | None] = mapped_column(
        ForeignKey("bills.id", deferrable=True, initially="DEFERRED")
    )
    items: Mapped[list[Item]] = relationship(cascade="all, delete-orphan", order_by="Item.position")

    __mapper_args__ = {"version_id_col": revision}  # noqa: RUF012  (SQLAlchemy declares it so)
    __table_args__ = (Index("uq_bills_customer_key", func.lower(customer), "due", unique=True),)


class Item(Base):
    """A line of a bill."""

    __tablename__ = "bill_items"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    bill_id: Mapped[int] = mapped_column(ForeignKey("bills.id"))
    position: Mapped[int]
    text: Mapped[str] = mapped_column(Text)
    unit_price: Mapped[Decimal] = mapped_column(Numeric(9, 2))
    quantity: Mapped[int]

    __table_args__ = (
        UniqueConstraint("bill_id", "position"),
        CheckConstraint("unit_price >= 0", name="price_not_negative"),
        CheckConstraint(
            "quantity > 0", name="some_quantity", info={"message": "Must be at least 1."}
        ),
    )
