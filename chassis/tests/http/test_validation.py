"""Which bodies are read, and that any other is refused with what is wrong with it."""

import sys
from typing import Any

import pytest
from flask.testing import FlaskClient

from flask_chassis.http.text import NOT_TEXT
from flask_chassis.settings import Settings
from flask_chassis.testing import Bearer

from ..probes import PLACES

READ = "/probes/read/"
DEEP = 100_000


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(
    "sent",
    [
        {"json": {"text": "abc"}},
        {"data": {"text": "abc"}},
        {"data": {"text": "abc"}, "content_type": "multipart/form-data"},
        {"data": '{"text": "abc"}', "content_type": "application/vnd.acme+json"},
        {"data": '{"text": "abc"}', "content_type": "application/json; charset=utf-8"},
        {"data": '\ufeff{"text": "abc"}', "content_type": "application/json"},
    ],
    ids=["JSON", "form", "multipart form", "some other JSON", "JSON with its encoding", "with BOM"],
)
def test_a_body_is_json_or_a_form(
    probe: FlaskClient, bearer: Bearer, place: str, sent: dict[str, Any]
) -> None:
    response = probe.post(f"{place}/read/", headers=bearer(), **sent)
    assert response.status_code == 200
    assert response.json == {"text": "abc"}


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, {"text": "Is required."}),
        ({"text": None}, {"text": "Must be of type string."}),
        ({"text": 5}, {"text": "Must be of type string."}),
        ({"text": ["abc"]}, {"text": "Must be of type string."}),
        ({"text": "a"}, {"text": "Must have at least 2 character(s)."}),
        ({"text": "abcdef"}, {"text": "Must have at most 5 characters."}),
        ({"text": "ABC"}, {"text": "Must match ^[a-z]+$."}),
        ({"text": "abc", "number": "1"}, {"number": "Must be of type integer."}),
        ({"text": "abc", "number": True}, {"number": "Must be of type integer."}),
        ({"text": "abc", "number": 0}, {"number": "Must be at least 1."}),
        ({"text": "abc", "number": 10**400}, {"number": "Must be at most 9."}),
        ({"text": "abc", "choice": "x"}, {"choice": "Must be one of one, two."}),
        ({"text": "abc", "list": []}, {"list": "Must have at least 1 item(s)."}),
        ({"text": "abc", "list": ["x", 1]}, {"list.1": "Must be of type string."}),
        ({"text": "a\0b"}, {"text": "Has characters that cannot be stored."}),
        ({"text": "\ud800"}, {"text": "Has characters that cannot be stored."}),
        ({"text": "abc", "list": ["a", "\udfff"]}, {"list.1": NOT_TEXT}),
        ({"text": "abc", "list": ["a\0b"]}, {"list.0": "Has characters that cannot be stored."}),
        ({"text": "abc", "\0": 1}, {"?": NOT_TEXT}),
        ({"text": "abc", "id": 1}, {"id": "Is not a known field."}),
        ({"number": 0}, {"text": "Is required.", "number": "Must be at least 1."}),
    ],
)
def test_a_wrong_field_is_told_what_is_wrong_with_it(
    probe: FlaskClient, bearer: Bearer, body: dict[str, Any], errors: dict[str, str]
) -> None:
    response = probe.post(READ, json=body, headers=bearer())
    assert response.status_code == 400
    assert response.json == {"message": "The request is not valid.", "errors": errors}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b'{"text": "abc"',
        b'{"text": ' + b"9" * 5000 + b"}",
        b'{"text": "\\ud800"}',
        b'{"text": "abc", "number": NaN}',
        b'{"text": "abc", "number": Infinity}',
        b'{"\\ud800": "\\ud800"}',
        b"[]",
        b'"abc"',
        b"null",
        b"[" * DEEP,
        b'{"text": ' + b"[" * DEEP + b"]" * DEEP + b"}",
    ],
    ids=lambda body: repr(body[:20]),
)
def test_a_malformed_json_body_is_400(probe: FlaskClient, bearer: Bearer, body: bytes) -> None:
    response = probe.post(READ, data=body, content_type="application/json", headers=bearer())
    assert response.status_code == 400
    assert response.json["message"]


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data", b"text=abc"),
        ("multipart/form-data; boundary=x", b"--x\r\n1.3e-138--x--\r\n"),
        ("multipart/form-data; boundary=x", b"--x--\r\n"),
        ("application/x-www-form-urlencoded", b"&"),
    ],
)
def test_a_form_without_a_field_that_can_be_read_is_400(
    probe: FlaskClient, bearer: Bearer, content_type: str, body: bytes
) -> None:
    """It would be an empty form, and change nothing where all fields may be left out."""
    response = probe.post(READ, data=body, content_type=content_type, headers=bearer())
    assert response.status_code == 400
    assert response.json["message"] == "The body is not a valid form."


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"[" * 250 + b"]" * 250, "The body is nested too deeply."),
        (b'{"text": ' * 250 + b"1" + b"}" * 250, "The body is nested too deeply."),
        (b"[" * DEEP + b"]" * DEEP, "The body is nested too deeply."),
        (b'{"text": %s}' % (b"9" * 5000), "The body has a number with too many digits."),
        (b"[NaN]", "The body is not valid JSON."),
        (b'{"text": -Infinity}', "The body is not valid JSON."),
        (b"", "The body is not valid JSON."),
        ("{}".encode("utf-16"), "The body is not valid JSON."),
    ],
    ids=lambda each: repr(each[:20]),
)
def test_a_body_that_cannot_be_read_is_told_why(
    probe: FlaskClient, bearer: Bearer, body: bytes, message: str
) -> None:
    response = probe.post(READ, data=body, content_type="application/json", headers=bearer())
    assert (response.status_code, response.json) == (400, {"message": message})


