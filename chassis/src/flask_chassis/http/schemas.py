"""Typed schemas: Pydantic models that validate requests, serialize responses and describe both.

    class NewInvoice(Schema):
        number: ShortText = Field(max_length=20, examples=["2026-0001"])
        currency: Currency
        due: date
        items: list[NewItem] = Field(min_length=1, max_length=500)


    class InvoiceChanges(Schema):
        due: Omittable[date] = None  # may be left out, may not be null
        note: Text | None = None  # may be left out, null empties it

JSON is validated strictly: `"5"` is not a number, `1` is not a boolean, `1700000000` is not a date.
Values of forms and query strings are text, and are converted.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any, Self, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, TypeAdapter
from pydantic_core import CoreSchema

from flask_chassis.http import strictness
from flask_chassis.http.errors import Invalid
from flask_chassis.http.field_types import (
    Currency,
    HttpUrl,
    Money,
    Omittable,
    Pattern,
    ShortText,
    Text,
    UtcDatetime,
)

__all__ = [
    "Currency",
    "HttpUrl",
    "Money",
    "Omittable",
    "Pattern",
    "Schema",
    "ShortText",
    "Text",
    "UtcDatetime",
]


Shown = TypeVar("Shown", bound="Schema")


class Schema(BaseModel):
    """The base class of the service's schemas. Unknown fields are refused."""

    model_config = ConfigDict(
        extra="forbid",
        allow_inf_nan=False,
        json_schema_serialization_defaults_required=True,
    )

    @classmethod
    def of(cls, source: object) -> Self:
        """Return the schema with the values of an object's attributes, or of a mapping.

        Raises Pydantic's ValidationError if a value does not fit: call it before the commit.
        """
        # Pydantic takes no other mapping, such as those of `Result.mappings()`.
        given = dict(source) if isinstance(source, Mapping) else source
        return cls.model_validate(given, from_attributes=True, strict=False)

    def columns(self) -> dict[str, Any]:
        """Return the values for `Model(**schema.columns())`.

        Fields with nested schemas are left out: pass the objects made of them yourself.
        """
        return {
            name: getattr(self, name)
            for name, field in type(self).model_fields.items()
            if not _nests(field.annotation)
        }

    def apply_to(self, entity: object) -> None:
        """Set the attributes of an entity whose fields were sent; the others stay.

        Fields with nested schemas are left out. Raises Invalid if a field is null and its column
        may not be.
        """
        sent = {
            name: value for name, value in self.columns().items() if name in self.model_fields_set
        }
        columns = getattr(getattr(type(entity), "__mapper__", None), "columns", {})
        if errors := {
            name: "Must not be null."
            for name, value in sent.items()
            if value is None and name in columns and not columns[name].nullable
        }:
            raise Invalid(errors)
        for name, value in sent.items():
            setattr(entity, name, value)

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: type[BaseModel], handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Have Pydantic convert nothing that JSON has a type for."""
        return strictness.strict(handler(source))


def all_of(schema: type[Shown], sources: list[Any]) -> list[Shown]:
    """Return the schemas of several objects or dictionaries at once, as `of` does of one."""
    # Not a method of Schema, as fields may have any name.
    made: list[Shown] = _list_of(schema).validate_python(
        sources, from_attributes=True, strict=False
    )
    return made


@cache
def _list_of(schema: type[Any]) -> TypeAdapter[Any]:
    return TypeAdapter(list[schema])  # type: ignore[valid-type]  # a class of which it is made


def _nests(annotation: Any) -> bool:
    """Return whether an annotation has a model in it: `list[NewItem]`, `Address | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return True
    return any(_nests(argument) for argument in get_args(annotation))
