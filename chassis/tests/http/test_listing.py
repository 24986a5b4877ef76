"""Lists: filters, sort orders, keyset pages and counting."""

import base64
import json
import re
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask, Response
from flask.testing import FlaskClient
from sqlalchemy import ColumnElement, Engine, Select, String, func, insert, select, text
from sqlalchemy import Text as TextType
from sqlalchemy.dialects.postgresql import INET, JSONB
from sqlalchemy.orm import Mapped, Session, mapped_column, selectinload
from werkzeug.test import TestResponse

from flask_chassis.db import database
from flask_chassis.exceptions import ConfigurationError
from flask_chassis.http import listing
from flask_chassis.http.filters import after, at_least, at_most, before, contains, equals
from flask_chassis.http.listing import Listing
from flask_chassis.http.schemas import Schema
from flask_chassis.settings import Settings

from ..conftest import Make
from ..probes import PLACES, PROBES
from .listed_models import Base, Invoice, Item, Status

INVOICES = Listing(
    Invoice,
    filters={
        "status": equals(Invoice.status),
        "urgent": equals(Invoice.is_urgent),
        "due_before": before(Invoice.due),
        "due_after": after(Invoice.due),
        "amount": equals(Invoice.amount),
        "amount_from": at_least(Invoice.amount),
        "amount_to": at_most(Invoice.amount),
        "number": equals(Invoice.number),
        "customer": contains(Invoice.customer),
    },
    sort={
        "due": Invoice.due,
        "number": Invoice.number,
        "amount": Invoice.amount,
        "status": Invoice.status,
        "lower": func.lower(Invoice.number, type_=String),
    },
    default_sort="-id",
)
PATH = "/probes/invoices/"
TODAY = date(2026, 11, 28)


class ItemLine(Schema):
    """A line of an invoice."""

    text: str


class Summary(Schema):
    """An invoice in a list."""

    id: int
    number: str
    due: date | None
    amount: Decimal
    status: Status


class Details(Summary):
    """An invoice with its items."""

    items: list[ItemLine]


WHERE: dict[str, ColumnElement[bool]] = {"urgent": Invoice.is_urgent.is_(True)}
BASES: dict[str, Select[Any]] = {
    "items": select(Invoice).options(selectinload(Invoice.items)),
    "joined": select(Invoice).join(Item).where(Item.text == "Bolts").order_by(Item.id),
}


def invoices() -> Response:
    """List the invoices, as a view does."""
    with database.session() as session:
        return INVOICES.respond(session, INVOICES.requested(), Summary)


def restricted() -> Response:
    """List the urgent ones."""
    with database.session() as session:
        page = INVOICES.requested()
        return INVOICES.respond(session, page, Summary, where=WHERE["urgent"])


def with_items() -> Response:
    """List them with their items."""
    with database.session() as session:
        page = INVOICES.requested()
        return INVOICES.respond(session, page, Details, base=BASES["items"])


def with_bolts() -> Response:
    """List those with an item."""
    with database.session() as session:
        page = INVOICES.requested()
        return INVOICES.respond(session, page, Summary, base=BASES["joined"])


@pytest.fixture(scope="module")
def tables(engine: Engine) -> Iterator[None]:
    """Have the tables of the models."""
    Base.metadata.create_all(engine)
    yield
    Base.metadata.drop_all(engine)


