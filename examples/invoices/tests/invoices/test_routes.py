"""Tests of the API through HTTP."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_chassis.testing import Bearer
from werkzeug.http import parse_list_header

from .conftest import ALL, Create, invoice, item

User = dict[str, str]


def test_create_returns_a_draft_with_items_and_total(client: FlaskClient, user: User) -> None:
    items = [item(quantity=3, unit_price="0.10"), item(description="Discount", unit_price="-0.05")]
    response = client.post(ALL, json=invoice(items=items), headers=user)
    assert response.status_code == 201
    assert response.json["status"] == "draft"
    assert response.json["total"] == "0.20"
    assert [line["unit_price"] for line in response.json["items"]] == ["0.10", "-0.05"]
    shown = client.get(response.headers["Location"], headers=user)
    assert shown.json == response.json
    assert shown.headers["ETag"] == response.headers["ETag"]


def test_create_with_an_invalid_item_stores_nothing(client: FlaskClient, user: User) -> None:
    items = [item(), item(quantity=10**30)]
    response = client.post(ALL, json=invoice(items=items), headers=user)
    assert response.status_code == 400
    assert response.json["errors"] == {"items.1.quantity": "Must be at most 1000000."}
    assert client.get(ALL, headers=user).json == []


def test_create_with_a_taken_number_returns_409(
    client: FlaskClient, user: User, create: Create
) -> None:
    create(number="2026-0001")
    response = client.post(ALL, json=invoice(number="2026-0001"), headers=user)
    assert response.status_code == 409
    assert response.json["errors"] == {"number": "Is taken already."}
    assert len(client.get(ALL, headers=user).json) == 1


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"number": ""}, "number"),
        ({"number": "x" * 21}, "number"),
        ({"currency": "EURO"}, "currency"),
        ({"due": "2026-02-31"}, "due"),
        ({"status": "paid"}, "status"),
        ({"items": []}, "items"),
        ({"items": [item()] * 501}, "items"),
        ({"items": [item(unit_price="0.001")]}, "items.0.unit_price"),
        ({"items": [item(description="a\0b")]}, "items.0.description"),
    ],
)
def test_create_with_an_invalid_field_returns_400_with_its_place(
    client: FlaskClient, user: User, change: dict[str, Any], place: str
) -> None:
    response = client.post(ALL, json=invoice(**change), headers=user)
    assert response.status_code == 400
    assert response.json["errors"].keys() == {place}


def test_list_filters_and_sorts(client: FlaskClient, user: User, create: Create) -> None:
    for number, due in (("3", "2026-01-01"), ("1", "2026-03-01"), ("2", "2026-02-01")):
        create(number=number, due=due)

    def numbers(query: str) -> list[str]:
        return [one["number"] for one in client.get(f"{ALL}?{query}", headers=user).json]

    assert numbers("due_before=2026-03-01&sort=due") == ["3", "2"]
    assert numbers("status=draft&sort=-number") == ["3", "2", "1"]
    assert numbers("status=paid") == []
    assert numbers("customer=ADA&sort=number") == ["1", "2", "3"]


def test_pages_of_equal_sort_values_repeat_and_skip_nothing(
    client: FlaskClient, user: User, create: Create
) -> None:
    created = [create(number=f"{number}")["id"] for number in range(5)]
    found, path = [], f"{ALL}?sort=due&limit=2"
    while path:
        response = client.get(path, headers=user)
        found += [one["id"] for one in response.json]
        links = parse_list_header(response.headers["Link"])
        following = [link for link in links if link.endswith('rel="next"')]
        path = following[0].partition(">")[0].removeprefix("<") if following else ""
    assert found == created


def test_update_needs_the_current_etag(client: FlaskClient, user: User, create: Create) -> None:
    path = f"{ALL}{create()['id']}/"
    seen = client.get(path, headers=user).headers["ETag"]
    assert client.patch(path, json={"status": "sent"}, headers=user).status_code == 428
    changed = client.patch(path, json={"status": "sent"}, headers=user | {"If-Match": seen})
    assert (changed.status_code, changed.json["status"]) == (200, "sent")
    late = client.patch(path, json={"status": "paid"}, headers=user | {"If-Match": seen})
    assert late.status_code == 412
    assert client.get(path, headers=user).json == changed.json


def test_update_replaces_all_items(client: FlaskClient, user: User, create: Create) -> None:
    path = f"{ALL}{create(items=[item(), item(description='Paint')])['id']}/"
    before = client.get(path, headers=user)
    seen = user | {"If-Match": before.headers["ETag"]}
    items = [item(description="Varnish", quantity=2, unit_price="1.50")]
    changed = client.patch(path, json={"items": items}, headers=seen)
    assert (changed.status_code, changed.json["total"]) == (200, "3.00")
    assert changed.json == before.json | {"items": items, "total": "3.00"}
    assert changed.headers["ETag"] != before.headers["ETag"]
    assert client.patch(path, json={"items": items}, headers=seen).status_code == 412
    assert client.get(path, headers=user).json == changed.json


@pytest.mark.parametrize("items", [[], None, [item(quantity=0)], [item()] * 501])
def test_update_with_invalid_items_replaces_none(
    client: FlaskClient, user: User, create: Create, items: Any
) -> None:
    path = f"{ALL}{create()['id']}/"
    before = client.get(path, headers=user).json
    response = client.patch(path, json={"items": items}, headers=user | {"If-Match": "*"})
    assert response.status_code == 400
    assert client.get(path, headers=user).json == before


def test_one_of_two_concurrent_updates_fails(app: Flask, user: User, create: Create) -> None:
    path = f"{ALL}{create()['id']}/"
    headers = user | {"If-Match": app.test_client().get(path, headers=user).headers["ETag"]}

    def change(body: dict[str, Any]) -> int:
        return app.test_client().patch(path, json=body, headers=headers).status_code

    with ThreadPoolExecutor(2) as callers:
        statuses = callers.map(change, [{"due": "2027-01-01"}, {"items": [item()]}])
    assert sorted(statuses) == [200, 412]


def test_delete_removes_a_draft_and_its_items(
    client: FlaskClient, user: User, create: Create
) -> None:
    path = f"{ALL}{create()['id']}/"
    assert client.delete(path, headers=user | {"If-Match": '"77"'}).status_code == 412
    assert client.delete(path, headers=user).status_code == 204
    assert client.get(path, headers=user).status_code == 404
    assert client.delete(path, headers=user).status_code == 404


def test_sent_invoice_cannot_be_deleted(client: FlaskClient, user: User, create: Create) -> None:
    path = f"{ALL}{create()['id']}/"
    client.patch(path, json={"status": "sent"}, headers=user | {"If-Match": "*"})
    assert client.delete(path, headers=user).status_code == 409
    assert client.get(path, headers=user).status_code == 200


def test_reading_needs_a_token_and_writing_a_scope(
    client: FlaskClient, bearer: Bearer, create: Create
) -> None:
    path = f"{ALL}{create()['id']}/"
    assert client.get(path).status_code == 401
    assert client.get(path, headers=bearer("bob")).status_code == 200
    assert client.delete(path, headers=bearer("bob")).status_code == 403
