"""The invoices' API."""

from flask import Response, url_for
from flask_chassis.auth.authentication import scope_required, token_required
from flask_chassis.db import database
from flask_chassis.http.etags import require_match
from flask_chassis.http.filters import before, contains, equals
from flask_chassis.http.listing import Listing, PageRequest
from flask_chassis.http.operations import operation
from flask_chassis.http.responses import created, no_content, ok
from flask_restx import Namespace, Resource
from werkzeug.exceptions import Conflict

from .models import Invoice, Item, Status
from .schemas import InvoiceChanges, InvoiceDetails, InvoiceSummary, NewInvoice

namespace = Namespace("invoices", path="/api/invoices")

INVOICES = Listing(
    Invoice,
    filters={
        "status": equals(Invoice.status),
        "due_before": before(Invoice.due),
        "customer": contains(Invoice.customer),
    },
    sort={"due": Invoice.due, "number": Invoice.number},
    default_sort="-id",
)


@namespace.route("/")
class InvoiceList(Resource):
    """All invoices."""

    @token_required
    @operation(query=INVOICES, response=list[InvoiceSummary])
    def get(self, page: PageRequest) -> Response:
        """List invoices."""
        with database.session() as session:
            return INVOICES.respond(session, page, InvoiceSummary)

    @scope_required("invoices:write")
    @operation(
        body=NewInvoice,
        response=InvoiceDetails,
        status=201,
        errors={409: "The number is taken"},
        etag=True,
        idempotent=True,
    )
    def post(self, body: NewInvoice) -> Response:
        """Create an invoice with its items."""
        with database.session() as session:  # all of it, or nothing
            items = [Item(**item.columns()) for item in body.items]
            invoice = Invoice(**body.columns(), items=items)
            session.add(invoice)
            session.flush()
            address = url_for("invoices_invoice_resource", id=invoice.id)
            return created(InvoiceDetails.of(invoice), address, etag=invoice.revision)


@namespace.route("/<int:id>/")
class InvoiceResource(Resource):
    """A single invoice."""

    @token_required
    @operation(response=InvoiceDetails, etag=True)
    def get(self, id: int) -> Response:
        """Show an invoice with its items."""
        with database.session() as session:
            invoice = database.get_or_404(session, Invoice, id)
            return ok(InvoiceDetails.of(invoice), etag=invoice.revision)

    @scope_required("invoices:write")
    @operation(
        body=InvoiceChanges,
        response=InvoiceDetails,
        errors={428: "The header `If-Match` is required"},
        etag=True,
    )
    def patch(self, id: int, body: InvoiceChanges) -> Response:
        """Change an invoice; `If-Match` has the ETag of the version that the caller has seen."""
        with database.session() as session:
            invoice = database.get_or_404(session, Invoice, id)
            require_match(invoice.revision)
            body.apply_to(invoice)
            if body.items is not None:
                invoice.items = [Item(**item.columns()) for item in body.items]
            session.flush()
            return ok(InvoiceDetails.of(invoice), etag=invoice.revision)

    @scope_required("invoices:write")
    @operation(description="Deleted", errors={409: "It is no longer a draft"}, etag=True)
    def delete(self, id: int) -> Response:
        """Delete a draft; with `If-Match` only the version that the caller has seen."""
        with database.session() as session:
            invoice = database.get_or_404(session, Invoice, id)
            require_match(invoice.revision, optional=True)
            if invoice.status != Status.DRAFT:
                raise Conflict(f"Invoice {id} is {invoice.status}. Only drafts can be deleted.")
            session.delete(invoice)
        return no_content()
