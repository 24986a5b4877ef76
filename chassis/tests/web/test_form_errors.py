"""What people read of another service's refusal."""

import json

import pytest

from flask_chassis.clients.errors import RefusedError, UpstreamResponse
from flask_chassis.web.form_errors import FORM, NOT_ACCEPTED, sentences

LABELS = {"text": "Your note", "due": "The date"}


def refusal(
    status: int = 400, errors: object = None, headers: dict[str, str] | None = None
) -> RefusedError:
    """Make what a call raises if a service refuses it."""
    body = json.dumps({"message": "internal words", "errors": errors}).encode()
    return RefusedError(UpstreamResponse("notes", status, headers or {}, body))


@pytest.mark.parametrize(
    ("told", "read"),
    [
        ("Must have at most 10000 characters.", "Your note must have at most 10,000 characters."),
        ("Must have at least 1 character(s).", "Your note must have at least 1 character."),
        ("Must have at least 12 character(s).", "Your note must have at least 12 characters."),
        ("Is required.", "Your note is required."),
        ("Somebody has this name already.", "Your note: Somebody has this name already."),
        ("Must be a date, such as 2026-12-31.", "Your note must be a date, such as 2026-12-31."),
    ],
)
@pytest.mark.parametrize("status", [400, 409, 422])
def test_a_sentence_about_a_field_begins_with_its_label(status: int, told: str, read: str) -> None:
    assert sentences(refusal(status, {"text": told}), LABELS) == {"text": read}


@pytest.mark.parametrize(
    "told",
    [
        "Must match ^[^\\x00]*$.",
        {"code": "E17"},
        ["Is required."],
        "<b>No.</b>",
        "psycopg2.errors.UniqueViolation",
        "A" * 300 + ".",
        "",
        None,
    ],
    ids=str,
)
def test_what_is_no_sentence_is_not_shown(told: object) -> None:
    read = sentences(refusal(errors={"due": told}), LABELS)
    assert read == {"due": "The date was not accepted. Check it, then try again."}


def test_places_of_other_fields_are_not_shown_and_not_lost() -> None:
    told = {"items.0.quantity": "Must be at least 1.", "due": "Is required.", "body": "Is no JSON."}
    read = sentences(refusal(errors=told), LABELS)
    assert read == {"due": "The date is required.", FORM: NOT_ACCEPTED}


@pytest.mark.parametrize(
    ("status", "words"),
    [(403, "permission"), (404, "deleted"), (409, "saved now"), (413, "too large")],
)
@pytest.mark.parametrize("errors", [None, {}, [], "No."])
def test_a_refusal_that_names_no_field_is_told_by_its_status(
    status: int, words: str, errors: object
) -> None:
    read = sentences(refusal(status, errors), LABELS)
    assert words in read[FORM]
    assert "internal words" not in read[FORM]


@pytest.mark.parametrize("status", [400, 418, 422])
def test_any_other_refusal_says_what_to_do(status: int) -> None:
    assert sentences(refusal(status), LABELS) == {FORM: NOT_ACCEPTED}


@pytest.mark.parametrize(
    ("retry_after", "words"),
    [
        ("1", "1 second,"),
        ("30", "30 seconds"),
        ("121", "3 minutes"),
        ("3600", "60 minutes"),
        ("0", "1 second,"),
        ("soon", "60 seconds"),
        (None, "60 seconds"),
    ],
)
def test_too_many_requests_are_told_with_the_time_to_wait(
    retry_after: str | None, words: str
) -> None:
    headers = {"Retry-After": retry_after} if retry_after else {}
    read = sentences(refusal(429, headers=headers), LABELS)[FORM]
    assert f"Wait for {words}" in read
