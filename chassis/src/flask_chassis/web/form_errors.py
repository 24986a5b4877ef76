"""Turns what another service refuses into sentences about the fields of a form, for people.

An API names fields by their place, and says shortly what is wrong with each:

    {"text": "Must have at most 10000 characters.", "items.0.quantity": "Is required."}

If a form has one field, `text`, with the label "Your note", people read:

    errors = form_errors.sentences(refusal, {"text": "Your note"})
    # {"text": "Your note must have at most 10,000 characters.", FORM: "Something in this form …"}

What is about a field that the form does not have, or about none, has the key FORM: a page shows it
in its summary of errors, without a link. Nothing that is not a plain sentence is passed on.
"""

import re
from collections.abc import Mapping
from math import ceil, isinf

from flask_chassis.clients.errors import RefusedError

FORM = ""
"""The key of what is wrong with the form as a whole."""

NOT_ACCEPTED = "Something in this form was not accepted. Check what you entered, then try again."

BY_STATUS = {
    403: "Your account does not have the permission to do this.",
    404: "This does not exist any more: somebody may have deleted it.",
    409: "This does not fit what is saved now: it may exist already, or have been changed.",
    410: "This does not exist any more: somebody may have deleted it.",
    413: "This is too large. Shorten it, then try again.",
}
"""The sentence for a refusal that names no field."""

TOO_MANY = "There were too many attempts. Wait for {}, then try again."

DEFAULT_WAIT_SECONDS = 60

_SENTENCE = re.compile(r"[A-Z][^{}\[\]<>\\^$|\r\n]{1,198}[.!?]")
"""What may be shown: neither JSON, nor a pattern, nor a text of any length."""

_PREDICATES = ("Must ", "Is ", "Has ", "Does ")
"""How a sentence begins that has the field as its subject, and does not name it."""


def sentences(refusal: RefusedError, labels: Mapping[str, str]) -> dict[str, str]:
    """Return what is wrong by field, or by FORM; never nothing. `labels` are the form's fields."""
    told = refusal.errors
    found = {field: _about(label, told[field]) for field, label in labels.items() if field in told}
    if told.keys() - labels.keys():
        found[FORM] = NOT_ACCEPTED
    return found or {FORM: _in_general(refusal)}


def wait_seconds(refusal: RefusedError) -> int:
    """Return how long a refusal asks to wait, in whole seconds, at least 1."""
    seconds = refusal.retry_after_seconds
    return DEFAULT_WAIT_SECONDS if isinf(seconds) else max(ceil(seconds), 1)


def wait_in_words(seconds: int) -> str:
    """Return a time to wait in words that suit a minute as well as an hour."""
    if seconds < 120:
        return f"{seconds} second{'' if seconds == 1 else 's'}"
    return f"{ceil(seconds / 60)} minutes"


def _in_general(refusal: RefusedError) -> str:
    if refusal.status == 429:
        return TOO_MANY.format(wait_in_words(wait_seconds(refusal)))
    return BY_STATUS.get(refusal.status, NOT_ACCEPTED)


def _about(label: str, told: str) -> str:
    """Return a sentence about a field, as people call it."""
    if not _SENTENCE.fullmatch(told):
        return f"{label} was not accepted. Check it, then try again."
    told = re.sub(r"\b1 (\w+)\(s\)", r"1 \1", told).replace("(s)", "s")
    told = re.sub(r"(?<![\w.-])\d{5,}(?![\w-])", lambda number: f"{int(number[0]):,}", told)
    if told.startswith(_PREDICATES):
        return f"{label} {told[0].lower()}{told[1:]}"
    return f"{label}: {told}"
