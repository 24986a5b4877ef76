"""Tests of the public API."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from flask_chassis.testing import Bearer
from werkzeug.http import parse_list_header

OWN = "/api/me/{{ cookiecutter.resource_plural }}/"
ALL = "/api/{{ cookiecutter.resource_plural }}/"

FIRST: dict[str, Any] = {"text": "Hello"}

SECOND: dict[str, Any] = {"text": "Good morning"}
"""Another {{ cookiecutter.resource_name|replace('_', ' ') }}, different in each field."""

Write = Callable[..., int]


@pytest.fixture
def write(client: FlaskClient, bearer: Bearer) -> Write:
    """Create one through the API: `write(FIRST, username="ada")` returns its id."""

    def writes(body: dict[str, Any], username: str = "ada") -> int:
        response = client.post(OWN, json=body, headers=bearer(username))
        assert response.status_code == 201
        identity: int = response.json["id"]
        return identity

    return writes


@pytest.mark.parametrize("body", [FIRST, SECOND])
def test_create_and_get(client: FlaskClient, bearer: Bearer, body: dict[str, Any]) -> None:
    response = client.post(OWN, json=body, headers=bearer("ada"))
    assert response.status_code == 201
    assert response.json.keys() == {"id", "username", "timestamp", *body}
    assert response.json["username"] == "ada"
    assert {name: response.json[name] for name in body} == body
    written = datetime.fromisoformat(response.json["timestamp"])
    assert written.utcoffset() == timedelta(0)
    assert abs(datetime.now(UTC) - written) < timedelta(minutes=1)
    assert client.get(response.headers["Location"]).json == response.json


def test_create_accepts_form_data(client: FlaskClient, bearer: Bearer) -> None:
    response = client.post(OWN, data={"text": "Hello"}, headers=bearer())
    assert response.status_code == 201
    assert {name: response.json[name] for name in FIRST} == FIRST


def test_idempotency_key_executes_request_once(client: FlaskClient, bearer: Bearer) -> None:
    headers = {**bearer("ada"), "Idempotency-Key": "1b0e4f8c"}
    first, again = [client.post(OWN, json=FIRST, headers=headers) for _ in range(2)]
    assert [first.status_code, again.status_code] == [201, 201]
    assert again.json == first.json
    assert again.headers["Idempotency-Replayed"] == "true"
    assert client.get(ALL).json == [first.json]
    assert client.post(OWN, json=SECOND, headers=headers).status_code == 422


@pytest.mark.parametrize("text", ["x", "x" * 10_000, "ünïcödé 🎈", "<script>", "'; DROP TABLE x"])
def test_text_is_returned_unchanged(client: FlaskClient, write: Write, text: str) -> None:
    assert client.get(f"{ALL}{write(FIRST | {'text': text})}/").json["text"] == text


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("text", ""),
        ("text", "x" * 10_001),
        ("text", "a\0b"),
        ("text", "\ud800"),
        ("text", 5),
        ("text", ["a"]),
        ("text", None),
        ("unknown", 1),
    ],
)
def test_create_with_invalid_value_returns_400(
    client: FlaskClient, bearer: Bearer, name: str, value: object
) -> None:
    response = client.post(OWN, json=FIRST | {name: value}, headers=bearer())
    assert response.status_code == 400
    assert response.json["errors"].keys() == {name}
    assert client.get(ALL).json == []


def test_create_without_token_returns_401(client: FlaskClient) -> None:
    assert client.post(OWN, json={}).status_code == 401
    assert client.post(OWN, data="rubbish").status_code == 401


def test_own_list_excludes_other_users(client: FlaskClient, bearer: Bearer, write: Write) -> None:
    first, _ = write(FIRST, "ada"), write(SECOND, "bob")
    listed = client.get(f"{OWN}?count=true", headers=bearer("ada"))
    assert [item["id"] for item in listed.json] == [first]
    assert listed.headers["X-Total-Count"] == "1"


def test_list_is_public_and_paginated_newest_first(client: FlaskClient, write: Write) -> None:
    written = [write(FIRST, "ada"), write(SECOND, "bob")]
    found, path = [], f"{ALL}?limit=1"
    while path:
        response = client.get(path)
        found += [item["id"] for item in response.json]
        links = parse_list_header(response.headers["Link"])
        following = [link for link in links if link.endswith('rel="next"')]
        path = following[0].partition(">")[0].removeprefix("<") if following else ""
    assert found == written[::-1]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"search": "Hello"}, [0]),
    ],
)
def test_list_can_be_filtered(
    client: FlaskClient, write: Write, query: dict[str, str], found: list[int]
) -> None:
    ids = [write(FIRST), write(SECOND)]
    listed = client.get(ALL, query_string=query)
    assert listed.status_code == 200
    assert sorted(ids.index(item["id"]) for item in listed.json) == found


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("MILK", ["Buy milk"]),
        ("ÄPFEL", ["äpfel"]),
        ("%", ["100% sure"]),
        ("_", ["snake_case"]),
        ("\\", ["back\\slash"]),
        ("", ["back\\slash", "snake_case", "100% sure", "äpfel", "Buy milk"]),
        ("nowhere", []),
    ],
)
def test_search_is_literal_and_case_insensitive(
    client: FlaskClient, write: Write, search: str, found: list[str]
) -> None:
    for text in ("Buy milk", "äpfel", "100% sure", "snake_case", "back\\slash"):
        write(FIRST | {"text": text})
    listed = client.get(ALL, query_string={"search": search, "count": "true"})
    assert [item["text"] for item in listed.json] == found
    assert listed.headers["X-Total-Count"] == str(len(found))


@pytest.mark.parametrize("search", ["x" * 201, "a\0b"])
def test_invalid_search_returns_400(client: FlaskClient, search: str) -> None:
    response = client.get(ALL, query_string={"search": search})
    assert response.status_code == 400
    assert response.json["errors"].keys() == {"search"}


@pytest.mark.parametrize("identity", ["1", str(2**63 - 1), str(2**63), "abc", "-1"])
def test_get_unknown_id_returns_404(client: FlaskClient, identity: str) -> None:
    response = client.get(f"{ALL}{identity}/")
    assert response.status_code == 404
    assert response.json["message"]


@pytest.mark.parametrize("name", ["text"])
def test_owner_can_update(client: FlaskClient, bearer: Bearer, write: Write, name: str) -> None:
    path = f"{ALL}{write(FIRST)}/"
    before = client.get(path).json
    changed = client.patch(path, json={name: SECOND[name]}, headers=bearer("ada"))
    assert changed.status_code == 200
    assert changed.json == before | {name: SECOND[name]}
    assert client.patch(path, json={}, headers=bearer("ada")).json == changed.json
    assert client.get(path).json == changed.json


@pytest.mark.parametrize("changes", [{"text": None}, {"username": "bob"}])
def test_invalid_update_returns_400(
    client: FlaskClient, bearer: Bearer, write: Write, changes: dict[str, object]
) -> None:
    path = f"{ALL}{write(FIRST)}/"
    before = client.get(path).json
    refused = client.patch(path, json=changes, headers=bearer("ada"))
    assert refused.status_code == 400
    assert refused.json["errors"].keys() == changes.keys()
    assert client.get(path).json == before


def test_owner_can_delete(client: FlaskClient, bearer: Bearer, write: Write) -> None:
    path = f"{ALL}{write(FIRST)}/"
    assert client.delete(path, headers=bearer("ada")).status_code == 204
    assert client.get(path).status_code == 404
    assert client.delete(path, headers=bearer("ada")).status_code == 404


def test_only_owner_can_update_and_delete(
    client: FlaskClient, bearer: Bearer, write: Write
) -> None:
    path = f"{ALL}{write(FIRST)}/"
    before = client.get(path).json
    assert client.patch(path, json=SECOND).status_code == 401
    assert client.patch(path, json=SECOND, headers=bearer("bob")).status_code == 403
    assert client.delete(path, headers=bearer("bob")).status_code == 403
    assert client.get(path).json == before
