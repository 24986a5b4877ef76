"""Reads the body of a request, as JSON or as a form, and checks it against its model."""

from dataclasses import dataclass
from typing import Any

from flask import request
from flask_restx import Model
from jsonschema import Draft4Validator, ValidationError
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

from .errors import Invalid

FORMS = {"application/x-www-form-urlencoded", "multipart/form-data"}


def read(model: Model) -> dict[str, Any]:
    """Return the body's fields; Invalid, BadRequest or UnsupportedMediaType where it is wrong.

    The model that documents the body is the one that it is checked against. What it does not have
    is left out.
    """
    try:
        sent, check = _fields(), _check_of(model)
        faults = check.validator.iter_errors(sent)
        errors = {_field(fault): _sentence(fault) for fault in faults}
    except RecursionError:
        raise BadRequest("The body is nested too deeply.") from None
    body = {name: value for name, value in sent.items() if name in check.names}
    errors |= {name: NOT_TEXT for name, value in body.items() if not is_text(value)}
    if errors:
        raise Invalid(errors)
    return body


TEXT = r"^[^\x00]*$"
"""The pattern of what `is_text`, for the document: it cannot say half of a surrogate pair."""

NOT_TEXT = "Has characters that cannot be stored."


def is_text(value: object) -> bool:
    """Whether PostgreSQL can store a value if it is a text: no NUL, no half of a surrogate pair."""
    if not isinstance(value, str):
        return True
    return "\0" not in value and not any("\ud800" <= character <= "\udfff" for character in value)


def _fields() -> dict[str, Any]:
    if request.headers.get("Content-Encoding", "identity") != "identity":
        raise UnsupportedMediaType("Send the body as it is, without Content-Encoding.")
    # A body in chunks that is too large would be cut off without a word, and its beginning taken.
    request.get_data()
    request.stream.read(1)
    if request.mimetype in FORMS:
        return request.form.to_dict()
    if not request.mimetype and not request.content_length:
        return {}
    if not request.is_json:
        raise UnsupportedMediaType("Send JSON (application/json) or a form.")
    try:
        body = request.get_json()
    except BadRequest:
        raise BadRequest("The body is not valid JSON.") from None
    if not isinstance(body, dict):
        raise BadRequest("The body must be a JSON object.")
    return body


@dataclass(frozen=True, slots=True)
class _Check:
    """A model, made ready to check bodies with."""

    model: Model
    names: set[str]
    validator: Draft4Validator


_checks: dict[int, _Check] = {}


def _check_of(model: Model) -> _Check:
    """Return the check of a model, made once: models are constants."""
    if (check := _checks.get(id(model))) is None:
        check = _Check(model, _names(model), Draft4Validator(model.__schema__))
        _checks[id(model)] = check
    return check


def _names(model: Model) -> set[str]:
    return set(model).union(*map(_names, model.__parents__))


def _field(fault: ValidationError) -> str:
    if fault.validator == "required":
        # jsonschema names the missing field in its message only, as 'name' is a required property.
        return str(fault.message).split("'")[1]
    return ".".join(str(step) for step in fault.absolute_path) or "body"


def _sentence(fault: ValidationError) -> str:
    """Say what is wrong without repeating the value, which may be long or secret."""
    limit = fault.validator_value
    sentences = {
        "required": "Is required.",
        "type": f"Must be of type {limit}.",
        "minLength": f"Must have at least {limit} character(s).",
        "maxLength": f"Must have at most {limit} characters.",
        "pattern": f"Must match {limit}.",
        "enum": f"Must be one of {limit}.",
        "minimum": f"Must be at least {limit}.",
        "maximum": f"Must be at most {limit}.",
    }
    return sentences.get(str(fault.validator), "Is not valid.")