def test_a_body_of_any_depth_is_answered(probe: FlaskClient, bearer: Bearer) -> None:
    """Just below the depth that cannot be read is one that cannot be printed."""
    limit = sys.getrecursionlimit()
    for depth in (10, 100, *range(limit - 200, limit + 10), 9_000, 11_000):
        body = b'{"text": ' + b"[" * depth + b"]" * depth + b"}"
        response = probe.post(READ, data=body, content_type="application/json", headers=bearer())
        assert response.status_code == 400


def test_a_body_that_is_packed_is_415(probe: FlaskClient, bearer: Bearer) -> None:
    headers = bearer() | {"Content-Encoding": "gzip"}
    assert probe.post(READ, json={"text": "abc"}, headers=headers).status_code == 415
    for none in ("identity", "Identity"):
        headers = bearer() | {"Content-Encoding": none}
        assert probe.post(READ, json={"text": "abc"}, headers=headers).status_code == 200


def test_no_body_at_all_lacks_what_is_required(probe: FlaskClient, bearer: Bearer) -> None:
    response = probe.post(READ, headers=bearer())
    assert response.status_code == 400
    assert response.json["errors"] == {"text": "Is required."}


@pytest.mark.parametrize("content_type", ["text/plain", "application/xml", "application/jsonx", ""])
def test_any_other_type_is_415(probe: FlaskClient, bearer: Bearer, content_type: str) -> None:
    response = probe.post(READ, data=b"text=abc", content_type=content_type, headers=bearer())
    assert response.status_code == 415
    assert "JSON" in response.json["message"]


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded"],
)
def test_a_body_that_is_too_large_is_413(
    probe: FlaskClient, bearer: Bearer, settings: Settings, content_type: str
) -> None:
    body = b"x" * (settings["http.max_body_bytes"] + 1)
    response = probe.post(READ, data=body, content_type=content_type, headers=bearer())
    assert response.status_code == 413
    assert response.json["message"]


def test_what_was_sent_is_not_repeated(probe: FlaskClient, bearer: Bearer) -> None:
    response = probe.post(READ, json={"text": "PASSWORD"}, headers=bearer())
    assert "PASSWORD" not in response.text
