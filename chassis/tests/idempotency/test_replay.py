"""A request with a key is executed once; whoever repeats it gets the same response."""

from collections.abc import Callable
from io import BytesIO

import pytest
from sqlalchemy import Engine, event

from .conftest import Send
from .domain import EXECUTED

Numbers = Callable[[], list[str]]
Keys = Callable[[], int]


@pytest.mark.parametrize("way", ["with_session", "with_transaction", "with_autocommit"])
def test_a_repeated_request_is_answered_as_before_and_not_executed(
    send: Send, numbers: Numbers, keys: Keys, way: str
) -> None:
    first, second = send(way), send(way)
    assert (first.status_code, first.json) == (201, {"number": "2026-1"})
    assert "Idempotency-Replayed" not in first.headers
    assert (second.status_code, second.data) == (201, first.data)
    assert second.headers["Idempotency-Replayed"] == "true"
    for name in ("Location", "ETag", "Content-Type", "Content-Length", "X-Own"):
        assert second.headers[name] == first.headers[name]
    assert "Set-Cookie" in first.headers
    assert "Set-Cookie" not in second.headers
    assert second.headers["X-Request-ID"] != first.headers["X-Request-ID"]
    assert (EXECUTED, numbers(), keys()) == (["ada 2026-1"], ["2026-1"], 1)


def test_a_request_without_a_key_is_as_before(send: Send, keys: Keys) -> None:
    assert send(key=None).status_code == 201
    assert send(key=None).status_code == 409
    assert (len(EXECUTED), keys()) == (2, 0)


def test_a_request_without_a_key_costs_no_statement_more(send: Send, idempotent) -> None:
    statements: list[str] = []
    engine: Engine = idempotent.extensions["database"]

    def record(connection, cursor, statement: str, *_: object) -> None:
        statements.append(statement)

    event.listen(engine, "before_cursor_execute", record)
    try:
        send("with_autocommit", key=None)
    finally:
        event.remove(engine, "before_cursor_execute", record)
    assert len(statements) == 1


def test_callers_paths_and_keys_do_not_share_responses(send: Send, numbers: Numbers) -> None:
    assert send(number="1").status_code == 201
    assert send(number="2", user="bob").status_code == 201
    assert send("with_transaction", number="3").status_code == 201
    assert send(key="k2", number="4").status_code == 201
    assert send(path="/plain/{way}/", number="5").status_code == 201
    assert numbers() == ["1", "2", "3", "4", "5"]


@pytest.mark.parametrize(
    "other",
    [
        {"number": "2026-2"},
        {"json": {"number": "2026-1", "customer": None}},
        {"json": {"number": "2026-1", "price": 1.5}},
        {"query_string": {"a": "b"}},
    ],
)
def test_a_key_with_another_request_is_refused(
    send: Send, numbers: Numbers, other: dict[str, object]
) -> None:
    send()
    refused = send(**other)
    assert refused.status_code == 422
    assert refused.json["message"].startswith("This Idempotency-Key was used for a request with")
    assert (len(EXECUTED), numbers()) == (1, ["2026-1"])


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (b'{"number": "1", "price": 1.50}', b'{"price":1.50,"number":"1"}'),
        (b'{"number": "\xc3\xbc"}', b'{"number": "\\u00fc"}'),
    ],
)
def test_the_same_json_may_be_written_in_another_way(
    send: Send, first: bytes, second: bytes
) -> None:
    sent = [send(data=data, content_type="application/json") for data in (first, second)]
    assert [each.status_code for each in sent] == [201, 201]
    assert len(EXECUTED) == 1


def test_decimals_beyond_a_float_are_told_apart(send: Send) -> None:
    json = '{"number": "1", "price": 0.1%s}'
    assert send(data=json % ("0" * 30), content_type="application/json").status_code == 201
    other = send(data=json % ("0" * 29 + "1"), content_type="application/json")
    assert other.status_code == 422


def test_a_form_may_be_sent_again_with_another_boundary(send: Send) -> None:
    def form(boundary: str) -> dict[str, object]:
        data = (
            f'--{boundary}\r\nContent-Disposition: form-data; name="number"\r\n\r\n1\r\n'
            f"--{boundary}--\r\n"
        )
        kind = f"multipart/form-data; boundary={boundary}"
        return {"input_stream": BytesIO(data.encode()), "content_type": kind, "data": None}

    first, second = send(**form("one")), send(**form("two"))
    assert [first.status_code, second.status_code] == [201, 201]
    assert len(EXECUTED) == 1


def test_the_values_of_a_field_have_an_order_and_fields_have_none(send: Send) -> None:
    queries = ["a=1&a=2&b=3", "b=3&a=1&a=2", "a=2&a=1&b=3"]
    answers = [send(query_string=query).status_code for query in queries]
    assert answers == [201, 201, 422]


def test_a_response_without_a_body_is_replayed(send: Send) -> None:
    first, second = (send(path="/empty/", data=b"") for _ in range(2))
    assert [first.status_code, second.status_code] == [204, 204]
    assert "Content-Type" not in second.headers
    assert second.headers["Idempotency-Replayed"] == "true"
    assert EXECUTED == ["empty"]


def test_what_flask_makes_a_response_of_is_replayed(send: Send) -> None:
    first, second = send("pair"), send("pair")
    assert [first.status_code, second.status_code] == [202, 202]
    assert second.json == first.json == {"number": "2026-1"}
    assert second.headers["X-Own"] == "yes"


@pytest.mark.parametrize("sent", ["", "a b", "ü", "a\tb", "x" * 256])
def test_a_key_that_cannot_be_is_refused(send: Send, numbers: Numbers, sent: str) -> None:
    refused = send(key=sent)
    assert refused.status_code == 400
    assert "1 to 255 visible ASCII characters" in refused.json["message"]
    assert numbers() == []


@pytest.mark.parametrize("sent", ["x", "~!" * 127, "x" * 255, '"8e03978e-40d5"', "a,b"])
def test_a_key_may_have_any_visible_characters(send: Send, sent: str) -> None:
    assert [send(key=sent).status_code for _ in range(2)] == [201, 201]
    assert len(EXECUTED) == 1


def test_a_key_can_be_required(send: Send, numbers: Numbers) -> None:
    refused = send(key=None, path="/plain/{way}/")
    assert refused.status_code == 400
    assert refused.json["message"].startswith("The header Idempotency-Key is required: send")
    assert numbers() == []
    assert send(path="/plain/{way}/").status_code == 201


def test_a_token_is_asked_for_first(send: Send) -> None:
    assert send(key="a b", headers={"Authorization": ""}).status_code == 401
