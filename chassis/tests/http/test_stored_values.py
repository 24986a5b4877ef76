"""What a response to POST or PATCH says is what PostgreSQL stores, for each type of fields."""

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from types import SimpleNamespace
from typing import Annotated, Any
from uuid import UUID

import pytest
from flask import Flask, Response
from flask.testing import FlaskClient
from flask_restx import Namespace, Resource
from pydantic import Field
from sqlalchemy import BigInteger, DateTime, Engine, Identity, Numeric, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from billing import app as application
from flask_chassis.auth.access import public
from flask_chassis.db import database
from flask_chassis.http import openapi, schemas
from flask_chassis.http.operations import operation
from flask_chassis.http.responses import created, ok
from flask_chassis.settings import Settings


class Color(StrEnum):
    """A choice."""

    RED = "red"
    BLUE = "blue"


class Base(DeclarativeBase):
    """Not the service's: its migrations know nothing of these tables."""


class Thing(Base):
    """A row with a column of each type that fields have."""

    __tablename__ = "stored_things"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    name: Mapped[str | None] = mapped_column(String(200))
    text: Mapped[str | None] = mapped_column(Text)
    count: Mapped[int | None]
    ratio: Mapped[Decimal | None] = mapped_column(Numeric(14, 4))
    whole: Mapped[Decimal | None] = mapped_column(Numeric(30, 0))
    long: Mapped[Decimal | None] = mapped_column(Numeric(40, 10))
    free: Mapped[Decimal | None] = mapped_column(Numeric)
    amount: Mapped[Decimal | None] = mapped_column(Numeric(14, 2))
    weight: Mapped[float | None]
    currency: Mapped[str | None] = mapped_column(String(3))
    is_open: Mapped[bool | None]
    day: Mapped[date | None]
    at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    key: Mapped[UUID | None]
    link: Mapped[str | None] = mapped_column(String(2083))
    color: Mapped[Color | None]


class ThingFields(schemas.Schema):
    """A field of each type."""

    name: schemas.ShortText | None = None
    text: schemas.Text | None = None
    count: Annotated[int, Field(ge=-(2**31), le=2**31 - 1)] | None = None
    ratio: Annotated[Decimal, Field(max_digits=14, decimal_places=4)] | None = None
    whole: Annotated[Decimal, Field(max_digits=30, decimal_places=0)] | None = None
    long: Annotated[Decimal, Field(max_digits=40, decimal_places=10)] | None = None
    free: Decimal | None = None
    amount: schemas.Money | None = None
    weight: float | None = None
    currency: schemas.Currency | None = None
    is_open: bool | None = None
    day: date | None = None
    at: schemas.UtcDatetime | None = None
    key: UUID | None = None
    link: schemas.HttpUrl | None = None
    color: Color | None = None


class ThingDetails(schemas.Schema):
    """A thing as it is shown: what is stored, whatever the limits."""

    id: int
    name: str | None
    text: str | None
    count: int | None
    ratio: Decimal | None
    whole: Decimal | None
    long: Decimal | None
    free: Decimal | None
    amount: Decimal | None
    weight: float | None
    currency: str | None
    is_open: bool | None
    day: date | None
    at: schemas.UtcDatetime | None
    key: UUID | None
    link: str | None
    color: Color | None


namespace = Namespace("things", path="/api/things")


@namespace.route("/")
class ThingList(Resource):
    """All things."""

    @public
    @operation(body=ThingFields, response=ThingDetails, status=201)
    def post(self, body: ThingFields) -> Response:
        """Store a thing."""
        with database.session() as session:
            thing = Thing(**body.columns())
            session.add(thing)
            session.flush()
            return created(ThingDetails.of(thing), f"/api/things/{thing.id}/")


@namespace.route("/<int:id>/")
class ThingResource(Resource):
    """A thing."""

    @public
    @operation(response=ThingDetails)
    def get(self, id: int) -> Response:
        """Show a thing."""
        with database.session() as session:
            return ok(ThingDetails.of(database.get_or_404(session, Thing, id)))

    @public
    @operation(body=ThingFields, response=ThingDetails)
    def patch(self, id: int, body: ThingFields) -> Response:
        """Change a thing."""
        with database.session() as session:
            thing = database.get_or_404(session, Thing, id)
            body.apply_to(thing)
            session.flush()
            return ok(ThingDetails.of(thing))


def init_app(app: Flask, settings: Settings) -> None:
    """Serve the things."""
    openapi.init_app(app, settings, "1.0", [namespace])


