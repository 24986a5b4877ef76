"""Calls of other services with Pydantic models."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import pytest
from flask import Flask
from pydantic import BaseModel, Field

from flask_chassis.clients.errors import BadResponseError
from flask_chassis.clients.upstream import Upstream
from flask_chassis.testing.upstream import Reply, Service

from .test_upstream import made


class Bill(BaseModel):
    """What another service answers with, or takes."""

    title: str
    total: Decimal = Decimal(0)
    due: date | None = None
    kind: str | None = Field(default=None, alias="class")


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
    with pytest.raises(BadResponseError, match="the body is no Bill: title: Field required"):
        call.get("/").read(Bill)
    with pytest.raises(BadResponseError, match=r"the body is no list\[.*Bill\]: the body: "):
        call.get("/").read(list[Bill])


def test_the_fields_of_a_model_that_were_set_are_sent(call: Upstream, other: Service) -> None:
    other.on("POST", "/", Reply(201, json={}))
    call.post("/", json=Bill.model_validate({"title": "ü", "total": "1.20", "class": "a"}))
    call.post("/", json=Bill(title="ü", due=None))
    assert [each.json for each in other.requests] == [
        {"title": "ü", "total": "1.20", "class": "a"},
        {"title": "ü", "due": None},
    ]
