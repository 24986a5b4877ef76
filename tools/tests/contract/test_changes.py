"""Each rule about what breaks callers, on documents that the chassis makes."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Literal

import pytest
from flask_chassis.http.schemas import Schema
from pydantic import Field, create_model

from flask_chassis_tools.contract import changes
from flask_chassis_tools.contract.documents import Document

from .made import Fields, document

A = (int, 1)
"""A field that may be missing."""


def lines(old: Document, new: Document, *, breaking: bool) -> list[str]:
    return [str(each) for each in changes.between(old, new) if each.is_breaking == breaking]


class Status(StrEnum):
    """States of a bill."""

    DRAFT = "draft"
    SENT = "sent"


class MoreStatus(StrEnum):
    """And one more."""

    DRAFT = "draft"
    SENT = "sent"
    PAID = "paid"


class Item(Schema):
    """Of a bill."""

    price: int


class DearItem(Schema):
    """With a limit."""

    price: int = Field(ge=10)


def field(kind: Any, **limits: Any) -> Fields:
    return {"a": (kind, Field(**limits))}


TIGHTER = {
    "a type is removed": (field(int | str), field(int), "a: string is no longer valid"),
    "null is removed": (field(int | None), field(int), "a: null is no longer valid"),
    "number becomes integer": (field(float), field(int), "a: number becomes integer"),
    "an enum's value is removed": (field(MoreStatus), field(Status), "a: the value paid is"),
    "a literal's value is removed": (
        field(Literal["x", "y"]),
        field(Literal["x"]),
        "a: the value y is removed",
    ),
    "a text becomes an enum": (field(str), field(Status), "a: only draft, sent remain valid"),
    "a minimum rises": (field(int, ge=1), field(int, ge=2), "`minimum` changes from 1 to 2"),
    "a minimum is added": (field(int), field(int, ge=2), "`minimum` changes from none to 2"),
    "a maximum falls": (field(int, le=9), field(int, le=8), "`maximum` changes from 9 to 8"),
    "a text gets shorter": (
        field(str, max_length=9),
        field(str, max_length=5),
        "`maxLength` changes from 9 to 5",
    ),
    "a list gets shorter": (
        field(list[int], max_length=9),
        field(list[int], max_length=5),
        "`maxItems` changes from 9 to 5",
    ),
    "a format is added": (field(str), field(date), "a: `format` date is added"),
    "elements of a list are limited": (
        field(list[Item]),
        field(list[DearItem]),
        r"a[].price: `minimum` changes from none to 10",
    ),
    "values of a map are limited": (
        field(dict[str, int]),
        field(dict[str, Annotated[int, Field(ge=1)]]),
        "a.*: `minimum`",
    ),
    "a field becomes required": ({"a": (int, 1)}, {"a": (int, ...)}, "a: the property becomes req"),
}


@pytest.mark.parametrize("case", TIGHTER)
def test_what_becomes_tighter_breaks_those_who_send_it_alone(case: str) -> None:
    old, new, message = TIGHTER[case]
    found = lines(document(body=old), document(body=new), breaking=True)
    assert [line for line in found if message in line], found
    # A default and a pattern cannot be judged in a schema of what is received.
    known = ("`pattern`", "the default")
    received = lines(document(response=old), document(response=new), breaking=True)
    assert [line for line in received if not any(each in line for each in known)] == []


@pytest.mark.parametrize("case", TIGHTER)
def test_what_becomes_looser_breaks_those_who_receive_it_alone(case: str) -> None:
    new, old, _ = TIGHTER[case]
    # A field with a default is always in a response.
    if case != "a field becomes required":
        assert lines(document(response=old), document(response=new), breaking=True)
    assert lines(document(body=old), document(body=new), breaking=True) == []


BOTH = {
    "another type": (field(int), field(bool), ".a: "),
    "another format": (field(date), field(datetime), "`format` changes from date to date-time"),
    "another pattern": (
        field(str, pattern="a"),
        field(str, pattern="b"),
        "`pattern` changes from a to b",
    ),
    "other digits": (
        field(Decimal, decimal_places=2),
        field(Decimal, decimal_places=3),
        "`pattern` changes",
    ),
    "a removed field": ({**field(int), "b": A}, field(int), "b: the property is removed"),
}


@pytest.mark.parametrize("case", BOTH)
@pytest.mark.parametrize("where", ["body", "response"])
def test_these_break_everybody(case: str, where: str) -> None:
    old, new, message = BOTH[case]
    found = lines(document(**{where: old}), document(**{where: new}), breaking=True)
    assert [line for line in found if message in line], found


def test_an_added_field_breaks_if_callers_have_to_send_it() -> None:
    old = {"a": (int, ...)}
    new = {**old, "b": (int, ...)}
    optional = {**old, "b": A}
    assert lines(document(response=old), document(response=new), breaking=True) == []
    assert lines(document(body=old), document(body=optional), breaking=True) == []
    assert lines(document(body=old), document(body=new), breaking=True) == [
        "POST /api/bills/: body.b: a required property is added"
    ]


def test_another_default_breaks_those_who_leave_a_field_out() -> None:
    old, new = {"a": (int, 1)}, {"a": (int, 2)}
    assert lines(document(body=old), document(body=new), breaking=True) == [
        "POST /api/bills/: body.a: the default changes from 1 to 2"
    ]
    assert lines(document(response=old), document(response=new), breaking=True) == []


def test_query_parameters() -> None:
    old = {"a": (int, 1), "b": (int, ...)}
    plus = {**old, "c": A}
    with_required = {**old, "c": (int, ...)}
    place = "POST /api/bills/: query parameter"
    assert lines(document(query=old), document(query=plus), breaking=True) == []
    assert lines(document(query=old), document(query=with_required), breaking=True) == [
        f"{place} c: a required parameter is added"
    ]
    assert lines(document(query=plus), document(query=old), breaking=True) == [
        f"{place} c: the parameter is removed"
    ]
    found = lines(document(query={"a": A}), document(query={"a": (int, ...)}), breaking=True)
    assert f"{place} a: the parameter becomes required" in found
    looser = {"a": (int | str, 1), "b": A}
    assert lines(document(query=old), document(query=looser), breaking=True) == []


ROLES = {"public": 0, "token": 1, "write": 2}


@pytest.mark.parametrize("old", ROLES)
@pytest.mark.parametrize("new", ROLES)
def test_access_breaks_if_it_needs_more_than_before(old: str, new: str) -> None:
    found = lines(document(who=old), document(who=new), breaking=True)
    is_access = [line for line in found if "access changes" in line]
    assert bool(is_access) == (ROLES[new] > ROLES[old])


def test_another_scope_breaks() -> None:
    assert lines(document(who="write"), document(who="admin"), breaking=True) == [
        "POST /api/bills/: access changes from bearer write to bearer admin"
    ]


def test_statuses() -> None:
    plain, plus = document(), document(errors={409: "It is taken"})
    assert lines(plain, plus, breaking=True) == []
    assert lines(plain, plus, breaking=False) == [
        "POST /api/bills/: answer 409: the status is added"
    ]
    assert lines(plus, plain, breaking=True) == []
    created = document(response={"a": A}, status=201)
    found = lines(document(response={"a": A}), created, breaking=True)
    assert found == [
        "POST /api/bills/: answer 200: the status is removed",
        "POST /api/bills/: answer 201: the status is added",
    ]


def test_headers_of_answers() -> None:
    plain, plus = document(), document(headers={"X-Count": "How many"})
    assert lines(plain, plus, breaking=True) == []
    assert lines(plus, plain, breaking=True) == [
        "POST /api/bills/: answer 204: header X-Count: the header is removed"
    ]


def test_bodies_and_media_types() -> None:
    plain, body = document(), document(body={"a": (int, ...)})
    nested = document(body={"a": (create_model("N", __base__=Schema, b=(int, 1)), ...)})
    assert "POST /api/bills/: body: a required body is added" in lines(plain, body, breaking=True)
    assert "POST /api/bills/: body: the body is removed" in lines(body, plain, breaking=True)
    media = "the media type application/x-www-form-urlencoded is"
    assert [line for line in lines(body, nested, breaking=True) if f"{media} removed" in line]
    assert [line for line in lines(nested, body, breaking=False) if f"{media} added" in line]


def test_operations() -> None:
    old = document(path="/api/bills/<int:id>/")
    assert changes.between(old, document(path="/api/bills/<int:bill>/")) == []
    other = document(path="/api/invoices/")
    assert lines(old, other, breaking=True) == ["POST /api/bills/{id}/: the operation is removed"]
    assert lines(old, other, breaking=False) == ["POST /api/invoices/: the operation is added"]


def test_a_document_does_not_differ_from_itself() -> None:
    every = {f"f{number}": case[0]["a"] for number, case in enumerate(TIGHTER.values())}
    same = document(body=every, response=every, query={"a": A}, who="admin")
    assert changes.between(same, same) == []


def test_texts_are_no_changes() -> None:
    old, new = field(int, description="Old", examples=[1]), field(int, description="New")
    assert changes.between(document(body=old), document(body=new)) == []


class Tree(Schema):
    """A schema that contains itself."""

    value: int
    children: "list[Tree]" = Field(default=[])


class LimitedTree(Schema):
    """The same with a limit."""

    value: int = Field(ge=0)
    children: "list[LimitedTree]" = Field(default=[])


def test_a_schema_may_contain_itself() -> None:
    found = lines(
        document(body={"a": (Tree, ...)}), document(body={"a": (LimitedTree, ...)}), breaking=True
    )
    assert found == ["POST /api/bills/: body.a.value: `minimum` changes from none to 0"]


def foreign(schema: dict[str, Any]) -> Document:
    """Return a document that no chassis has made, with a schema of what is sent."""
    content = {"application/json": {"schema": schema}}
    operation = {"requestBody": {"content": content}, "responses": {"200": {"description": ""}}}
    return {"openapi": "3.1.0", "info": {}, "paths": {"/a": {"post": operation}}}


@pytest.mark.parametrize(
    "other",
    [
        {"anyOf": [{"type": "string"}, {"type": "null"}]},
        {"oneOf": [{"type": "null"}, {"type": "string"}]},
        {"type": "string", "nullable": True},
        {"allOf": [{"type": ["string", "null"]}]},
    ],
)
def test_other_ways_to_write_the_same_are_no_change(other: dict[str, Any]) -> None:
    assert changes.between(foreign({"type": ["string", "null"]}), foreign(other)) == []


def test_what_cannot_be_judged_breaks() -> None:
    old, new = {"type": "string", "not": {"const": "a"}}, {"type": "string"}
    assert lines(foreign(old), foreign(new), breaking=True) == [
        "POST /a: body: `not` changes, which cannot be judged"
    ]
