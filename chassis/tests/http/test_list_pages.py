"""Keyset pages against PostgreSQL's own order, and what they cost."""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from flask import Flask, Response
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from psycopg2.extensions import TRANSACTION_STATUS_IDLE
from sqlalchemy import ColumnElement, Connection, Engine, String, func, insert, select, text
from sqlalchemy.orm import Session

from flask_chassis.db import database
from flask_chassis.db.time_limit import TimeLimitError, time_limit
from flask_chassis.http import listing
from flask_chassis.http.errors import Invalid
from flask_chassis.http.filters import contains
from flask_chassis.http.listing import Listing, PageRequest
from flask_chassis.http.schemas import Schema
from flask_chassis.settings import Settings

from .listed_models import Base, Invoice, Payment, Reading, Status

PAYMENT_ORDERS: dict[str, ColumnElement[Any]] = {
    "paid": Payment.paid,
    "amount": Payment.amount,
    "rate": Payment.rate,
    "share": Payment.share,
    "payer": Payment.payer,
    "method": Payment.method,
    "is_large": Payment.amount > 1,
    "initial": func.left(Payment.payer, 1, type_=String),
    "id": Payment.id,
}
PAYMENTS = Listing(Payment, sort=PAYMENT_ORDERS)
READING_ORDERS: dict[str, ColumnElement[Any]] = {
    "value": Reading.value,
    "day": Reading.day,
    "meter": Reading.meter,
}
READINGS = Listing(Reading, sort=READING_ORDERS, default_sort="meter")
INVOICES = Listing(Invoice, sort={"due": Invoice.due, "number": Invoice.number})


class PaymentKey(Schema):
    """What tells payments apart."""

    id: UUID


class ReadingKey(Schema):
    """What tells readings apart."""

    meter: str
    day: date


class InvoiceKey(Schema):
    """What tells invoices apart."""

    id: int


