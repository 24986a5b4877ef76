"""Cursors: the position of a row in a list, as text for the query parameter `after`.

A cursor is the JSON of the row's sort values in base64url, and a checksum. It is not signed: who
makes one up gets a position in a list that they may read anyway.
"""

import base64
import binascii
import hashlib
from typing import Any

import orjson
from pydantic import ConfigDict, TypeAdapter, ValidationError
from sqlalchemy import Enum, String

from flask_chassis.db.keyset import Key, Order, Position
from flask_chassis.exceptions import ConfigurationError
from flask_chassis.http.column_types import UnsupportedTypeError, python_type
from flask_chassis.http.text import is_text

LONGEST_TEXT = 500
"""Of the texts that a list may be sorted by, in characters: an address has no room for more."""

LONGEST = 6000
"""Of a cursor, in characters: with a text as above, 4 bytes each."""

_CONFIG = ConfigDict(
    allow_inf_nan=True,
    ser_json_inf_nan="strings",
    ser_json_bytes="base64",
    val_json_bytes="base64",
)


class CursorError(ValueError):
    """The text is not a cursor of this list in this order."""


class Cursors:
    """Writes and reads the cursors of a list in an order."""

    def __init__(self, list_name: str, order: Order) -> None:
        """`list_name` tells lists apart. Raises ConfigurationError for keys that do not fit."""
        self._salt = f"{list_name} {order.name}".encode()
        self._keys = order.keys
        self._adapters = [_adapter(order.name, key) for key in order.keys]

    def write(self, position: Position) -> str:
        """Return the cursor of a position."""
        pairs = zip(self._adapters, position, strict=True)
        values = [
            b"null" if value is None else adapter.dump_json(value) for adapter, value in pairs
        ]
        body = b"[" + b",".join(values) + b"]"
        encoded = base64.urlsafe_b64encode(body).decode().rstrip("=")
        return f"{encoded}.{self._checksum(body)}"

    def read(self, cursor: str) -> list[Any]:
        """Return the position of a cursor; raises CursorError."""
        encoded, _, checksum = cursor.rpartition(".")
        try:
            body = base64.b64decode(encoded + "=" * (-len(encoded) % 4), b"-_", validate=True)
            if checksum != self._checksum(body):
                raise CursorError("wrong checksum")
            values = orjson.loads(body)
            if not isinstance(values, list):
                raise CursorError("no list of values")
            read = zip(self._keys, self._adapters, values, strict=True)
            return [_loaded(key, adapter, value) for key, adapter, value in read]
        except (binascii.Error, ValueError, ValidationError) as error:
            raise CursorError(str(error)) from error

    def _checksum(self, body: bytes) -> str:
        return hashlib.blake2s(self._salt + b"\0" + body, digest_size=4).hexdigest()


def _adapter(order: str, key: Key) -> TypeAdapter[Any]:
    if _has_long_texts(key):
        raise ConfigurationError(
            f"A list cannot be sorted by {order}: its texts may be longer than {LONGEST_TEXT} "
            f"characters, too long for an address. Declare the column as String({LONGEST_TEXT}) or "
            "less, or sort by `func.left(column, 100, type_=String)` and index that."
        )
    try:
        return TypeAdapter(python_type(key.type), config=_CONFIG)
    except UnsupportedTypeError:
        raise ConfigurationError(
            f"A list cannot be sorted by {order}: values of the type {key.type!r} cannot be "
            "written as text. Sort by an expression with a type that can be: "
            "`func.lower(column, type_=String)`, `cast(column, String(100))`."
        ) from None


def _has_long_texts(key: Key) -> bool:
    # The length of an expression's text is not known: `func.left(column, 100)` has none either.
    is_column = hasattr(key.expression, "table")
    if not is_column or not isinstance(key.type, String) or isinstance(key.type, Enum):
        return False
    return key.type.length is None or key.type.length > LONGEST_TEXT


def _loaded(key: Key, adapter: TypeAdapter[Any], value: Any) -> Any:
    if value is None:
        if not key.is_nullable:
            raise CursorError("NULL for a column that has none")
        return None
    loaded = adapter.validate_json(orjson.dumps(value))
    if not is_text(loaded):
        raise CursorError("a text that cannot be stored")
    return loaded
