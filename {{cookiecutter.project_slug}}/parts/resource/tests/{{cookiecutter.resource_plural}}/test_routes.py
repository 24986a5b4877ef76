"""The public API, as a caller sees it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, insert

from {{ cookiecutter.package_name }}.{{ cookiecutter.resource_plural }} import queries
from {{ cookiecutter.package_name }}.{{ cookiecutter.resource_plural }}.model import (
    {{ cookiecutter.__resource_class }} as Stored,
)

from ..conftest import Bearer

OWN = "/api/me/{{ cookiecutter.resource_plural }}/"
ALL = "/api/{{ cookiecutter.resource_plural }}/"

Write = Callable[..., int]


@pytest.fixture
def write(client: FlaskClient, bearer: Bearer) -> Write:
    """Write one through the API: `write("text", username="ada")` returns its id."""

    def writes(text: str, username: str = "ada") -> int:
        response = client.post(OWN, json={"text": text}, headers=bearer(username))
        assert response.status_code == 201
        identity: int = response.json["id"]
        return identity

    return writes


def test_a_new_one_is_answered_whole(client: FlaskClient, bearer: Bearer) -> None:
    response = client.post(OWN, json={"text": "Hello"}, headers=bearer("ada"))
    assert response.status_code == 201
    assert response.json.keys() == {"id", "username", "text", "timestamp"}
    assert response.json["username"] == "ada"
    assert response.json["text"] == "Hello"
    written = datetime.fromisoformat(response.json["timestamp"])
    assert written.utcoffset() == timedelta(0)
    assert abs(datetime.now(UTC) - written) < timedelta(minutes=1)


def test_a_form_does_what_json_does(client: FlaskClient, bearer: Bearer) -> None:
    response = client.post(OWN, data={"text": "From a form"}, headers=bearer())
    assert response.status_code == 201
    assert response.json["text"] == "From a form"


@pytest.mark.parametrize("text", ["x", "x" * 10_000, "ünïcödé 🎈", "<script>", "'; DROP TABLE x"])
def test_a_text_comes_back_as_it_went_in(client: FlaskClient, write: Write, text: str) -> None:
    assert client.get(f"{ALL}{write(text)}/").json["text"] == text


@pytest.mark.parametrize("text", ["", "x" * 10_001, "a\0b", "\ud800", None, 5, ["a"]])
def test_a_text_that_cannot_be_is_refused(
    client: FlaskClient, bearer: Bearer, text: object
) -> None:
    response = client.post(OWN, json={"text": text}, headers=bearer())
    assert response.status_code == 400
    assert response.json["errors"].keys() == {"text"}
    assert client.get(ALL).json == []


def test_writing_needs_a_token_before_anything_else(client: FlaskClient) -> None:
    assert client.post(OWN, json={}).status_code == 401
    assert client.post(OWN, data="rubbish").status_code == 401


def test_own_are_the_callers_newest_first(
    client: FlaskClient, bearer: Bearer, write: Write
) -> None:
    first, _, last = write("1", "ada"), write("2", "bob"), write("3", "ada")
    listed = client.get(OWN, headers=bearer("ada"))
    assert [item["id"] for item in listed.json] == [last, first]
    assert listed.headers["X-Total-Count"] == "2"


def test_anyone_lists_all_newest_first(client: FlaskClient, write: Write) -> None:
    first, last = write("1", "ada"), write("2", "bob")
    assert [item["id"] for item in client.get(ALL).json] == [last, first]


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
def test_a_search_is_literal_and_ignores_case(
    client: FlaskClient, write: Write, search: str, found: list[str]
) -> None:
    for text in ("Buy milk", "äpfel", "100% sure", "snake_case", "back\\slash"):
        write(text)
    listed = client.get(ALL, query_string={"search": search})
    assert [item["text"] for item in listed.json] == found
    assert listed.headers["X-Total-Count"] == str(len(found))


def test_a_search_finds_what_is_old(client: FlaskClient, write: Write, engine: Engine) -> None:
    old = [write("Rare"), write("Rare"), write("Rare")]
    with engine.begin() as connection:
        new = {"username": "bob", "text": "Frequent"}
        connection.execute(insert(Stored), [new] * queries.LOOKED_THROUGH)
    found = client.get(ALL, query_string={"search": "rare", "limit": 2})
    assert [item["id"] for item in found.json] == [old[2], old[1]]
    assert found.headers["X-Total-Count"] == "3"
    following = client.get(f"{ALL}?search=rare&limit=2&before={old[1]}")
    assert [item["id"] for item in following.json] == [old[0]]


def test_a_search_finds_what_is_new(client: FlaskClient, write: Write) -> None:
    new = [write("Frequent"), write("Frequent"), write("Frequent")]
    found = client.get(ALL, query_string={"search": "frequent", "limit": 2})
    assert [item["id"] for item in found.json] == [new[2], new[1]]
    assert found.json[0].keys() == {"id", "username", "text", "timestamp"}


@pytest.mark.parametrize("search", ["x" * 201, "a\0b"])
def test_a_search_that_cannot_be_is_refused(client: FlaskClient, search: str) -> None:
    response = client.get(ALL, query_string={"search": search})
    assert response.status_code == 400
    assert response.json["errors"].keys() == {"search"}


def test_one_is_shown(client: FlaskClient, write: Write) -> None:
    identity = write("Hello")
    assert client.get(f"{ALL}{identity}/").json["id"] == identity


@pytest.mark.parametrize("identity", ["1", str(2**63 - 1), str(2**63), "abc", "-1"])
def test_one_that_is_not_there_is_404(client: FlaskClient, identity: str) -> None:
    response = client.get(f"{ALL}{identity}/")
    assert response.status_code == 404
    assert response.json["message"]