def some(*often: Any, seldom: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Return NULL and the same few values again and again, and others."""
    return st.one_of(st.none(), st.sampled_from(often), seldom)


YEARS = (datetime(1, 1, 2), datetime(9999, 12, 30))  # noqa: DTZ001 (Hypothesis adds the zone)
FLOATS = some(
    *(0.1, 0.2, 1 / 3, 1e30, 0.0, -0.0, float("inf"), float("nan")),
    seldom=st.floats(width=32),
)
TEXTS = some(
    *("a", "A", "ä", "b", "B", "", " ", "a b", "ab", "%", "\\", "\n", "'", "é", "e\u0301", "🎈"),
    seldom=st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=5),
)
PAYMENT = st.fixed_dictionaries(
    {
        "id": st.uuids(),
        "paid": some(
            datetime(2026, 11, 28, 1, 2, 3, 4, UTC),
            seldom=st.datetimes(*YEARS, timezones=st.just(UTC)),
        ),
        "amount": some(
            # As floats, the last two would be one.
            *map(Decimal, ("0.1", "-1", "12345678901234567890.1", "12345678901234567890.2")),
            seldom=st.decimals(-(10**19), 10**19, places=10),
        ),
        "rate": FLOATS,
        "share": FLOATS,
        "payer": TEXTS,
        "method": some(*Status, seldom=st.none()),
    }
)
READING = st.fixed_dictionaries(
    {
        "meter": st.sampled_from(["a", "b", "B"]),
        "day": st.dates(date(2026, 1, 1), date(2026, 1, 4)),
        "value": st.integers(-2, 2),
    }
)


@pytest.fixture(scope="module")
def app(probed: Flask, settings: Settings, engine: Engine) -> Iterator[Flask]:
    """The application, with lists and the tables of the models."""
    listing.init_app(probed, settings)
    Base.metadata.create_all(engine)
    with engine.begin() as connection:
        # Where PostgreSQL can, texts that differ are equal to it: "a", "A" and "ä".
        if connection.scalar(text("SELECT count(*) FROM pg_collation WHERE collprovider = 'i'")):
            tied = "provider = icu, locale = 'und-u-ks-level1', deterministic = false"
            connection.execute(text(f"CREATE COLLATION IF NOT EXISTS tied ({tied})"))
            changed = "ALTER COLUMN payer TYPE varchar(40) COLLATE tied"
            connection.execute(text(f"ALTER TABLE listed_payments {changed}"))
    yield probed
    Base.metadata.drop_all(engine)


def pages(app: Flask, listed: Listing, schema: type[Schema], query: str) -> Iterator[list[Any]]:
    """Walk through the pages of a list, as a client does: of objects, and of columns alike."""
    following: str | None = f"/?{query}"
    seen = set()
    while following:
        assert following not in seen, f"the page {following} leads to itself"
        seen.add(following)
        with app.test_request_context(following), database.session() as session:
            response = listed.respond(session, listed.requested(), schema)
        with app.test_request_context(following), database.autocommit() as connection:
            columns = listed.respond(connection, listed.requested(), schema)
        assert (columns.data, columns.headers) == (response.data, response.headers)
        yield response.json
        found = re.search(r'<([^>]*)>; rel="next"', response.headers["Link"])
        following = found[1] if found else None


def walk(app: Flask, listed: Listing, schema: type[Schema], query: str) -> list[Any]:
    """Return what is on all pages."""
    return [each for page in pages(app, listed, schema, query) for each in page]


def stored(engine: Engine, model: type[Base], rows: Sequence[dict[str, Any]]) -> None:
    """Have these rows, and no others."""
    with engine.begin() as connection:
        connection.execute(text(f"TRUNCATE {model.__tablename__} CASCADE"))
        if rows:
            connection.execute(insert(model), rows)


RANDOM = hypothesis_settings(
    max_examples=12, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)


@pytest.mark.parametrize("sign", ["", "-"])
@RANDOM
@given(
    rows=st.lists(PAYMENT, max_size=12, unique_by=lambda row: row["id"]), limit=st.integers(1, 4)
)
def test_pages_are_in_postgresqls_order(
    app: Flask, engine: Engine, sign: str, rows: list[dict[str, Any]], limit: int
) -> None:
    stored(engine, Payment, rows)
    for name, column in PAYMENT_ORDERS.items():
        keys = [column.desc(), Payment.id.desc()] if sign else [column, Payment.id]
        with Session(engine) as session:
            expected = [str(each) for each in session.scalars(select(Payment.id).order_by(*keys))]
        found = walk(app, PAYMENTS, PaymentKey, f"sort={sign}{name}&limit={limit}")
        assert [each["id"] for each in found] == expected, name


@RANDOM
@given(
    rows=st.lists(READING, max_size=12, unique_by=lambda row: (row["meter"], row["day"])),
    limit=st.integers(1, 4),
)
def test_ties_are_broken_by_all_of_the_primary_key(
    app: Flask, engine: Engine, rows: list[dict[str, Any]], limit: int
) -> None:
    stored(engine, Reading, rows)
    ties = {
        "value": lambda row: (row["value"], row["meter"], row["day"]),
        "day": lambda row: (row["day"], row["meter"]),
        "meter": lambda row: (row["meter"], row["day"]),
    }
    for name, key in ties.items():
        for sign in ("", "-"):
            wanted = sorted(rows, key=key, reverse=bool(sign))
            found = walk(app, READINGS, ReadingKey, f"sort={sign}{name}&limit={limit}")
            assert found == [
                {"meter": row["meter"], "day": row["day"].isoformat()} for row in wanted
            ]


# What a page costs.

ROWS = 100_000
MANY = text(
    "INSERT INTO listed_invoices (number, customer, due, amount, status, is_urgent)"
    " SELECT lpad(n::text, 8, '0'), 'Acme', CASE WHEN n % 10 > 0 THEN DATE '2000-01-01' + n / 20"
    " END, n, 'DRAFT', false FROM generate_series(1, :rows) AS n"
)


@pytest.fixture(scope="module")
def many(app: Flask, engine: Engine) -> None:
    """Have 100,000 invoices, every tenth without a due date."""
    stored(engine, Invoice, [])
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(MANY, {"rows": ROWS})
        connection.execute(text("VACUUM ANALYZE listed_invoices"))


def blocks_read(session: Session, page: PageRequest) -> int:
    """Return how many blocks PostgreSQL reads for a page."""
    read = 0
    ordered = select(Invoice).add_columns(*page.order.selected()).order_by(*page.order.by())
    for part in page.order.parts_after(page.after):
        statement = (ordered if part is None else ordered.where(part)).limit(page.limit + 1)
        compiled = statement.compile(session.get_bind(), compile_kwargs={"literal_binds": True})
        explained = session.scalar(text(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {compiled}"))
        plan = explained[0]["Plan"]
        assert "Sort" not in str(plan)
        read += plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]
    return read


@pytest.mark.usefixtures("many")
@pytest.mark.parametrize("sort", ["due", "-due", "number", "-number", "id", "-id"])
@pytest.mark.parametrize("part", [0.5, 0.905, 0.999])
def test_a_page_far_down_costs_what_the_first_costs(app: Flask, sort: str, part: float) -> None:
    """Of `due`, the last tenth is NULL; of `-due` the first."""
    order = INVOICES.page_of(INVOICES.query_model(sort=sort)).order
    position = select(*order.selected()).order_by(*order.by()).offset(int(ROWS * part)).limit(1)
    with app.app_context(), database.session() as session:
        after = tuple(session.execute(position).one())
        first = PageRequest(20, order, None, is_counted=False, filters={})
        far_down = PageRequest(20, order, after, is_counted=False, filters={})
        cost = blocks_read(session, first)
        assert blocks_read(session, far_down) <= 2 * cost + 20


# What a search costs.

SEARCHED = Listing(Invoice, filters={"customer": contains(Invoice.customer)})
WORST = "a" * 199 + "b"
"""LIKE compares all of it with each of the characters of a text of `a`: 7 s for 400 of them."""


@pytest.fixture
def long_texts(app: Flask, engine: Engine) -> None:
    """Have 400 texts of 10,000 `a`."""
    stored(
        engine,
        Invoice,
        [{"number": str(n), "customer": "a" * 10_000, "amount": n} for n in range(400)],
    )


Source = Callable[[], AbstractContextManager[Session | Connection]]
SOURCES: dict[str, Source] = {
    "session": database.session,
    "transaction": database.transaction,
    "autocommit": database.autocommit,
}


@pytest.fixture(params=SOURCES)
def source(request: pytest.FixtureRequest) -> Source:
    """What a list reads from."""
    return SOURCES[request.param]


def search(app: Flask, source: Source, text: str, count: str = "false") -> Response:
    """Search as a client does."""
    query = {"customer": text, "count": count}
    with app.test_request_context(query_string=query), source() as opened:
        return SEARCHED.respond(opened, SEARCHED.requested(), InvoiceKey)


def limited(app: Flask, settings: Settings, **changes: object) -> None:
    """Change settings of lists."""
    values = {f"pagination.{name}": value for name, value in changes.items()}
    listing.init_app(app, Settings(settings.environment, dict(settings.values) | values))


@pytest.fixture
def _usual_limits(app: Flask, settings: Settings) -> Iterator[None]:
    """Have the usual settings of lists again."""
    yield
    listing.init_app(app, settings)


@pytest.mark.usefixtures("long_texts", "_usual_limits")
@pytest.mark.parametrize("worst", [WORST, WORST[::-1], "a" * 100 + "b" + "a" * 99])
def test_the_worst_text_to_search_for_is_found_missing_in_time(
    app: Flask, settings: Settings, source: Source, worst: str
) -> None:
    limited(app, settings, search_timeout_seconds=1.5)
    response = search(app, source, worst, count="true")
    assert response.status_code == 200
    assert response.json == []


@pytest.mark.usefixtures("long_texts", "_usual_limits")
def test_a_search_that_takes_too_long_is_refused(
    app: Flask, settings: Settings, source: Source
) -> None:
    limited(app, settings, search_timeout_seconds=0.005)
    with pytest.raises(Invalid) as refused:
        search(app, source, WORST)
    assert refused.value.errors == {
        "customer": "The search takes longer than 0.005 s. Search for a longer or rarer text, or "
        "narrow the list with another filter."
    }


@pytest.mark.usefixtures("long_texts", "_usual_limits")
def test_only_searches_have_the_shorter_limit(app: Flask, settings: Settings) -> None:
    limited(app, settings, search_timeout_seconds=0.005)
    with app.test_request_context(), database.session() as session:
        session.execute(text("SELECT pg_sleep(0.05)"))
        assert SEARCHED.respond(session, SEARCHED.requested(), InvoiceKey).status_code == 200


def test_after_a_search_the_session_has_its_own_limit_again(app: Flask) -> None:
    with app.test_request_context("/?customer=a"), database.session() as session:
        session.execute(text("SET LOCAL statement_timeout = '7s'"))
        SEARCHED.respond(session, SEARCHED.requested(), InvoiceKey)
        assert session.scalar(text("SHOW statement_timeout")) == "7s"


def test_after_a_search_a_connection_commits_each_statement_again(app: Flask) -> None:
    with app.test_request_context("/?customer=a"), database.autocommit() as connection:
        usual = connection.scalar(text("SHOW statement_timeout"))
        SEARCHED.respond(connection, SEARCHED.requested(), InvoiceKey)
        assert connection.scalar(text("SHOW statement_timeout")) == usual
        driver: Any = connection.connection.driver_connection
        assert driver.autocommit
        assert driver.info.transaction_status == TRANSACTION_STATUS_IDLE


@pytest.mark.usefixtures("long_texts", "_usual_limits")
def test_after_a_search_that_took_too_long_the_connection_can_be_used(
    app: Flask, settings: Settings
) -> None:
    limited(app, settings, search_timeout_seconds=0.005)
    with (
        app.test_request_context(query_string={"customer": WORST}),
        database.autocommit() as connection,
    ):
        with pytest.raises(Invalid):
            SEARCHED.respond(connection, SEARCHED.requested(), InvoiceKey)
        connection.execute(text("UPDATE listed_invoices SET number = 'changed' WHERE number = '1'"))
        with database.transaction() as other:
            changed = text("SELECT count(*) FROM listed_invoices WHERE number = 'changed'")
            assert other.scalar(changed) == 1


def test_the_statements_of_a_search_share_its_limit(app: Flask) -> None:
    with (
        app.app_context(),
        pytest.raises(TimeLimitError),
        database.session() as session,
        time_limit(session, 0.4) as limit,
    ):
        limit.execute(text("SELECT pg_sleep(0.3)"))
        limit.execute(text("SELECT pg_sleep(0.3)"))


def test_a_search_in_autocommit_mode_is_refused(app: Flask, engine: Engine) -> None:
    autocommit = engine.execution_options(isolation_level="AUTOCOMMIT")
    with (
        app.test_request_context("/?customer=a"),
        Session(autocommit) as session,
        pytest.raises(RuntimeError, match=r"open it with `database.session\(\)`"),
    ):
        SEARCHED.respond(session, SEARCHED.requested(), InvoiceKey)
