"""What the invoices service serves. It keeps its invoices in memory."""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from flask import Blueprint, Flask, Response, current_app, url_for
from flask_restx import Namespace, Resource
from werkzeug.exceptions import Conflict, NotFound

from flask_chassis.auth.access import public
from flask_chassis.auth.authentication import scope_required, token_required
from flask_chassis.http import openapi
from flask_chassis.http.etags import require_match
from flask_chassis.http.operations import operation
from flask_chassis.http.responses import created, no_content, ok
from flask_chassis.settings import Settings

from .schemas import Filters, InvoiceChanges, InvoiceDetails, NewInvoice, Note, Status

namespace = Namespace("invoices", path="/api/invoices")
blueprint = Blueprint("notes", __name__)


@dataclass
class Item:
    """A line of an invoice, as it is stored."""

    name: str
    quantity: Decimal
    unit_price: Decimal
    tags: list[str]


@dataclass
class Invoice:
    """An invoice, as it is stored."""

    id: int
    number: str
    customer: str
    currency: str
    due: date
    items: list[Item]
    reference: UUID | None
    priority: int
    web: str | None
    seen: datetime | None
    labels: dict[str, str]
    status: Status = Status.DRAFT
    note: str | None = None
    revision: int = field(default=1)


def invoices() -> dict[int, Invoice]:
    """Return what is stored."""
    stored: dict[int, Invoice] = current_app.extensions["invoices"]
    return stored


def found(id: int) -> Invoice:
    """Return an invoice; NotFound without it."""
    if id not in invoices():
        raise NotFound(f"Invoice {id} not found.")
    return invoices()[id]


@namespace.route("/")
class InvoiceList(Resource):
    """All invoices."""

    @token_required
    @operation(query=Filters, response=list[InvoiceDetails])
    def get(self, query: Filters) -> Response:
        """List invoices."""
        listed = [
            invoice
            for invoice in invoices().values()
            if (query.status is None or invoice.status == query.status)
            and (query.due_before is None or invoice.due < query.due_before)
            and (not query.number or invoice.number in query.number)
        ]
        return ok([InvoiceDetails.of(invoice) for invoice in listed])

    @scope_required("invoices:write")
    @operation(
        body=NewInvoice,
        response=InvoiceDetails,
        status=201,
        errors={409: "The number is taken"},
        etag=True,
    )
    def post(self, body: NewInvoice) -> Response:
        """Create an invoice.

        With its items, or not at all.
        """
        if any(each.number == body.number for each in invoices().values()):
            raise Conflict("The number is taken.")
        new = len(invoices()) + 1
        items = [Item(**item.columns()) for item in body.items]
        invoices()[new] = invoice = Invoice(id=new, **body.columns(), items=items)
        location = url_for("invoices_invoice_resource", id=new)
        return created(InvoiceDetails.of(invoice), location, etag=invoice.revision)


@namespace.route("/<int(max=9999):id>/")
class InvoiceResource(Resource):
    """One invoice."""

    @token_required
    @operation(response=InvoiceDetails, etag=True)
    def get(self, id: int) -> Response:
        """Show an invoice."""
        invoice = found(id)
        return ok(InvoiceDetails.of(invoice), etag=invoice.revision)

    @scope_required("invoices:write")
    @operation(body=InvoiceChanges, response=InvoiceDetails, errors=[428], etag=True)
    def patch(self, id: int, body: InvoiceChanges) -> Response:
        """Change an invoice."""
        invoice = found(id)
        require_match(invoice.revision)
        body.apply_to(invoice)
        invoice.revision += 1
        return ok(InvoiceDetails.of(invoice), etag=invoice.revision)

    @scope_required("invoices:write")
    @operation(etag=True)
    def delete(self, id: int) -> Response:
        """Delete an invoice."""
        require_match(found(id).revision, optional=True)
        del invoices()[id]
        return no_content()


@blueprint.post("/api/notes/")
@public
@operation(body=Note, response=Note, operation_id="write_note")
def note(body: Note) -> Response:
    """Write a note."""
    return ok(body)


def init_app(app: Flask, settings: Settings) -> None:
    """Serve the invoices."""
    stored: dict[int, Any] = {}
    app.extensions["invoices"] = stored
    app.register_blueprint(blueprint)
    openapi.init_app(app, settings, "2.0", [namespace])
