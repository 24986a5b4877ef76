"""Converts JSON of other services to Pydantic models, and models to JSON."""

from typing import Any, TypeVar

from pydantic import BaseModel, TypeAdapter

Kind = TypeVar("Kind")


def parsed(kind: type[Kind], body: bytes) -> Kind:
    """Return a JSON body as a value of a type; raises pydantic.ValidationError if it is none."""
    if kind not in _adapters:
        _adapters[kind] = TypeAdapter(kind)
    value: Kind = _adapters[kind].validate_json(body)
    return value


_adapters: dict[Any, TypeAdapter[Any]] = {}
"""What validates the values of each type. It is expensive to make."""


def as_json(value: Any) -> Any:
    """Return the JSON of a model, with the fields that were set; other values as they are."""
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", by_alias=True, exclude_unset=True)
    return value
