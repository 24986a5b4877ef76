"""What the service serves: the invoices of its users."""

from flask import Flask, Response
from flask_restx import Namespace, Resource
from pydantic import Field
from sqlalchemy import insert, select

from flask_chassis.auth.authentication import caller, token_required
from flask_chassis.db import database
from flask_chassis.http import openapi
from flask_chassis.http.operations import operation
from flask_chassis.http.responses import created, ok
from flask_chassis.http.schemas import Schema
from flask_chassis.settings import Settings

from .models import Invoice

API_VERSION = "1.0"

namespace = Namespace("invoices", path="/api/invoices")


class NewInvoice(Schema):
    """An invoice that is to be created."""

    text: str = Field(min_length=1)


class InvoiceDetails(Schema):
    """An invoice."""

    id: int
    text: str


@namespace.route("/")
class InvoiceList(Resource):
    """The caller's invoices."""

    @token_required
    @operation(response=list[InvoiceDetails])
    def get(self) -> Response:
        """List the caller's own invoices."""
        mine = select(Invoice.id, Invoice.text).where(Invoice.username == caller().username)
        with database.autocommit() as connection:
            return ok([InvoiceDetails.of(row) for row in connection.execute(mine)])

    @token_required
    @operation(body=NewInvoice, response=InvoiceDetails, status=201, idempotent=True)
    def post(self, body: NewInvoice) -> Response:
        """Create an invoice."""
        new = insert(Invoice).values(username=caller().username, **body.columns())
        with database.autocommit() as connection:
            row = connection.execute(new.returning(Invoice.id, Invoice.text)).one()
        return created(InvoiceDetails.of(row))


def init_app(app: Flask, settings: Settings) -> None:
    """Serve the API."""
    openapi.init_app(app, settings, API_VERSION, [namespace])