@pytest.fixture(scope="module")
def things(settings: Settings, engine: Engine) -> Iterator[FlaskClient]:
    """Return a client of a service that stores things."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(application, "domain", SimpleNamespace(init_app=init_app))
        made: Flask = application.create_app(settings)
    Base.metadata.create_all(engine)
    yield made.test_client()
    made.extensions["database"].dispose()
    Base.metadata.drop_all(engine)


STORED = [
    *(("amount", sent, "1.00") for sent in ("1", "1.0", "1.00", "01", 1, 1.0, 1e0)),
    *(("amount", sent, "0.00") for sent in ("-0", "-0.00", "0", -0.0, 0, "-0.0")),
    ("amount", "5", "5.00"),
    ("amount", "-5.5", "-5.50"),
    ("amount", 1e2, "100.00"),
    ("amount", 99.9, "99.90"),
    ("amount", 999999999999.99, "999999999999.99"),
    *(("ratio", sent, "1.0000") for sent in ("1", "1.0000", 1)),
    *(("ratio", sent, "0.0000") for sent in ("-0", "0.0000", -0.0)),
    ("ratio", 1e-4, "0.0001"),
    ("ratio", 0.1, "0.1000"),
    ("ratio", 9999999999.9999, "9999999999.9999"),
    ("whole", "7", "7"),
    ("whole", 1e22, "10000000000000000000000"),
    ("whole", 10**29, "1" + 29 * "0"),
    ("long", "9" * 30, "9" * 30 + "." + 10 * "0"),
    ("long", "123456789012345678901234567890.1234567890", None),
    ("long", 0.1, "0.1000000000"),
    ("free", "-0", "0"),
    ("free", "1.50", None),
    ("free", "-" + "9" * 50 + ".10", None),
    ("free", 1e22, "10000000000000000000000"),
    ("free", 1e-7, "0.0000001"),
    ("weight", 1, 1.0),
    ("weight", -0.0, 0.0),
    ("weight", 0.1, None),
    ("weight", 1e300, None),
    ("weight", 0.30000000000000004, None),
    ("count", -0, 0),
    ("count", -(2**31), None),
    ("name", "  Ada  ", "Ada"),
    ("name", "e\u0301 \u200b\U0001f600", None),
    ("text", " a\r\nb\t", None),
    ("currency", "EUR", None),
    ("is_open", False, None),
    ("day", "0001-01-01", None),
    ("day", "9999-12-31", None),
    ("at", "2026-01-01T10:00:00Z", "2026-01-01T10:00:00+00:00"),
    ("at", "2026-01-01t12:00:00.5+02:00", "2026-01-01T10:00:00.500000+00:00"),
    ("at", "2026-01-01T10:00:00.123456789Z", "2026-01-01T10:00:00.123456+00:00"),
    ("at", "2026-01-01T10:00:00.9999999Z", "2026-01-01T10:00:00.999999+00:00"),
    ("at", "0001-01-01T00:00:00Z", "0001-01-01T00:00:00+00:00"),
    ("at", "9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999+00:00"),
    ("key", "6F1DE2B1-1D44-4A8E-A2C6-5D5AB2D5C3A1", "6f1de2b1-1d44-4a8e-a2c6-5d5ab2d5c3a1"),
    ("link", "HTTP://Acme.example/a/../b", "http://acme.example/b"),
    ("link", "http://b\u00fccher.example/\u00e9", "http://xn--bcher-kva.example/%C3%A9"),
    ("color", "red", None),
]


@pytest.mark.parametrize(("field", "sent", "stored"), STORED)
def test_what_is_shown_first_is_what_is_stored(
    things: FlaskClient, field: str, sent: Any, stored: Any
) -> None:
    """`stored` is None for what is stored as it was sent."""
    posted = things.post("/api/things/", json={field: sent})
    assert posted.status_code == 201, posted.json
    assert posted.json[field] == (sent if stored is None else stored)
    address = posted.headers["Location"]
    assert things.get(address).data == posted.data

    others = things.post("/api/things/", json={}).headers["Location"]
    patched = things.patch(others, json={field: sent})
    assert patched.json[field] == posted.json[field]
    assert things.get(others).data == patched.data


@pytest.mark.parametrize(
    "written", ["1e-400", "0.300000000000000001", "999999999999.990001", "1.0000000000000000001"]
)
def test_a_number_is_not_rounded_to_what_fits(things: FlaskClient, written: str) -> None:
    """`1e-400` is 0 as a float, and would be stored."""
    body = b'{"amount": %s}' % written.encode()
    response = things.post("/api/things/", data=body, content_type="application/json")
    assert response.status_code == 400
    assert response.json["errors"].keys() == {"amount"}


@pytest.mark.parametrize("written", ["1.50000", "15e-1", "1.5", "0.15E1"])
def test_a_number_can_be_written_in_any_way(things: FlaskClient, written: str) -> None:
    body = b'{"amount": %s}' % written.encode()
    response = things.post("/api/things/", data=body, content_type="application/json")
    assert response.json["amount"] == "1.50"


@pytest.mark.parametrize("written", ["12345678901234567.25", "0.12345678901234567"])
def test_a_number_that_a_float_does_not_keep_is_refused(things: FlaskClient, written: str) -> None:
    body = b'{"free": %s}' % written.encode()
    response = things.post("/api/things/", data=body, content_type="application/json")
    assert response.status_code == 400
    assert response.json["errors"] == {"free": "Must be a text: a number keeps 15 digits only."}
    assert things.post("/api/things/", json={"free": written}).json["free"] == written
