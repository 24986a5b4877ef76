"""Calls of other services with Pydantic models."""

from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

import pytest
from flask import Flask
from pydantic import BaseModel, Field

from flask_chassis.auth.access import public
from flask_chassis.clients import upstream
from flask_chassis.clients.errors import BadResponseError, UpstreamResponse
from flask_chassis.clients.upstream import Upstream
from flask_chassis.testing.upstream import Reply, Service

from .test_upstream import made


class Bill(BaseModel):
    """What another service answers with, or takes."""

    title: str
    total: Decimal = Decimal(0)
    due: date | None = None
    kind: str | None = Field(default=None, alias="class")


class Paid(BaseModel):
    """One form of a bill, by its tag."""

    state: Literal["paid"]


class Open(BaseModel):
    """The other form."""

    state: Literal["open"]


class Order(BaseModel):
    """With fields whose messages of Pydantic quote the value."""

    id: UUID | None = None
    bill: Paid | Open | None = Field(default=None, discriminator="state")


@pytest.fixture
def other() -> Iterator[Service]:
    """The service that is called."""
    with Service() as service:
        yield service


@pytest.fixture
def call(other: Service) -> Iterator[Upstream]:
    """The client of that service."""
    app: Flask = made(other.url)
    with app.test_request_context():
        yield app.extensions["upstream"]["other"]


def test_a_body_is_read_as_a_model(call: Upstream, other: Service) -> None:
    other.on("GET", "/", Reply(json={"title": "Rent", "total": "10.50", "unknown": 1}))
    assert call.get("/").read(Bill) == Bill(title="Rent", total=Decimal("10.50"))
    other.on("GET", "/", Reply(json=[{"title": "Rent", "due": "2026-12-01"}]))
    assert call.get("/").read(list[Bill]) == [Bill(title="Rent", due=date(2026, 12, 1))]


@pytest.mark.parametrize(
    ("body", "place"),
    [
        (b'[{"total": "1"}]', "0.title: Field required"),
        (b'[{"title": "Rent", "total": "secret"}]', "0.total: "),
        (b'{"title": "Rent"}', "the body: "),
        (b"", "the body: Invalid JSON"),
        (b"\xff", "the body: Invalid JSON"),
    ],
)
def test_another_body_is_502_and_its_values_are_not_logged(
    call: Upstream, other: Service, body: bytes, place: str
) -> None:
    other.on("GET", "/", Reply(body=body))
    with pytest.raises(BadResponseError) as raised:
        call.get("/").read(list[Bill])
    assert raised.value.code == 502
    assert place in str(raised.value)
    assert "secret" not in str(raised.value)


def test_the_log_names_the_model(call: Upstream, other: Service) -> None:
    other.on("GET", "/", Reply(body=b"{}"))
    with pytest.raises(
        BadResponseError, match="the body is not a valid Bill: title: Field required"
    ):
        call.get("/").read(Bill)
    with pytest.raises(
        BadResponseError, match=r"the body is not a valid list\[.*Bill\]: the body: "
    ):
        call.get("/").read(list[Bill])


def logged_of(
    other: Service,
    read: Callable[[UpstreamResponse], Any],
    caplog: pytest.LogCaptureFixture,
    *,
    status: int = 502,
) -> list[str]:
    """Have a view read the response of another service, and return what is logged."""

    def view() -> str:
        read(upstream.service("other").get("/"))
        return "read"

    app = made(other.url)
    app.view_functions["call"] = public(view)
    response = app.test_client().get("/")
    assert (response.status_code, "secret" in response.text) == (status, False)
    return [each.getMessage() for each in caplog.records if each.name != "access"]


@pytest.mark.parametrize(
    ("body", "kind", "reason"),
    [
        (
            b'{"title": 5}',
            Bill,
            "the body is not a valid Bill: title: Input should be a valid string",
        ),
        (b'{"total": "secret"}', Bill, "the body is not a valid Bill: title: Field required"),
        (b"[]", Bill, "the body is not a valid Bill: the body: Input should be an object"),
        (
            b"secret",
            Bill,
            "the body is not a valid Bill: the body: Invalid JSON: expected value at line 1",
        ),
        (b"secret", None, "the body is not valid JSON: Expecting value: line 1 column 1 (char 0)"),
        (b"\xff", None, "the body is not valid JSON: "),
        (
            b'{"id": "secret"}',
            Order,
            "the body is not a valid Order: id: Input should be a valid UUID",
        ),
        (
            b'{"bill": {"state": "secret"}}',
            Order,
            "the body is not a valid Order: bill: Input should have one of the expected tags",
        ),
    ],
)
def test_the_reason_of_a_502_is_logged_once_without_values(
    other: Service,
    caplog: pytest.LogCaptureFixture,
    body: bytes,
    kind: type[BaseModel] | None,
    reason: str,
) -> None:
    other.on("GET", "/", Reply(body=body))
    read = UpstreamResponse.json if kind is None else lambda response: response.read(kind)
    [line] = logged_of(other, read, caplog)
    assert line.startswith(f"a response is not usable: other: {reason}")
    assert "secret" not in line
    assert "found `" not in line


def test_a_call_that_fails_is_not_logged_twice(
    other: Service, caplog: pytest.LogCaptureFixture
) -> None:
    other.on("GET", "/", Reply(500))
    assert logged_of(other, UpstreamResponse.json, caplog) == ["GET / failed: other: responded 500"]


def test_a_view_that_catches_the_error_logs_what_it_likes(
    other: Service, caplog: pytest.LogCaptureFixture
) -> None:
    def caught(response: UpstreamResponse) -> None:
        with pytest.raises(BadResponseError):
            response.read(Bill)

    def logged(response: UpstreamResponse) -> None:
        try:
            response.read(Bill)
        except BadResponseError as error:
            error.log("no bill")
            raise

    other.on("GET", "/", Reply(json=[]))
    assert logged_of(other, caught, caplog, status=200) == []
    [line] = logged_of(other, logged, caplog)
    assert line.startswith("no bill: other: the body is not a valid Bill: ")


def test_the_fields_of_a_model_that_were_set_are_sent(call: Upstream, other: Service) -> None:
    other.on("POST", "/", Reply(201, json={}))
    call.post("/", json=Bill.model_validate({"title": "ü", "total": "1.20", "class": "a"}))
    call.post("/", json=Bill(title="ü", due=None))
    assert [each.json for each in other.requests] == [
        {"title": "ü", "total": "1.20", "class": "a"},
        {"title": "ü", "due": None},
    ]
