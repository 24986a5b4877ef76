"""Reads the body or the query string of a request and validates it against its schema."""

import json
from codecs import BOM_UTF8
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, TypeVar, get_args, get_origin

from flask import request
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import from_json
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

from flask_chassis.http.error_sentences import MOST_ERRORS, errors_of, place_of
from flask_chassis.http.errors import Invalid
from flask_chassis.http.text import NOT_TEXT, TEXT, is_text

__all__ = ["NOT_TEXT", "TEXT", "accepts_forms", "is_text", "request_body", "request_query"]

FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
SEND_ONCE = "Must be sent once."

Model = TypeVar("Model", bound=BaseModel)


def request_body(model: type[Model]) -> Model:
    """Return the validated body of the request, which is JSON or, for flat models, a form.

    Raises Invalid with all that is wrong, by place; BadRequest, UnsupportedMediaType and
    RequestEntityTooLarge for a body that cannot be read.
    """
    if request.headers.get("Content-Encoding", "identity") != "identity":
        raise UnsupportedMediaType("Send the body as it is, without Content-Encoding.")
    # A body in chunks that is too large would be cut off without a word, and its beginning taken.
    body = request.get_data()
    request.stream.read(1)
    if request.mimetype in FORMS and accepts_forms(model):
        if body and not (request.form or request.files):
            # Werkzeug takes what it cannot read for an empty form: a broken multipart body.
            raise BadRequest("The body is not a valid form.")
        return _validated_text(model, request.form)
    if not request.mimetype and not request.content_length:
        return _validated(model, {})
    if not request.is_json:
        or_form = " or a form" if accepts_forms(model) else ""
        raise UnsupportedMediaType(f"Send JSON (application/json){or_form}.")
    sent = _parsed(body)
    if not isinstance(sent, dict):
        raise BadRequest("The body must be a JSON object.")
    return _validated(model, sent)


def request_query(model: type[Model]) -> Model:
    """Return the validated query string of the request; raises Invalid with all that is wrong."""
    return _validated_text(model, request.args)


def accepts_forms(model: type[BaseModel]) -> bool:
    """Return whether a form can hold all fields of a model: plain values and lists of them."""
    return not any(_is_nested(field.annotation) for field in model.model_fields.values())


def _parsed(body: bytes) -> object:
    """Return a body of JSON; raises BadRequest, or Invalid for half of a surrogate pair."""
    try:
        return from_json(body.removeprefix(BOM_UTF8), allow_inf_nan=False)
    except ValueError:
        # Python's parser accepts half of a pair, so that its place can be named.
        with suppress(ValueError, RecursionError):
            if wrong := dict(_not_text(json.loads(body))):
                raise Invalid(wrong) from None
    raise BadRequest("The body is not valid JSON.")


def _validated(model: type[Model], sent: dict[str, Any], *, strict: bool | None = None) -> Model:
    """Return the validated model; `strict` is Pydantic's: False converts texts."""
    wrong = dict(_not_text(sent))
    try:
        valid = model.model_validate(sent, strict=strict)
    except ValidationError as error:
        raise Invalid(errors_of(error) | wrong) from None
    if wrong:
        raise Invalid(wrong)
    return valid


def _validated_text(model: type[Model], pairs: MultiDict[str, str]) -> Model:
    """Return the validated model of a form or a query string, whose values are texts."""
    fields = {_name(name, field): field for name, field in model.model_fields.items()}
    sent: dict[str, Any] = {}
    repeated = {}
    for name, values in pairs.lists():
        if name in fields and _is_list(fields[name].annotation):
            sent[name] = values
        else:
            sent[name] = values[0]
            if len(values) > 1:
                repeated[place_of([name])] = SEND_ONCE
    if not repeated:
        return _validated(model, sent, strict=False)
    try:
        _validated(model, sent, strict=False)
    except Invalid as error:
        repeated = error.errors | repeated
    raise Invalid(repeated)


def _name(name: str, field: FieldInfo) -> str:
    """Return the name that callers know a field by."""
    return field.validation_alias if isinstance(field.validation_alias, str) else name


def _is_list(annotation: Any) -> bool:
    """Return whether an annotation is one of a list: `list[int]`, `set[str] | None`."""
    if get_origin(annotation) in {list, set, frozenset, tuple}:
        return True
    return any(_is_list(argument) for argument in get_args(annotation))


def _is_nested(annotation: Any) -> bool:
    """Return whether an annotation has an object in it."""
    kind = get_origin(annotation) or annotation
    if isinstance(kind, type) and issubclass(kind, (BaseModel, dict)):
        return True
    return any(_is_nested(argument) for argument in get_args(annotation))


def _not_text(sent: object) -> Iterator[tuple[str, str]]:
    """Yield the first places of texts that PostgreSQL cannot store, keys included."""
    waiting: list[tuple[tuple[str | int, ...], object]] = [((), sent)]
    found = 0
    while waiting and found < MOST_ERRORS:
        place, value = waiting.pop()
        if isinstance(value, dict):
            waiting += [((*place, key), each) for key, each in value.items()]
            is_wrong = not all(map(is_text, value))
        elif isinstance(value, list):
            waiting += [((*place, index), each) for index, each in enumerate(value)]
            is_wrong = False
        else:
            is_wrong = not is_text(value)
        if is_wrong:
            found += 1
            yield place_of(place), NOT_TEXT
