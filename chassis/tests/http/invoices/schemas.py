"""The schemas of the invoices."""

import enum
from datetime import date
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from pydantic import Field, computed_field, field_validator, model_validator

from flask_chassis.http.schemas import (
    Currency,
    HttpUrl,
    Money,
    Omittable,
    Schema,
    ShortText,
    Text,
    UtcDatetime,
)


class Status(enum.StrEnum):
    """The state of an invoice."""

    DRAFT = "draft"
    SENT = "sent"
    PAID = "paid"


class Priority(enum.IntEnum):
    """How soon to look at an invoice."""

    LOW = 1
    HIGH = 2


class NewItem(Schema):
    """A line of a new invoice."""

    name: ShortText
    quantity: Annotated[Decimal, Field(gt=0, le=Decimal("9999999.99"), decimal_places=2)]
    unit_price: Money = Field(ge=0)
    tags: list[ShortText] = Field(default_factory=list, max_length=5)


class Address(Schema):
    """Where to send something."""

    street: ShortText
    country: str = Field(pattern="^[A-Z]{2}$")


class InvoiceFields(Schema):
    """What new invoices and shown ones have in common."""

    number: ShortText = Field(max_length=20, examples=["2026-0001"])
    customer: ShortText
    currency: Currency
    due: date


class NewInvoice(InvoiceFields):
    """A new invoice."""

    items: list[NewItem] = Field(min_length=1, max_length=500)
    address: Address | None = None
    reference: UUID | None = None
    priority: Priority = Priority.LOW
    web: HttpUrl | None = None
    seen: UtcDatetime | None = None
    labels: dict[str, Text] = Field(default_factory=dict)

    @field_validator("number")
    @classmethod
    def is_ascii(cls, number: str) -> str:
        """Refuse other scripts."""
        if not number.isascii():
            raise ValueError("Must be ASCII.")
        return number

    @model_validator(mode="before")
    @classmethod
    def takes_old_name(cls, sent: object) -> object:
        """Accept an old name: after such a validator, Pydantic's strict mode takes no dates."""
        if isinstance(sent, dict) and "client" in sent:
            return {name: value for name, value in sent.items() if name != "client"} | {
                "customer": sent["client"]
            }
        return sent


class InvoiceChanges(Schema):
    """What PATCH may change; a field that is left out stays."""

    status: Omittable[Status] = None
    due: Omittable[date] = None
    note: Text | None = None


class Note(Schema):
    """A flat schema, which a form can hold."""

    text: Text
    day: date | None = None
    count: int = Field(default=1, ge=1, le=9)
    amount: Money | None = None
    is_public: bool = False
    status: Status = Status.DRAFT
    tags: list[ShortText] = Field(default_factory=list)
    numbers: list[int] = Field(default_factory=list)


class Filters(Schema):
    """The query of a list."""

    status: Status | None = Field(default=None, description="Only those in this state")
    due_before: date | None = None
    number: list[ShortText] = Field(default_factory=list)
    paid: bool | None = None


class ItemDetails(Schema):
    """A line of an invoice."""

    name: str
    quantity: Decimal
    unit_price: Money


class InvoiceDetails(InvoiceFields):
    """An invoice."""

    id: int
    status: Status
    note: str | None = None
    reference: UUID | None
    seen: UtcDatetime | None
    items: list[ItemDetails]

    @computed_field
    def total(self) -> Money:
        """The sum of all items."""
        return round(sum((item.quantity * item.unit_price for item in self.items), Decimal()), 2)
