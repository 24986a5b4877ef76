"""Lists of columns, which a connection gives, beside lists of objects, which a session gives."""

from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar

import pytest
from flask import Flask, Response
from psycopg2.extensions import TRANSACTION_STATUS_IDLE
from pydantic import Field
from sqlalchemy import (
    BigInteger,
    Connection,
    Engine,
    ForeignKey,
    Identity,
    String,
    event,
    select,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, column_property, mapped_column

from flask_chassis.db import database
from flask_chassis.exceptions import ConfigurationError
from flask_chassis.http import listing
from flask_chassis.http.listing import Listing
from flask_chassis.http.schemas import Money, Schema
from flask_chassis.settings import Settings


class Base(DeclarativeBase):
    """Not the service's: its migrations know nothing of these tables."""


class Animal(Base):
    """With columns that are called like methods of rows, and one of another name."""

    __tablename__ = "column_animals"
    __mapper_args__: ClassVar[dict[str, Any]] = {
        "polymorphic_on": "kind",
        "polymorphic_identity": "animal",
    }

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    count: Mapped[int]
    index: Mapped[str | None] = mapped_column("position", String(10))
    price: Mapped[Decimal]
    born: Mapped[date | None]

    @property
    def label(self) -> str:
        """What only an object has."""
        return f"{self.kind} {self.id}"


Animal.double = column_property(Animal.count * 2)  # type: ignore[attr-defined]


class Cat(Animal):
    """Some of the rows of the table."""

    __mapper_args__: ClassVar[dict[str, Any]] = {"polymorphic_identity": "cat"}


class Dog(Animal):
    """Rows of two tables."""

    __tablename__ = "column_dogs"
    __mapper_args__: ClassVar[dict[str, Any]] = {"polymorphic_identity": "dog"}

    id: Mapped[int] = mapped_column(ForeignKey("column_animals.id"), primary_key=True)
    breed: Mapped[str] = mapped_column(String(10))


class AnimalDetails(Schema):
    """An animal."""

    id: int
    count: int
    index: str | None
    price: Money
    since: date | None = Field(alias="born")
    double: int


class DogDetails(Schema):
    """A dog."""

    id: int
    count: int
    breed: str


class Labelled(Schema):
    """With a field that is not a column."""

    id: int
    label: str


ANIMALS = Listing(Animal, sort={"count": Animal.count, "born": Animal.born})
CATS = Listing(Cat)
DOGS = Listing(Dog, sort={"breed": Dog.breed})


@pytest.fixture(scope="module")
def app(probed: Flask, settings: Settings, engine: Engine) -> Iterator[Flask]:
    """The application, with lists and animals."""
    listing.init_app(probed, settings)
    Base.metadata.create_all(engine)
    with Session(engine) as session, session.begin():
        for number in range(3):
            common = {"count": number, "price": Decimal(number), "index": str(number)}
            session.add_all([Animal(**common), Cat(**common), Dog(**common, breed=f"b{number}")])
            session.flush()
        session.add(Animal(count=1, price=Decimal(1), index=None, born=date(2026, 1, 2)))
    yield probed
    Base.metadata.drop_all(engine)


def both(app: Flask, query: str, respond: Callable[[Any], Response]) -> Response:
    """Return the response to a request, after a look that both ways give the same one."""
    with app.test_request_context(f"/?{query}"):
        with database.session() as session:
            of_objects = respond(session)
        with database.autocommit() as connection:
            of_columns = respond(connection)
    assert (of_columns.data, of_columns.headers) == (of_objects.data, of_objects.headers)
    return of_columns


@pytest.mark.parametrize("query", ["limit=2&count=true", "sort=-count&limit=3", "sort=born"])
@pytest.mark.parametrize(
    ("listed", "schema", "number"),
    [(ANIMALS, AnimalDetails, 10), (CATS, AnimalDetails, 3), (DOGS, DogDetails, 3)],
    ids=["whole table", "single-table inheritance", "joined inheritance"],
)
def test_columns_are_what_objects_are(
    app: Flask, listed: Listing, schema: type[Schema], number: int, query: str
) -> None:
    if listed is not ANIMALS and "sort" in query:
        query = query.replace("-count", "-id").replace("born", "id")
    found = both(app, query, lambda source: listed.respond(source, listed.requested(), schema))
    limit = int(query.partition("limit=")[2].partition("&")[0] or number)
    assert len(found.json or []) == min(limit, number)
    if "count=true" in query:
        assert found.headers["X-Total-Count"] == str(number)


@pytest.mark.parametrize(
    ("filter_by", "number"),
    [
        ({"count": 1}, 4),
        ({"count": 2}, 3),
        ({"index": None}, 1),
        ({"index": "1", "count": 1}, 3),
        ({"index": "1", "count": 2}, 0),
        ({"count": 1, "born": date(2026, 1, 2)}, 1),
    ],
    ids=repr,
)
def test_filter_by_restricts_a_list_to_equal_values(
    app: Flask, filter_by: dict[str, Any], number: int
) -> None:
    def respond(source: Any) -> Response:
        page = ANIMALS.requested()
        return ANIMALS.respond(source, page, AnimalDetails, filter_by=filter_by)

    found = both(app, "count=true", respond)
    assert len(found.json or []) == number
    assert found.headers["X-Total-Count"] == str(number)


def test_filter_by_and_where_and_the_rest_of_a_list_go_together(app: Flask) -> None:
    def respond(source: Any) -> Response:
        page = ANIMALS.requested()
        where = Animal.kind != "dog"
        return ANIMALS.respond(source, page, AnimalDetails, filter_by={"count": 1}, where=where)

    first = both(app, "limit=2&sort=-born", respond)
    following = first.headers["Link"].rpartition("<")[2].partition(">")[0].partition("?")[2]
    second = both(app, following, respond)
    pages = [*(first.json or []), *(second.json or [])]
    assert [each["count"] for each in pages] == [1, 1, 1]


def test_an_attribute_that_is_not_there_is_an_error(app: Flask) -> None:
    with (
        app.test_request_context(),
        database.autocommit() as connection,
        pytest.raises(AttributeError, match="nmae"),
    ):
        page = ANIMALS.requested()
        ANIMALS.respond(connection, page, AnimalDetails, filter_by={"nmae": "x"})


def test_fields_that_are_no_columns_need_objects(app: Flask) -> None:
    with app.test_request_context("/?limit=1"):
        with database.session() as session:
            found = ANIMALS.respond(session, ANIMALS.requested(), Labelled)
        with (
            database.autocommit() as connection,
            pytest.raises(
                ConfigurationError, match="Labelled shows what is not a column of Animal: l"
            ),
        ):
            ANIMALS.respond(connection, ANIMALS.requested(), Labelled)
    assert (found.json or [])[0]["label"] == "animal 10"


def test_a_base_needs_objects(app: Flask) -> None:
    with (
        app.test_request_context(),
        database.autocommit() as connection,
        pytest.raises(TypeError, match=r"pass a session, of `database.session\(\)`"),
    ):
        ANIMALS.respond(connection, ANIMALS.requested(), AnimalDetails, base=select(Animal))


def test_a_page_of_columns_is_one_statement_outside_of_a_transaction(app: Flask) -> None:
    states: list[tuple[bool, int]] = []

    def note(connection: Connection, *_: Any) -> None:
        driver: Any = connection.connection.driver_connection
        states.append((driver.autocommit, driver.info.transaction_status))

    engine: Engine = app.extensions["database"]
    event.listen(engine, "before_cursor_execute", note)
    try:
        with app.test_request_context(), database.autocommit() as connection:
            ANIMALS.respond(connection, ANIMALS.requested(), AnimalDetails)
    finally:
        event.remove(engine, "before_cursor_execute", note)
    assert states == [(True, TRANSACTION_STATUS_IDLE)]
