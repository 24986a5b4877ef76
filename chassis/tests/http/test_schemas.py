"""Schemas of invoices: valid and invalid requests, error messages, and responses."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from types import MappingProxyType, SimpleNamespace
from typing import Annotated, Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from pydantic import NaiveDatetime, ValidationError
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from flask_chassis.http import json_schemas
from flask_chassis.http.error_sentences import errors_of
from flask_chassis.http.errors import Invalid
from flask_chassis.http.schemas import Pattern, Schema
from flask_chassis.http.text import NOT_TEXT
from flask_chassis.testing import Bearer

from .invoices.schemas import InvoiceChanges, InvoiceDetails, NewInvoice, Note, Status

INVOICES = "/api/invoices/"
NOTES = "/api/notes/"
LARGE = 10**30
NO_DECIMAL = "Must be a decimal number, such as 12.50."


def item(**others: Any) -> dict[str, Any]:
    """Return a valid item, with other fields."""
    return {"name": "Consulting", "quantity": 2, "unit_price": "80.50"} | others


def invoice(**others: Any) -> dict[str, Any]:
    """Return a valid invoice, with other fields."""
    return {
        "number": "2026-0001",
        "customer": "Ada",
        "currency": "EUR",
        "due": "2026-12-31",
        "items": [item()],
    } | others


@pytest.fixture
def writer(bearer: Bearer) -> Mapping[str, str]:
    """Return the header of who may write."""
    return bearer(scope="invoices:write")


def test_an_invoice_is_created_with_its_items(
    invoices: FlaskClient, writer: Mapping[str, str]
) -> None:
    sent = invoice(
        items=[item(), item(quantity="0.5", unit_price=1)],
        reference="6f1de2b1-1d44-4a8e-a2c6-5d5ab2d5c3a1",
        seen="2026-11-28T12:00:00+02:00",
    )
    response = invoices.post(INVOICES, json=sent, headers=writer)
    assert response.status_code == 201
    assert response.headers["Location"] == "/api/invoices/1/"
    assert response.json["total"] == "161.50"
    assert response.json["due"] == "2026-12-31"
    assert response.json["status"] == "draft"
    assert response.json["seen"] == "2026-11-28T10:00:00+00:00"
    assert response.json["reference"] == "6f1de2b1-1d44-4a8e-a2c6-5d5ab2d5c3a1"
    assert response.json["items"][1] == {
        "name": "Consulting",
        "quantity": "0.50",
        "unit_price": "1.00",
    }
    assert invoices.get(response.headers["Location"], headers=writer).json == response.json


WRONG: list[tuple[dict[str, Any], dict[str, str]]] = [
    (
        {"items": [item(), item(quantity=LARGE)]},
        {"items.1.quantity": "Must be at most 9999999.99."},
    ),
    ({"items": [item(unit_price=LARGE)]}, {"items.0.unit_price": "Must have at most 14 digits."}),
    (
        {"items": [item(unit_price="1.999")]},
        {"items.0.unit_price": "Must have at most 2 decimal places."},
    ),
    *(
        ({"items": [item(unit_price=written)]}, {"items.0.unit_price": NO_DECIMAL})
        for written in (
            True,
            "a lot",
            *("NaN", "Infinity", "1e500", "1e2", "1E+2", "100000000000000000000000e-20"),
            *("+1", ".5", "5.", " 1 ", "1.5\n", "1_000", "1,5", "\uff11", "\u0663", ""),
        )
    ),
    *(
        (
            {"items": [item(unit_price=written)]},
            {"items.0.unit_price": "Must have at most 2 decimal places."},
        )
        for written in ("1.500", "1.00000000000000000000000000000000")
    ),
    (
        {"items": [item(unit_price="000000000000000000000001.5")]},
        {"items.0.unit_price": "Must have at most 12 digits before the decimal point."},
    ),
    ({"items": [item(unit_price=-1)]}, {"items.0.unit_price": "Must be at least 0."}),
    ({"items": [item(quantity=0)]}, {"items.0.quantity": "Must be greater than 0."}),
    ({"items": [item(tags=["a", "b\0"])]}, {"items.0.tags.1": NOT_TEXT}),
    ({"items": [item(tags=["a", 1])]}, {"items.0.tags.1": "Must be of type string."}),
    ({"items": [item(tags=["a"] * 6)]}, {"items.0.tags": "Must have at most 5 items."}),
    ({"items": [item(color="red")]}, {"items.0.color": "Is not a known field."}),
    ({"items": ["x"]}, {"items.0": "Must be of type object."}),
    ({"items": {}}, {"items": "Must be of type array."}),
    ({"items": []}, {"items": "Must have at least 1 item(s)."}),
    ({"due": "2026-02-31"}, {"due": "Must be a date, such as 2026-12-31."}),
    ({"due": "yesterday"}, {"due": "Must be a date, such as 2026-12-31."}),
    ({"due": "20000-01-01"}, {"due": "Must be a date, such as 2026-12-31."}),
    ({"due": "1700006400"}, {"due": "Must be a date, such as 2026-12-31."}),
    ({"due": 0}, {"due": "Must be a date, such as 2026-12-31."}),
    ({"due": "2026-12-31T00:00:00"}, {"due": "Must be a date, such as 2026-12-31."}),
    (
        {"seen": "20000-01-01T00:00:00Z"},
        {"seen": "Must be a date with a time, such as 2026-12-31T23:59:59Z."},
    ),
    (
        {"seen": 1700000000},
        {"seen": "Must be a date with a time, such as 2026-12-31T23:59:59Z."},
    ),
    (
        {"seen": "2026-12-31T23:59:59"},
        {"seen": "Must have an offset, as 2026-12-31T23:59:59Z has."},
    ),
    ({"seen": "0001-01-01T00:00:00+10:00"}, {"seen": "Must be in the years 1 to 9999 in UTC."}),
    ({"currency": "EURO"}, {"currency": "Must be an ISO 4217 currency code, such as EUR."}),
    ({"currency": "XXX"}, {"currency": "Must be an ISO 4217 currency code, such as EUR."}),
    ({"number": "x" * 21}, {"number": "Must have at most 20 characters."}),
    ({"number": "   "}, {"number": "Must have at least 1 character(s)."}),
    ({"number": "2026\N{EN DASH}1"}, {"number": "Must be ASCII."}),
    ({"reference": "none"}, {"reference": "Must be a UUID."}),
    ({"priority": 3}, {"priority": "Must be one of 1, 2."}),
    *(
        ({"web": sent}, {"web": "Must be an http or https URL."})
        for sent in (
            *("ftp://acme.example", "http:a", "http:/a", "http:///x", "http:////x", "//a", "a"),
            *("http://a\nb", "http://a\tb", " http://a", "http://a ", "http://a/ b", "http://a\\b"),
            *("http://a/\x7f", "http://a/\u0085", "http://a/\u00a0", "http://", "http://?a"),
        )
    ),
    *(
        ({"customer": sent}, {"customer": "Must be one line, without control characters."})
        for sent in ("x\r\ny", "x\ny", "\tx", "x\u0085", "x\u2028y", "x\x7f", "x\x1b[0m", "x\n")
    ),
    (
        {"number": "x\ny", "items": []},
        {
            "number": "Must be one line, without control characters.",
            "items": "Must have at least 1 item(s).",
        },
    ),
    *(
        ({"seen": sent}, {"seen": "Must be a date with a time, such as 2026-12-31T23:59:59Z."})
        for sent in (
            "2026-01-01_10:00:00Z",
            "2026-01-01T10:00:00\u221202:00",
            "2026-01-01T10:00:00Z\n",
            "\uff12026-01-01T10:00:00Z",
        )
    ),
    ({"web": "http://" + "x" * 2083}, {"web": "Must have at most 2083 characters."}),
    ({"address": {"street": "Main St"}}, {"address.country": "Is required."}),
    (
        {"address": {"street": "Main St", "country": "usa"}},
        {"address.country": "Must match ^[A-Z]{2}$."},
    ),
    ({"labels": {"a": "b\0"}}, {"labels.a": NOT_TEXT}),
    ({"labels": {"a\0": "b"}}, {"labels.a?": NOT_TEXT}),
    (
        {"due": None, "currency": 1, "items": [item(name=""), {}]},
        {
            "due": "Must be a date, such as 2026-12-31.",
            "currency": "Must be of type string.",
            "items.0.name": "Must have at least 1 character(s).",
            "items.1.name": "Is required.",
            "items.1.quantity": "Is required.",
            "items.1.unit_price": "Is required.",
        },
    ),
]


@pytest.mark.parametrize(("others", "errors"), WRONG)
def test_what_is_wrong_is_told_by_its_place(
    invoices: FlaskClient,
    writer: Mapping[str, str],
    others: dict[str, Any],
    errors: dict[str, str],
) -> None:
    response = invoices.post(INVOICES, json=invoice(**others), headers=writer)
    assert response.status_code == 400
    assert response.json["errors"] == errors


@pytest.mark.parametrize("literal", ["NaN", "-Infinity", "1e999", '"\\ud800"', '["\\udfff"]'])
@pytest.mark.parametrize("field", ["number", "due", "items", "labels", "priority", "seen"])
def test_what_json_cannot_say_is_400(
    invoices: FlaskClient, writer: Mapping[str, str], field: str, literal: str
) -> None:
    body = json.dumps(invoice() | {field: "HERE"}).replace('"HERE"', literal)
    response = invoices.post(INVOICES, data=body, content_type="application/json", headers=writer)
    assert response.status_code == 400


def test_a_long_list_of_errors_is_cut(invoices: FlaskClient, writer: Mapping[str, str]) -> None:
    sent = invoice(**{f"field{number}" + "x" * 1000: 1 for number in range(200)})
    response = invoices.post(INVOICES, json=sent, headers=writer)
    assert len(response.json["errors"]) == 100
    assert max(map(len, response.json["errors"])) == 50


def test_a_validator_before_the_fields_does_not_change_what_is_valid(
    invoices: FlaskClient, writer: Mapping[str, str]
) -> None:
    sent = invoice(client="Grace")
    del sent["customer"]
    assert invoices.post(INVOICES, json=sent, headers=writer).json["customer"] == "Grace"


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data"])
def test_a_form_is_converted(invoices: FlaskClient, kind: str) -> None:
    sent = {
        "text": "a",
        "day": "2026-12-31",
        "count": "5",
        "amount": "12.50",
        "is_public": "true",
        "status": "sent",
        "tags": ["x", "y"],
        "numbers": "7",
    }
    response = invoices.post(NOTES, data=sent, content_type=kind)
    assert response.json == sent | {"count": 5, "is_public": True, "numbers": [7]}


@pytest.mark.parametrize(
    ("form", "errors"),
    [
        ({"text": "a", "count": "five"}, {"count": "Must be of type integer."}),
        ({"text": "a", "count": "9" * 5000}, {"count": "Must be of type integer."}),
        ({"text": "a", "count": ["1", "2"]}, {"count": "Must be sent once."}),
        (
            {"text": ["a", "b"], "day": "0"},
            {
                "text": "Must be sent once.",
                "day": "Must be a date, such as 2026-12-31.",
            },
        ),
        ({"text": "a", "numbers": ["1", "x"]}, {"numbers.1": "Must be of type integer."}),
        *(
            ({"text": "a", "is_public": sent}, {"is_public": "Must be true or false."})
            for sent in ("maybe", "yes", "on", "t", "1", "TRUE", "")
        ),
        *(
            ({"text": "a", "count": sent}, {"count": "Must be of type integer."})
            for sent in ("01", "+1", " 1", "1_0", "1.0", "\uff11", "\u0661", "-0", "")
        ),
        ({"text": "a", "amount": "nan"}, {"amount": NO_DECIMAL}),
        ({"text": "a\0"}, {"text": NOT_TEXT}),
        ({"text": "a", "tags": ["x", "\0"]}, {"tags.1": NOT_TEXT}),
        ({"text": "a", "status": "x"}, {"status": "Must be one of draft, sent, paid."}),
        ({"text": "a", "x": ""}, {"x": "Is not a known field."}),
    ],
)
def test_a_wrong_form_is_told_what_is_wrong(
    invoices: FlaskClient, form: dict[str, Any], errors: dict[str, str]
) -> None:
    response = invoices.post(NOTES, data=form)
    assert (response.status_code, response.json["errors"]) == (400, errors)


@pytest.mark.parametrize(
    "value", [b"a%FF", b"%E9", b"%ED%A0%80", b"%C3", b"a\xff", b"\xed\xa0\x80"]
)
def test_a_form_that_is_not_utf_8_is_refused(invoices: FlaskClient, value: bytes) -> None:
    kind = "application/x-www-form-urlencoded"
    response = invoices.post(NOTES, data=b"text=" + value, content_type=kind)
    assert (response.status_code, response.json["errors"]) == (400, {"text": NOT_TEXT})


PARTS = (
    b'--x\r\nContent-Disposition: form-data; name="%s"\r\n%s\r\n%s\r\n'
    b'--x\r\nContent-Disposition: form-data; name="tags"\r\n\r\ny\r\n--x--\r\n'
)
MULTIPART = "multipart/form-data; boundary=x"


@pytest.mark.parametrize(
    ("header", "value"),
    [
        (b"", b"a\xff"),
        (b"", b"\xe9"),
        (b"", b"\xef\xbf\xbd\xff"),
        (b"Content-Type: text/plain; charset=ascii\r\n", b"\xc3\xa9"),
    ],
)
def test_a_part_that_is_not_in_its_encoding_is_refused(
    invoices: FlaskClient, header: bytes, value: bytes
) -> None:
    response = invoices.post(NOTES, data=PARTS % (b"text", header, value), content_type=MULTIPART)
    assert (response.status_code, response.json["errors"]) == (400, {"text": NOT_TEXT})


@pytest.mark.parametrize(
    ("header", "value", "text"),
    [
        (b"", b"\xc3\xa9 \xef\xbf\xbd", "\u00e9 \ufffd"),
        (b"Content-Type: text/plain; charset=iso-8859-1\r\n", b"\xe9", "\u00e9"),
    ],
)
def test_a_part_is_read_in_its_encoding(
    invoices: FlaskClient, header: bytes, value: bytes, text: str
) -> None:
    response = invoices.post(NOTES, data=PARTS % (b"text", header, value), content_type=MULTIPART)
    assert response.json["text"] == text


def test_a_part_without_a_name_is_refused(invoices: FlaskClient) -> None:
    body = (PARTS % (b"text", b"", b"a")).replace(b'; name="tags"', b"")
    response = invoices.post(NOTES, data=body, content_type=MULTIPART)
    assert response.status_code == 400
    assert response.json == {"message": "A part of the form has no name."}


def test_a_file_is_no_value_of_a_field(invoices: FlaskClient) -> None:
    """It would be left out, and what it was sent for would stay as it is."""
    body = (PARTS % (b"text", b"", b"a")).replace(b'"tags"', b'"day"; filename="day.txt"')
    response = invoices.post(NOTES, data=body, content_type=MULTIPART)
    assert response.json["errors"] == {"day": "Must be a date, such as 2026-12-31."}


def test_keys_that_are_repeated_are_refused(
    invoices: FlaskClient, writer: Mapping[str, str]
) -> None:
    body = json.dumps(invoice(labels={"a": "b"}))
    body = body.replace('"quantity": 2', '"quantity": 2, "quantity": 3, "quantity": 4')
    body = body.replace('"a": "b"', '"a": "b", "\\u0061": "b"')
    body = body.replace('"due"', '"customer": "Grace", "due"')
    response = invoices.post(INVOICES, data=body, content_type="application/json", headers=writer)
    assert response.status_code == 400
    assert response.json["errors"] == dict.fromkeys(
        ("customer", "items.0.quantity", "labels.a"), "Must be sent once."
    )


def test_a_form_for_nested_schemas_is_415(invoices: FlaskClient, writer: Mapping[str, str]) -> None:
    response = invoices.post(INVOICES, data={"number": "1"}, headers=writer)
    assert response.status_code == 415
    assert response.json["message"] == "Send JSON (application/json)."


@pytest.mark.parametrize("text", ["1", 1.5, "true", None])
def test_json_is_taken_at_its_word(invoices: FlaskClient, text: object) -> None:
    errors = invoices.post(NOTES, json={"text": "a", "count": text}).json["errors"]
    assert errors == {"count": "Must be of type integer."}


def test_a_query_string_is_validated(invoices: FlaskClient, writer: Mapping[str, str]) -> None:
    invoices.post(INVOICES, json=invoice(), headers=writer)

    def listed(query: str) -> Any:
        return invoices.get(f"{INVOICES}?{query}", headers=writer)

    assert len(listed("status=draft&due_before=2027-01-01&number=2026-0001&number=x").json) == 1
    assert listed("status=paid").json == []
    assert listed("number=x").json == []
    assert listed("status=x&due_before=2026-02-31&nothing=1").json["errors"] == {
        "status": "Must be one of draft, sent, paid.",
        "due_before": "Must be a date, such as 2026-12-31.",
        "nothing": "Is not a known field.",
    }
    assert listed("number=%00").json["errors"] == {"number.0": NOT_TEXT}
    assert listed("number=x&number=%FF").json["errors"] == {"number.1": NOT_TEXT}
    assert listed("number=%ED%A0%80").json["errors"] == {"number.0": NOT_TEXT}
    assert listed("=1").json["errors"] == {'""': "Is not a known field."}
    assert listed("%00=1").json["errors"] == {"?": NOT_TEXT}
    assert listed("%FF=1").json["errors"] == {"?": NOT_TEXT}
    assert listed("paid=yes").json["errors"] == {"paid": "Must be true or false."}


class Written(Schema):
    """A field for each type whose texts Pydantic reads more freely than the document."""

    start: time | None = None
    length: timedelta | None = None
    local: NaiveDatetime | None = None
    share: float | None = None
    words: Annotated[str, Pattern("^[a-z]+( [a-z]+)*$", "Must be words {of} a to z.")] = "a"


@pytest.mark.parametrize(
    ("field", "sent", "said"),
    [
        *(
            ("start", sent, "Must be a time,")
            for sent in ("3600", "12_00", "\uff112:00", "12:00\n")
        ),
        *(("length", sent, "Must be a duration,") for sent in ("1 day", "12:00", "5", "1d", "P")),
        *(("local", sent, "Must be a date with") for sent in ("1700000000", "2026-01-01_10:00")),
        *(
            ("share", sent, "Must be of type number.")
            for sent in ("1_0", "+1", ".5", "5.", "01", " 1", "1\n", "\u0661", "inf", "nan")
        ),
        *(("words", sent, "Must be words {of} a to z.") for sent in ("a  b", "a\n", "", "A")),
    ],
)
def test_texts_are_read_as_the_document_says(field: str, sent: str, said: str) -> None:
    with pytest.raises(ValidationError) as raised:
        Written.model_validate({field: sent}, strict=False)
    assert errors_of(raised.value)[field].startswith(said)


def test_texts_of_the_document_are_read() -> None:
    sent = {"start": "12:00", "length": "P1DT12H", "local": "2026-01-01 10:00", "share": "-1.5e3"}
    written = Written.model_validate({**sent, "words": "a b"}, strict=False)
    assert written == Written(
        start=time(12),
        length=timedelta(hours=36),
        local=datetime(2026, 1, 1, 10),  # noqa: DTZ001  (it has no offset)
        share=-1500.0,
        words="a b",
    )
    _, described = json_schemas.generate([(Written, "validation")])
    assert described["Written"]["properties"]["words"]["pattern"] == "^[a-z]+( [a-z]+)*$"


def test_nested_schemas_are_no_columns() -> None:
    columns = NewInvoice.model_validate(invoice()).columns()
    assert "items" not in columns
    assert "address" not in columns
    assert columns["labels"] == {}
    assert columns["number"] == "2026-0001"


def test_only_what_was_sent_is_applied() -> None:
    entity = SimpleNamespace(status=Status.DRAFT, due="then", note="old")
    InvoiceChanges.model_validate({"status": "sent"}).apply_to(entity)
    assert vars(entity) == {"status": Status.SENT, "due": "then", "note": "old"}
    InvoiceChanges.model_validate({"note": None}).apply_to(entity)
    assert vars(entity) == {"status": Status.SENT, "due": "then", "note": None}


def test_null_is_refused_for_a_field_that_can_only_be_left_out(
    invoices: FlaskClient, writer: Mapping[str, str]
) -> None:
    invoices.post(INVOICES, json=invoice(), headers=writer)
    headers = {**writer, "If-Match": '"1"'}
    response = invoices.patch(f"{INVOICES}1/", json={"status": None, "due": None}, headers=headers)
    assert response.status_code == 400
    assert set(response.json["errors"]) == {"status", "due"}


def test_null_is_refused_for_a_column_that_may_not_be_null() -> None:
    class Base(DeclarativeBase):
        pass

    class Entity(Base):
        __tablename__ = "entities"
        id: Mapped[int] = mapped_column(primary_key=True)
        text: Mapped[str]
        day: Mapped[str | None]

    entity = Entity(text="a", day="b")
    with pytest.raises(Invalid) as raised:
        Note.model_construct(_fields_set={"text", "day"}, text=None, day=None).apply_to(entity)
    assert raised.value.errors == {"text": "Must not be null."}
    assert entity.text == "a"


def test_a_schema_is_made_of_an_object_or_a_mapping() -> None:
    values = {
        "id": 1,
        "number": "1",
        "customer": "Ada",
        "currency": "EUR",
        "due": "2026-12-31",
        "status": Status.PAID,
        "reference": UUID(int=1),
        "seen": datetime(2026, 1, 1, tzinfo=UTC),
        "items": [SimpleNamespace(name="a", quantity=Decimal(2), unit_price=Decimal("1E+3"))],
    }
    details = InvoiceDetails.of(SimpleNamespace(**values))
    assert details == InvoiceDetails.of(values)
    assert details.total() == 2000 if callable(details.total) else details.total == 2000
    assert details.model_dump(mode="json")["items"][0]["unit_price"] == "1000.00"


def test_a_schema_is_made_of_a_mapping_that_is_no_dictionary() -> None:
    """Such as a row of `Result.mappings()`, of which `count` would be a method."""

    class Counted(Schema):
        count: int
        keys: str

    made = Counted.of(MappingProxyType({"count": 3, "keys": "two"}))
    assert (made.count, made.keys) == (3, "two")


def test_two_edits_at_once(invoices: FlaskClient, writer: Mapping[str, str]) -> None:
    created = invoices.post(INVOICES, json=invoice(), headers=writer)
    path, etag = created.headers["Location"], created.headers["ETag"]

    def changed(status: str, **headers: str) -> Any:
        return invoices.patch(path, json={"status": status}, headers={**writer, **headers})

    assert changed("sent").status_code == 428
    first = changed("sent", **{"If-Match": etag})
    assert first.status_code == 200
    assert first.headers["ETag"] == '"2"'
    second = changed("paid", **{"If-Match": etag})
    assert second.status_code == 412
    assert "get it again" in second.json["message"]
    assert changed("paid", **{"If-Match": 'W/"2"'}).json["status"] == "paid"
    assert changed("sent", **{"If-Match": "*"}).status_code == 200

    shown = invoices.get(path, headers=writer)
    again = invoices.get(path, headers={**writer, "If-None-Match": shown.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


@pytest.mark.parametrize("unwanted", ['"1"', 'W/"1"', "*", '"5", "1"'])
@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_a_change_is_not_made_to_a_version_that_the_caller_excludes(
    invoices: FlaskClient, writer: Mapping[str, str], method: str, unwanted: str
) -> None:
    path = invoices.post(INVOICES, json=invoice(), headers=writer).headers["Location"]
    sent = {**writer, "If-Match": "*", "If-None-Match": unwanted}
    body = {"json": {"status": "sent"}} if method == "PATCH" else {}
    assert invoices.open(path, method=method, headers=sent, **body).status_code == 412
    assert invoices.get(path, headers=writer).headers["ETag"] == '"1"'
    sent["If-None-Match"] = '"5"'
    assert invoices.open(path, method=method, headers=sent, **body).status_code in {200, 204}


def test_an_address_that_grows_too_long_in_its_normal_form_is_named(
    invoices: FlaskClient, writer: Mapping[str, str]
) -> None:
    web = "http://acme.example/" + "é" * 700
    response = invoices.post(INVOICES, json=invoice(web=web), headers=writer)
    assert response.status_code == 400
    assert response.json["errors"].keys() == {"web"}


@pytest.mark.parametrize(
    "sent",
    ["1", "garbage", '""', "", " ", '"', '"1', "'1'", 'w/"1"', '"1" "2"', '"1",2', '*,"1"', "**"],
)
@pytest.mark.parametrize("method", ["GET", "PATCH"])
def test_an_if_match_that_is_no_list_of_etags_is_400_and_shows_one(
    invoices: FlaskClient, writer: Mapping[str, str], method: str, sent: str
) -> None:
    path = invoices.post(INVOICES, json=invoice(), headers=writer).headers["Location"]
    body = {"json": {"status": "sent"}} if method == "PATCH" else {}
    response = invoices.open(path, method=method, headers={**writer, "If-Match": sent}, **body)
    assert response.status_code == 400
    assert 'such as "5"' in response.json["message"]
    assert invoices.get(path, headers=writer).headers["ETag"] == '"1"'


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ('"1"', 200),
        (' "9" , "1" ', 200),
        (', "9",,W/"1",', 200),
        ("*", 200),
        (" * ", 200),
        ('"9"', 412),
        ('W/"9"', 412),
        ('"a,1"', 412),
        ('"9","8"', 412),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD", "PATCH"])
def test_if_match_is_compared_with_the_present_version(
    invoices: FlaskClient, writer: Mapping[str, str], method: str, sent: str, status: int
) -> None:
    path = invoices.post(INVOICES, json=invoice(), headers=writer).headers["Location"]
    body = {"json": {"status": "sent"}} if method == "PATCH" else {}
    response = invoices.open(path, method=method, headers={**writer, "If-Match": sent}, **body)
    assert response.status_code == status
    if status == 412 and method != "HEAD":
        assert response.json.keys() == {"message"}


def test_if_match_comes_before_if_none_match(
    invoices: FlaskClient, writer: Mapping[str, str]
) -> None:
    path = invoices.post(INVOICES, json=invoice(), headers=writer).headers["Location"]
    known = {**writer, "If-None-Match": '"1"'}
    assert invoices.get(path, headers={**known, "If-Match": '"1"'}).status_code == 304
    assert invoices.get(path, headers={**known, "If-Match": '"2"'}).status_code == 412
    document = invoices.get("/openapi.json", headers={"If-Match": '"2"'})
    assert (document.status_code, list(document.json)) == (412, ["message"])


def test_401_and_403_come_before_400(invoices: FlaskClient, bearer: Bearer) -> None:
    assert invoices.post(INVOICES, data="{", content_type="text/xml").status_code == 401
    assert invoices.post(INVOICES, data="{", headers=bearer()).status_code == 403
