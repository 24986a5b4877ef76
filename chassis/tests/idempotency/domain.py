"""Idempotent operations on bills, in each way to the database."""

from collections.abc import Callable
from contextlib import suppress
from datetime import date

from flask import Blueprint, Flask, Response
from flask_restx import Namespace, Resource
from pydantic import Field
from sqlalchemy import Insert, insert
from sqlalchemy.exc import IntegrityError
from werkzeug.exceptions import NotFound

from billing.bills import Bill, Status
from flask_chassis.auth.authentication import caller, token_required
from flask_chassis.db import database
from flask_chassis.http import openapi, responses
from flask_chassis.http.operations import operation
from flask_chassis.http.schemas import Schema
from flask_chassis.settings import Settings

TODAY = date(2026, 12, 1)

namespace = Namespace("bills", path="/bills")
blueprint = Blueprint("plain", __name__)


class NewBill(Schema):
    """A bill that is to be created."""

    number: str = Field(max_length=30)
    customer: str | None = None
    price: float | None = None


class BillDetails(Schema):
    """A bill."""

    number: str


def _bill(body: NewBill) -> Bill:
    return Bill(number=body.number, customer=body.customer or body.number, due_date=TODAY)


def with_session(body: NewBill) -> None:
    """Store a bill with the ORM."""
    with database.session() as session:
        session.add(_bill(body))


def with_transaction(body: NewBill) -> None:
    """Store a bill with Core."""
    with database.transaction() as connection:
        connection.execute(_insert(body))


def with_autocommit(body: NewBill) -> None:
    """Store a bill with a single statement."""
    with database.autocommit() as connection:
        connection.execute(_insert(body))


def with_all(body: NewBill) -> None:
    """Store three bills, one after the other."""
    for way in (with_session, with_transaction, with_autocommit):
        way(body.model_copy(update={"number": f"{body.number}-{way.__name__}", "customer": None}))


def with_savepoints(body: NewBill) -> None:
    """Store a bill, fail to store it again, and go on."""
    for way in (with_session, with_transaction, with_autocommit):
        with suppress(IntegrityError):
            way(body)


def then_raising(body: NewBill) -> None:
    """Store a bill, then find that something is missing."""
    with_session(body)
    raise NotFound("Something else is missing.")


def then_failing(body: NewBill) -> None:
    """Store a bill, then fail."""
    with_session(body)
    raise RuntimeError


def then_refusing(body: NewBill) -> Response:
    """Store a bill, then return an error."""
    with_session(body)
    return responses.json({"message": "Not now."}, 409)


def then_committing(body: NewBill) -> None:
    """Store a bill and commit it by hand, which is refused."""
    with database.autocommit() as connection:
        connection.execute(_insert(body))
        connection.commit()


def then_rolling_back(body: NewBill) -> None:
    """Store a bill and undo everything by hand, which is refused."""
    with database.transaction() as connection:
        connection.execute(_insert(body))
        connection.rollback()


def session_rolled_back(body: NewBill) -> None:
    """Store a bill, and undo that alone."""
    with database.session() as session:
        session.add(_bill(body))
        session.flush()
        session.rollback()


def deferred(body: NewBill) -> None:
    """Store a bill that replaces one that does not exist, which is found at the commit."""
    with database.transaction() as connection:
        connection.execute(_insert(body).values(replaces=999))


def streaming(body: NewBill) -> Response:
    """Store a bill, and return a stream."""
    with_session(body)
    return Response(iter([b"part"]))


def pair(body: NewBill) -> tuple[dict[str, str], int, dict[str, str]]:
    """Store a bill, and return what Flask makes a response of."""
    with_session(body)
    return {"number": body.number}, 202, {"X-Own": "yes"}


def _insert(body: NewBill) -> Insert:
    return insert(Bill).values(
        number=body.number,
        customer=body.customer or body.number,
        due_date=TODAY,
        status=Status.DRAFT,
        revision=1,
    )


WAYS: dict[str, Callable[[NewBill], object]] = {
    way.__name__: way
    for way in (
        with_session,
        with_transaction,
        with_autocommit,
        with_all,
        with_savepoints,
        then_raising,
        then_failing,
        then_refusing,
        then_committing,
        then_rolling_back,
        session_rolled_back,
        deferred,
        streaming,
        pair,
    )
}

EXECUTED: list[str] = []
"""The numbers of the bills that the views were called for."""

HOOKS: list[Callable[[], None]] = []
"""What is called in a view after it has stored its bill."""


def create(way: str, body: NewBill) -> object:
    """Create a bill."""
    EXECUTED.append(f"{caller().username} {body.number}")
    answer = WAYS[way](body)
    for hook in HOOKS:
        hook()
    if answer is not None:
        return answer
    headers = {"Set-Cookie": "seen=1", "X-Own": "yes"}
    return responses.created(
        BillDetails(number=body.number), f"/bills/{body.number}/", etag=1, headers=headers
    )


@namespace.route("/<way>/")
class BillList(Resource):
    """Bills."""

    @token_required
    @operation(
        body=NewBill,
        response=BillDetails,
        status=201,
        errors={409: "It exists"},
        etag=True,
        idempotent=True,
    )
    def post(self, way: str, body: NewBill) -> object:
        """Create a bill."""
        return create(way, body)


@blueprint.post("/plain/<way>/")
@token_required
@operation(body=NewBill, response=BillDetails, status=201, idempotent="required")
def post(way: str, body: NewBill) -> object:
    """Create a bill with a key, which is required."""
    return create(way, body)


@blueprint.post("/empty/")
@token_required
@operation(description="Done", idempotent=True)
def empty() -> Response:
    """Do something without a body."""
    EXECUTED.append("empty")
    return responses.no_content()


def init_app(app: Flask, settings: Settings) -> None:
    """Serve the operations."""
    app.register_blueprint(blueprint)
    openapi.init_app(app, settings, "1.0", [namespace])
