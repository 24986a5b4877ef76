"""Secrets are taken out of what is logged, and what is not a secret is left in."""

import json

import pytest

from flask_chassis.observability.redaction import is_suspect, redact

JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"  # pragma: allowlist secret

SECRETS = {
    f"token {JWT} was refused": "token [redacted] was refused",
    f"cut off: {JWT[:30]}": "cut off: [redacted]",
    "Authorization: Basic YTpi": "Authorization: [redacted]",
    "Cookie: session=abc; other=def": "Cookie: [redacted]",
    "sent Bearer abc.DEF-123": "sent Bearer [redacted]",
    # pragma: allowlist nextline secret
    "postgresql://user:s3cret@host/db": "postgresql://user:[redacted]@host/db",
    "amqp://user:pass/w@rd@host": "amqp://user:[redacted]@host",
    "GET /api/?search=private&limit=3 HTTP/1.1": "GET /api/?[redacted] HTTP/1.1",
    "{'password': 'it\\'s mine', 'a': 1}": "{'password': '[redacted]', 'a': 1}",
    '{"api_key": "abc", "a": "b"}': '{"api_key": "[redacted]", "a": "b"}',
    "password=hunter2, host=db": "password=[redacted], host=db",
    'db_password="two words" x': "db_password=[redacted] x",
}

HARMLESS = [
    "GET /api/things/<int:id>/ 200",
    "The bearer of this letter may pass.",
    "https://example.com/path",
    "What is this? Nothing.",
    "a password is required",
    "the tokens of the parser",
    "",
]


@pytest.mark.parametrize("text", SECRETS)
def test_a_secret_is_taken_out(text: str) -> None:
    assert is_suspect(text)
    assert redact(text) == SECRETS[text]


@pytest.mark.parametrize("text", HARMLESS)
def test_what_is_no_secret_is_left_in(text: str) -> None:
    assert redact(text) == text


def test_a_secret_is_found_wherever_it_is() -> None:
    found = redact({"a": [{"password": "x", "user": "ada"}, ("Bearer abc123x",)], "n": 5})
    assert found == {
        "a": [{"password": "[redacted]", "user": "ada"}, ["Bearer [redacted]"]],
        "n": 5,
    }


@pytest.mark.parametrize(
    "name",
    ["password", "DB_PASSWORD", "client_secret", "token", "apikey", "Authorization", "cookie"],
)
def test_a_name_can_tell_that_its_value_is_a_secret(name: str) -> None:
    assert redact({name: "plain"}) == {name: "[redacted]"}


def test_a_name_can_be_like_that_of_a_secret() -> None:
    harmless = {"tokens_seen": "three", "keyboard": "x", "message": "y"}
    assert redact(harmless) == harmless


def test_what_postgresql_quotes_is_taken_out() -> None:
    text = "column does not exist\nLINE 1: VALUES ('ada', 'my diary')\n  ^\nDETAIL: Key (a)=(ada)."
    # It is looked for in the line that is written, where a line feed is two characters.
    assert is_suspect(json.dumps(text))
    assert redact(text) == "column does not exist\nLINE 1: [redacted]\n  ^\nDETAIL: [redacted]"
