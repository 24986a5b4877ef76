"""Reads the body or the query string of a request and validates it against its schema."""

import json
from codecs import BOM_UTF8
from collections import Counter
from collections.abc import Iterator
from functools import partial
from itertools import islice
from typing import Any, NoReturn, TypeVar, get_args, get_origin
from urllib.parse import parse_qsl

from flask import request
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import from_json
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import BadRequest, HTTPException, UnsupportedMediaType

from flask_chassis.http.decimals import number
from flask_chassis.http.error_sentences import MOST_ERRORS, errors_of, place_of
from flask_chassis.http.errors import Invalid
from flask_chassis.http.text import NOT_TEXT, TEXT, is_text

__all__ = [
    "NOT_TEXT",
    "TEXT",
    "accepts_forms",
    "is_text",
    "name_of",
    "request_body",
    "request_query",
]

URL_ENCODED = "application/x-www-form-urlencoded"
FORMS = (URL_ENCODED, "multipart/form-data")
SEND_ONCE = "Must be sent once."
TOO_DEEP = "The body is nested too deeply."
NUL = rb"\u0000"
"""The only way to write it in JSON."""

Place = tuple[str | int, ...]

Model = TypeVar("Model", bound=BaseModel)


def request_body(model: type[Model]) -> Model:
    """Return the validated body of the request, which is JSON or, for flat models, a form.

    Raises Invalid with all that is wrong, by place; BadRequest, UnsupportedMediaType and
    RequestEntityTooLarge for a body that cannot be read.
    """
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise UnsupportedMediaType("Send the body as it is, without Content-Encoding.")
    # A body in chunks that is too large would be cut off without a word, and its beginning taken.
    body = request.get_data()
    request.stream.read(1)
    if request.mimetype in FORMS and accepts_forms(model):
        form = _form(body)
        if body and not form:
            # Werkzeug takes what it cannot read for an empty form: a broken multipart body.
            raise BadRequest("The body is not a valid form.")
        return _validated_text(model, form)
    if not request.mimetype and not request.content_length:
        return _validated(model, {})
    if not request.is_json:
        or_form = " or a form" if accepts_forms(model) else ""
        raise UnsupportedMediaType(f"Send JSON (application/json){or_form}.")
    sent = _parsed(body)
    if not isinstance(sent, dict):
        raise BadRequest("The body must be a JSON object.")
    # What else PostgreSQL cannot store is not JSON, and so refused by now.
    return _validated(model, sent, may_have_nul=NUL in body)


def request_query(model: type[Model]) -> Model:
    """Return the validated query string of the request; raises Invalid with all that is wrong."""
    return _validated_text(model, _pairs(request.query_string))


def accepts_forms(model: type[BaseModel]) -> bool:
    """Return whether a form can hold all fields of a model: plain values and lists of them."""
    return not any(_is_nested(field.annotation) for field in model.model_fields.values())


def _pairs(encoded: bytes) -> MultiDict[str, Any]:
    """Return the pairs of a query string or a form.

    Werkzeug's own keep `%FF` as these three characters. Here, what is not UTF-8 becomes unpaired
    surrogates, which are refused by the name of the field.
    """
    text = encoded.decode("utf-8", "surrogateescape")
    return MultiDict(parse_qsl(text, keep_blank_values=True, errors="surrogateescape"))


def _form(body: bytes) -> MultiDict[str, Any]:
    """Return the pairs of a form; a file is not a valid value of any field."""
    if request.mimetype == URL_ENCODED:
        return _pairs(body)
    pairs = [*request.form.items(multi=True), *request.files.items(multi=True)]
    if any(name is None for name, _ in pairs):
        raise BadRequest("A part of the form has no name.")
    return MultiDict((name, _as_sent(value, body)) for name, value in pairs)


def _as_sent(value: Any, body: bytes) -> Any:
    """Return the value of a part with an unpaired surrogate if it is not in its encoding.

    Werkzeug replaces what it cannot decode by U+FFFD, which a caller may have sent as well.
    """
    if isinstance(value, str) and "\ufffd" in value and value.encode() not in body:
        return value.replace("\ufffd", "\udcff")
    return value


