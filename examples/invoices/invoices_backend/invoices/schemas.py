"""Schemas, which validate requests, serialize responses and document both."""

from datetime import date
from decimal import Decimal

from flask_chassis.http.schemas import Currency, Money, Omittable, Schema, ShortText
from pydantic import Field

from .models import Status


class NewItem(Schema):
    """A line of a new invoice."""

    description: ShortText
    quantity: int = Field(ge=1, le=1_000_000)
    unit_price: Money = Field(description="In the invoice's currency; negative for a discount")


class NewInvoice(Schema):
    """What creates an invoice: a draft, with all its items."""

    number: ShortText = Field(max_length=20, examples=["2026-0001"])
    customer: ShortText
    currency: Currency
    due: date
    items: list[NewItem] = Field(min_length=1, max_length=500)


class InvoiceChanges(Schema):
    """What PATCH may change; a field that is left out stays."""

    due: Omittable[date] = None
    status: Omittable[Status] = None
    items: Omittable[list[NewItem]] = Field(
        None, min_length=1, max_length=500, description="Replaces all items"
    )


class ItemDetails(Schema):
    """A line of an invoice."""

    description: str
    quantity: int
    unit_price: Money


class InvoiceSummary(Schema):
    """An invoice in a list."""

    id: int
    number: str
    customer: str
    currency: str
    due: date
    status: Status
    total: Decimal = Field(description="The sum of all items")


class InvoiceDetails(InvoiceSummary):
    """An invoice with its items."""

    items: list[ItemDetails]
