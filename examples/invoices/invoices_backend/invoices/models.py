"""How an invoice and its items are stored."""

from datetime import date
from decimal import Decimal
from enum import StrEnum

from flask_chassis.db.database import Base
from sqlalchemy import BigInteger, ForeignKey, Identity, Index, Numeric, String
from sqlalchemy.orm import Mapped, mapped_column, relationship


class Status(StrEnum):
    """What has become of an invoice."""

    DRAFT = "draft"
    SENT = "sent"
    PAID = "paid"


class Invoice(Base):
    """A bill to a customer."""

    __tablename__ = "invoices"
    __table_args__ = (Index("ix_invoices_due_id", "due", "id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    number: Mapped[str] = mapped_column(String(20), unique=True)
    customer: Mapped[str] = mapped_column(String(200))
    currency: Mapped[str] = mapped_column(String(3))
    due: Mapped[date]
    status: Mapped[Status] = mapped_column(default=Status.DRAFT)
    revision: Mapped[int] = mapped_column()
    items: Mapped[list["Item"]] = relationship(
        cascade="all, delete-orphan", lazy="selectin", order_by="Item.id"
    )

    # Of two edits at once, the second is refused.
    __mapper_args__ = {"version_id_col": revision}

    @property
    def total(self) -> Decimal:
        """The sum of all items, in the invoice's currency."""
        return sum((item.quantity * item.unit_price for item in self.items), Decimal())


class Item(Base):
    """A line of an invoice."""

    __tablename__ = "items"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoices.id"), index=True)
    description: Mapped[str] = mapped_column(String(200))
    quantity: Mapped[int]
    unit_price: Mapped[Decimal] = mapped_column(Numeric(14, 2))