def _parsed(body: bytes) -> object:
    """Return a body of JSON; raises BadRequest, or Invalid for what has a place."""
    body = body.removeprefix(BOM_UTF8)
    try:
        from_json(body, allow_inf_nan=False)
    except ValueError:
        raise _unreadable(body) from None
    repeating: list[_Repeating] = []
    hook = partial(_object, repeating)
    parsed = json.loads(body, object_pairs_hook=hook, parse_float=number)
    # The last of several values would be taken, and a proxy may look at the first.
    if repeating:
        raise Invalid(dict(_repeated_keys(parsed)))
    return parsed


def _unreadable(body: bytes) -> HTTPException:
    """Return what is wrong with a body that Pydantic cannot read."""
    try:
        # Python's parser accepts half of a surrogate pair, so that its place can be named.
        read = json.loads(body.decode("utf-8", "surrogatepass"), parse_constant=_no_constant)
    except (UnicodeDecodeError, json.JSONDecodeError):
        return BadRequest("The body is not valid JSON.")
    except ValueError:
        return BadRequest("The body has a number with too many digits.")
    except RecursionError:
        return BadRequest(TOO_DEEP)
    wrong = dict(_not_text(read))
    return Invalid(wrong) if wrong else BadRequest(TOO_DEEP)


def _no_constant(name: str) -> NoReturn:
    """Refuse `NaN` and `Infinity`, which are not JSON."""
    raise json.JSONDecodeError("is not JSON", name, 0)


class _Repeating(dict[str, Any]):
    """An object in which keys are repeated."""

    repeated: tuple[str, ...]


def _object(found: list[_Repeating], pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object; one that repeats keys is added to what was found."""
    made = dict(pairs)
    if len(made) == len(pairs):
        return made
    counted = Counter(key for key, _ in pairs)
    repeating = _Repeating(made)
    repeating.repeated = tuple(key for key, count in counted.items() if count > 1)
    found.append(repeating)
    return repeating


def _repeated_keys(sent: object) -> Iterator[tuple[str, str]]:
    """Yield the first places of keys that an object has more than once."""
    found = (
        (place_of((*place, key)), SEND_ONCE)
        for place, value in _places(sent)
        if isinstance(value, _Repeating)
        for key in value.repeated
    )
    return islice(found, MOST_ERRORS)


def _validated(
    model: type[Model],
    sent: dict[str, Any],
    *,
    strict: bool | None = None,
    may_have_nul: bool = True,
) -> Model:
    """Return the validated model; `strict` is Pydantic's: False converts texts."""
    wrong = dict(_not_text(sent)) if may_have_nul else {}
    try:
        valid = model.model_validate(sent, strict=strict)
    except ValidationError as error:
        # Pydantic does not say which key it cannot read; `wrong` has each.
        found = {place: said for place, said in errors_of(error).items() if said != NOT_TEXT}
        raise Invalid((found | wrong) or {"body": NOT_TEXT}) from None
    if wrong:
        raise Invalid(wrong)
    return valid


def _validated_text(model: type[Model], pairs: MultiDict[str, Any]) -> Model:
    """Return the validated model of a form or a query string, whose values are texts."""
    fields = {name_of(name, field): field for name, field in model.model_fields.items()}
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


def name_of(name: str, field: FieldInfo) -> str:
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
    found = (
        (place_of(each), NOT_TEXT)
        for place, value in _places(sent)
        for each in _unstorable(place, value)
    )
    return islice(found, MOST_ERRORS)


def _unstorable(place: Place, value: object) -> list[Place]:
    if isinstance(value, dict):
        return [(*place, key) for key in value if not is_text(key)]
    return [] if is_text(value) else [place]


def _places(sent: object) -> Iterator[tuple[Place, object]]:
    """Yield each value in a body with its place."""
    waiting: list[tuple[Place, object]] = [((), sent)]
    while waiting:
        place, value = waiting.pop()
        yield place, value
        if isinstance(value, dict):
            waiting += [((*place, key), each) for key, each in value.items()]
        elif isinstance(value, list):
            waiting += [((*place, index), each) for index, each in enumerate(value)]