@pytest.fixture(autouse=True)
def _probes(tables: None, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the probes, and empty tables."""
    for probe in (invoices, restricted, with_items, with_bolts):
        monkeypatch.setitem(PROBES, probe.__name__, probe)
    with engine.begin() as connection:
        connection.execute(text("TRUNCATE listed_invoices RESTART IDENTITY CASCADE"))


@pytest.fixture
def client(probed: Flask, settings: Settings) -> FlaskClient:
    """A client of the probes, with lists."""
    listing.init_app(probed, settings)
    return probed.test_client()


def store(engine: Engine, *invoices: dict[str, Any]) -> None:
    """Store invoices; what is left out is the same in all."""
    with Session(engine) as session, session.begin():
        for number, values in enumerate(invoices, start=1):
            defaults = {"number": f"{number:04}", "due": TODAY, "amount": Decimal("9.50")}
            session.add(Invoice(**defaults | values))
            session.flush()


def store_many(engine: Engine, count: int) -> None:
    """Store so many: due on the days from today, numbered from 0001."""
    store(engine, *({"due": TODAY + timedelta(n)} for n in range(count)))


def next_page(response: TestResponse) -> str | None:
    """Return the address of the next page, as a client finds it."""
    found = re.search(r'<([^>]*)>; rel="next"', response.headers["Link"])
    return found[1] if found else None


def walk(client: FlaskClient, path: str) -> list[int]:
    """Return the ids on all pages."""
    found: list[int] = []
    following: str | None = path
    while following:
        response = client.get(following)
        assert response.status_code == 200, response.json
        found += [item["id"] for item in response.json]
        following = next_page(response)
    return found


# Pages.


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("count", [0, 1, 6, 7, 8, 14, 30])
def test_all_pages_together_are_the_list(
    client: FlaskClient, engine: Engine, place: str, count: int
) -> None:
    store_many(engine, count)
    assert walk(client, f"{place}/invoices/?limit=7") == list(range(count, 0, -1))


def test_a_page_has_twenty_by_default_and_a_hundred_at_most(
    client: FlaskClient, engine: Engine
) -> None:
    store_many(engine, 120)
    assert len(client.get(PATH).json) == 20
    assert len(client.get(f"{PATH}?limit=100").json) == 100


def test_a_row_is_shown_as_its_schema_says(client: FlaskClient, engine: Engine) -> None:
    store(engine, {"amount": Decimal("12.30"), "due": None, "status": Status.SENT})
    assert client.get(PATH).json == [
        {"id": 1, "number": "0001", "due": None, "amount": "12.30", "status": "sent"}
    ]


def test_a_new_row_in_between_repeats_none_and_hides_none(
    client: FlaskClient, engine: Engine
) -> None:
    store_many(engine, 10)
    first = client.get(f"{PATH}?sort=due&limit=5")
    store(engine, {"due": TODAY - timedelta(1)})
    following = next_page(first)
    assert following is not None
    second = client.get(following)
    assert [item["id"] for item in [*first.json, *second.json]] == list(range(1, 11))


def test_a_removed_row_does_not_end_the_list(client: FlaskClient, engine: Engine) -> None:
    store_many(engine, 4)
    following = next_page(client.get(f"{PATH}?limit=2"))
    assert following is not None
    with engine.begin() as connection:
        connection.execute(Invoice.__table__.delete().where(Invoice.id == 3))
    assert [item["id"] for item in client.get(following).json] == [2, 1]


def test_the_links_keep_the_other_parameters(client: FlaskClient, engine: Engine) -> None:
    store_many(engine, 6)
    links = client.get(f"{PATH}?customer=c%26%22%3E&limit=2").headers["Link"]
    assert links == f'<{PATH}?customer=c%26%22%3E&limit=2>; rel="first"'
    links = client.get(f"{PATH}?customer=acm&sort=-due&limit=2").headers["Link"]
    first, following = links.split(", ")
    assert first == f'<{PATH}?customer=acm&sort=-due&limit=2>; rel="first"'
    assert following.startswith(f"<{PATH}?customer=acm&sort=-due&limit=2&after=")
    following_one = next_page(client.get(following.split(">")[0][1:]))
    assert following_one is not None
    assert parse_qs(urlsplit(following_one).query).keys() == {"customer", "sort", "limit", "after"}


def test_the_links_have_the_prefix_that_a_proxy_takes_away(
    client: FlaskClient, engine: Engine
) -> None:
    store_many(engine, 3)
    environ = {"SCRIPT_NAME": "/our/billing"}
    links = client.get(f"{PATH}?limit=2", environ_overrides=environ).headers["Link"]
    first, following = links.split(", ")
    assert first == f'</our/billing{PATH}?limit=2>; rel="first"'
    assert following.startswith(f"</our/billing{PATH}?limit=2&after=")


# Orders.


@pytest.mark.parametrize(
    ("sort", "ids"),
    [
        ("due", [3, 1, 4, 2]),
        ("-due", [2, 4, 1, 3]),
        ("number", [4, 3, 2, 1]),
        ("-amount", [4, 2, 3, 1]),
        ("status", [2, 3, 1, 4]),
        ("lower", [4, 3, 2, 1]),
        ("id", [1, 2, 3, 4]),
        ("-id", [4, 3, 2, 1]),
    ],
)
def test_a_list_is_sorted_as_asked_for(
    client: FlaskClient, engine: Engine, sort: str, ids: list[int]
) -> None:
    store(
        engine,
        {"due": TODAY, "number": "d", "amount": Decimal("-1"), "status": Status.DRAFT},
        {"due": None, "number": "c", "amount": Decimal("10"), "status": Status.SENT},
        {"due": TODAY - timedelta(1), "number": "b", "amount": Decimal("9.99"), "status": "SENT"},
        {"due": TODAY, "number": "A", "amount": Decimal("10"), "status": Status.PAID},
    )
    assert walk(client, f"{PATH}?limit=1&sort={sort}") == ids
    assert walk(client, f"{PATH}?limit=3&sort={sort}") == ids


def test_an_order_that_is_not_declared_is_refused_with_those_that_are(client: FlaskClient) -> None:
    response = client.get(f"{PATH}?sort=customer")
    assert response.status_code == 400
    assert response.json["errors"].keys() == {"sort"}
    assert "-due" in response.json["errors"]["sort"]


# Filters.


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("status=draft", [1, 3]),
        ("urgent=true", [2]),
        ("due_before=2026-11-28", [1]),
        ("due_after=2026-11-27", [2]),
        ("due_before=2026-11-28&status=paid", []),
        ("amount=10", [2, 3]),
        ("amount_from=10&amount_to=10.00", [2, 3]),
        ("amount_to=9.999", [1]),
        ("number=0002", [2]),
        ("customer=ACM", [1]),
        ("customer=", [1, 2, 3]),
    ],
)
def test_a_filter_compares_with_its_column(
    client: FlaskClient, engine: Engine, query: str, ids: list[int]
) -> None:
    store(
        engine,
        {"due": TODAY - timedelta(1), "amount": Decimal("9.5")},
        {"status": Status.PAID, "amount": Decimal("10"), "is_urgent": True, "customer": "Umbrella"},
        {"due": None, "amount": Decimal("10"), "customer": "Initech"},
    )
    assert [item["id"] for item in client.get(f"{PATH}?sort=id&{query}").json] == ids


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("MILK", ["Milk Ltd"]),
        ("ÄPFEL", ["äpfel"]),
        ("%", ["100% sure"]),
        ("_", ["snake_case"]),
        ("\\", ["back\\slash"]),
        ("\\d", []),
        (".", ["a.b"]),
        ("a.b", ["a.b"]),
        ("(?i)", []),
        ("***=", []),
        ("***:a", []),
        ("[", []),
        ("nowhere", []),
    ],
)
def test_a_search_is_literal_and_ignores_case(
    client: FlaskClient, engine: Engine, search: str, found: list[str]
) -> None:
    texts = ("Milk Ltd", "äpfel", "100% sure", "snake_case", "back\\slash", "a.b", "axb")
    store(engine, *({"customer": each, "number": each} for each in texts))
    response = client.get(PATH, query_string={"customer": search})
    assert [item["number"] for item in response.json] == found


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("status", "cancelled", "Must be one of sent, draft, paid."),
        ("status", "PAID", "Must be"),
        ("status", "", "Must be"),
        ("urgent", "maybe", "Must be true or false."),
        ("due_before", "2026-02-31", "Must be a date, such as"),
        ("due_before", "yesterday", "Must be a date, such as"),
        ("due_before", "", "Must be a date, such as"),
        ("amount", "NaN", "Must be a decimal number, such as"),
        ("amount", "Infinity", "Must be a decimal number, such as"),
        ("amount", "1e1000000", "Must be a decimal number, such as"),
        ("amount", "1e30", "Must be a decimal number, such as"),
        ("amount", "9" * 31, "Must have at most 14 digits"),
        ("amount", "12,5", "Must be a decimal number, such as"),
        ("number", "x" * 21, "Must have at most 20 characters."),
        ("number", "a\0b", "Has characters that cannot be stored."),
        ("customer", "x" * 201, "Must have at most 200 characters."),
        ("customer", "a\0b", "Has characters that cannot be stored."),
        *(("count", sent, "Must be true or false.") for sent in ("2", "1", "yes", "on", "t", "")),
        *(("limit", sent, "Must be a whole number from 1 to 100.") for sent in ("01", "+1", "")),
        ("after", "", "Must have at least 1 character"),
        ("before", "3", "Is not a known field."),
        ("offset", "3", "Is not a known field."),
    ],
)
def test_what_a_parameter_cannot_be_is_refused(
    client: FlaskClient, name: str, value: str, sentence: str
) -> None:
    response = client.get(PATH, query_string={name: value})
    assert response.status_code == 400
    assert response.json["errors"].keys() == {name}
    assert response.json["errors"][name].startswith(sentence)


@pytest.mark.parametrize(
    "value",
    ["", "0", "-1", "+1", "1.0", "1e1", "abc", " 1", "1_0", "٣", "½", "101", "9" * 5000],
    ids=lambda value: value[:6],
)
def test_a_limit_that_is_no_whole_number_in_range_is_refused(
    client: FlaskClient, value: str
) -> None:
    response = client.get(PATH, query_string={"limit": value})
    assert response.status_code == 400
    assert response.json["errors"] == {"limit": "Must be a whole number from 1 to 100."}


def test_all_faults_are_told_at_once(client: FlaskClient) -> None:
    response = client.get(f"{PATH}?limit=0&status=x&due_before=y")
    assert response.json["errors"].keys() == {"limit", "status", "due_before"}


def test_a_parameter_that_is_given_twice_is_refused(client: FlaskClient) -> None:
    response = client.get(f"{PATH}?status=sent&status=draft")
    assert response.status_code == 400
    assert response.json["errors"] == {"status": "Must be sent once."}


# Cursors.


def cursor_of(client: FlaskClient, path: str) -> str:
    """Return the cursor of a list's second page."""
    following = next_page(client.get(path))
    assert following is not None
    return parse_qs(urlsplit(following).query)["after"][0]


def test_a_cursor_is_the_sort_values_and_no_more(client: FlaskClient, engine: Engine) -> None:
    store_many(engine, 3)
    body, _, checksum = cursor_of(client, f"{PATH}?sort=due&limit=1").rpartition(".")
    assert json.loads(base64.urlsafe_b64decode(body + "==")) == ["2026-11-28", 1]
    assert len(checksum) == 8


def test_a_cursor_that_was_changed_or_cut_off_is_refused(
    client: FlaskClient, engine: Engine
) -> None:
    store_many(engine, 3)
    cursor = cursor_of(client, f"{PATH}?sort=due&limit=1")
    changed = [cursor[:n] + ("B" if cursor[n] != "B" else "C") + cursor[n + 1 :] for n in range(30)]
    cut_off = [cursor[:n] for n in range(1, len(cursor))]
    others = ["x", "2026-11-28", "1", "é", ".", "=", "W10.", cursor + "x", "x" * 6000]
    for each in [*changed, *cut_off, *others]:
        response = client.get(PATH, query_string={"sort": "due", "limit": 1, "after": each})
        assert response.status_code == 400, each
        assert response.json["errors"] == {"after": listing.WRONG_CURSOR}
    too_long = client.get(PATH, query_string={"after": "x" * 6001})
    assert too_long.json["errors"].keys() == {"after"}


def test_a_cursor_of_another_order_is_refused(client: FlaskClient, engine: Engine) -> None:
    store_many(engine, 3)
    cursor = cursor_of(client, f"{PATH}?sort=due&limit=1")
    for sort in ("-due", "number", "id"):
        response = client.get(PATH, query_string={"sort": sort, "after": cursor})
        assert response.status_code == 400
        assert response.json["errors"].keys() == {"after"}


@pytest.mark.parametrize(
    "values",
    [
        {},
        None,
        [],
        ["2026-11-28"],
        ["2026-11-28", 1, 1],
        ["x", 1],
        ["2026-11-28", None],
        ["2026-11-28", "a"],
        [["2026-11-28"], 1],
        [True, 1],
        ["2026-11-28", 10**40],
        ["2026-11-28", 1.5],
    ],
)
def test_a_made_up_cursor_is_a_position_or_refused(client: FlaskClient, values: object) -> None:
    from hashlib import blake2s

    body = json.dumps(values).encode()
    checksum = blake2s(b"listed_invoices due\0" + body, digest_size=4).hexdigest()
    cursor = f"{base64.urlsafe_b64encode(body).decode().rstrip('=')}.{checksum}"
    response = client.get(PATH, query_string={"sort": "due", "after": cursor})
    assert response.status_code == 400
    assert response.json["errors"] == {"after": listing.WRONG_CURSOR}


# Counting.


@pytest.mark.parametrize("query", ["", "&limit=2", "&limit=100", "&status=draft"])
def test_the_total_is_of_all_pages_and_on_request(
    client: FlaskClient, engine: Engine, query: str
) -> None:
    store_many(engine, 5)
    assert "X-Total-Count" not in client.get(f"{PATH}?{query}").headers
    for path in (f"{PATH}?count=true{query}", next_page(client.get(f"{PATH}?count=true&limit=2"))):
        assert path is not None
        response = client.get(path)
        assert response.headers["X-Total-Count"] == "5"
        assert response.headers["X-Total-Count-Relation"] == "eq"


@pytest.mark.parametrize(
    ("count", "total", "relation"),
    [(3, "3", "eq"), (4, "4", "eq"), (5, "4", "gte"), (9, "4", "gte")],
)
def test_the_total_is_counted_no_further_than_the_settings_say(
    make: Make, settings: Settings, engine: Engine, count: int, total: str, relation: str
) -> None:
    store_many(engine, count)
    app = make()
    limited = dict(settings.values) | {"pagination.count_up_to": 4}
    listing.init_app(app, Settings(settings.environment, limited))
    client = app.test_client()
    for limit in (2, 100):
        response = client.get(f"{PATH}?count=true&limit={limit}")
        assert response.headers["X-Total-Count"] == total
        assert response.headers["X-Total-Count-Relation"] == relation


# What a view adds.


def test_a_view_restricts_its_list(client: FlaskClient, engine: Engine) -> None:
    store(engine, *({"is_urgent": n % 2 == 0} for n in range(8)))
    assert walk(client, "/probes/restricted/?limit=3") == [7, 5, 3, 1]
    response = client.get("/probes/restricted/?limit=1&count=true")
    assert response.headers["X-Total-Count"] == "4"


def test_a_list_shows_relations_and_joins(client: FlaskClient, engine: Engine) -> None:
    store_many(engine, 3)
    with engine.begin() as connection:
        items = [{"invoice_id": 1, "text": "Bolts"}, {"invoice_id": 3, "text": "Bolts"}]
        connection.execute(insert(Item), [*items, {"invoice_id": 3, "text": "Nuts"}])
    response = client.get("/probes/with_items/?limit=2&count=true")
    shown = [[item["text"] for item in invoice["items"]] for invoice in response.json]
    assert shown == [["Bolts", "Nuts"], []]
    assert response.headers["X-Total-Count"] == "3"
    assert walk(client, "/probes/with_bolts/?limit=1") == [3, 1]
    response = client.get("/probes/with_bolts/?limit=1&count=true")
    assert response.headers["X-Total-Count"] == "2"


# Declarations that cannot work.


class Odd(Base):
    """A row with columns that no address can have, or none that an order can use."""

    __tablename__ = "listed_odd"

    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(TextType)
    address: Mapped[str] = mapped_column(INET)
    data: Mapped[dict[str, Any]] = mapped_column(JSONB)


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        (lambda: Listing(Odd, filters={"after": equals(Odd.id)}), "Rename it"),
        (lambda: Listing(Odd, default_sort="text"), "declare it in `sort`, or take one of id"),
        (lambda: Listing(Odd, sort={"text": Odd.text}), r"String\(500\)"),
        (lambda: Listing(Odd, sort={"data": Odd.data}), "cast"),
        (lambda: Listing(Odd, sort={"lower": func.lower(Odd.text)}), "type_=String"),
        (lambda: Listing(Odd, filters={"data": equals(Odd.data)}), "filter by another column"),
        (lambda: Listing(Odd, filters={"id": contains(Odd.id)}), "use `equals`"),
    ],
)
def test_a_declaration_that_cannot_work_says_what_to_do(declared: Any, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        declared()


def test_a_list_without_its_settings_says_what_to_do(make: Make, engine: Engine) -> None:
    store_many(engine, 3)
    app = make()
    with (
        app.test_request_context(f"{PATH}?limit=1&count=true"),
        pytest.raises(ConfigurationError, match=r"listing.init_app\(app, settings\)"),
    ):
        invoices()


def test_the_query_model_describes_the_parameters() -> None:
    schema = INVOICES.query_model.model_json_schema()
    assert schema["title"] == "InvoiceListQuery"
    assert schema["additionalProperties"] is False
    assert "required" not in schema
    properties = schema["properties"]
    assert properties["limit"]["maximum"] == 100
    assert properties["limit"]["default"] == 20
    assert properties["sort"]["default"] == "-id"
    assert "-due" in properties["sort"]["enum"]
    assert properties["due_before"]["format"] == "date"
    assert "default" not in properties["due_before"]
    assert properties["number"]["maxLength"] == 20
    assert all(each["description"] for each in properties.values())
    assert INVOICES.response_headers.keys() == {"Link", "X-Total-Count", "X-Total-Count-Relation"}


def test_an_empty_value_of_a_filter_is_the_empty_text(client: FlaskClient, engine: Engine) -> None:
    store(engine, {"number": ""}, {"number": "0002"})
    assert [each["number"] for each in client.get(f"{PATH}?number=").json] == [""]
    assert len(client.get(f"{PATH}?customer=").json) == 2
