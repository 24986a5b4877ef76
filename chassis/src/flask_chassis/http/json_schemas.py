"""Makes the JSON Schemas of the OpenAPI document out of schemas, as they validate and serialize."""

from collections.abc import Iterable
from typing import Any, Literal

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from flask_chassis.http.decimals import digits_before, pattern_of
from flask_chassis.http.strictness import PATTERN
from flask_chassis.http.text import TEXT

REFERENCES = "#/components/schemas/"

Mode = Literal["validation", "serialization"]
Schemas = dict[tuple[Any, Mode], dict[str, Any]]


class JsonSchemas(GenerateJsonSchema):
    """Describes what Pydantic leaves out: which texts and decimals are valid."""

    def str_schema(self, schema: core_schema.StringSchema) -> JsonSchemaValue:
        """Describe a text without the characters that PostgreSQL cannot store."""
        described = super().str_schema(schema)
        if self.mode == "validation":
            pattern, _ = schema.get("metadata", {}).get(PATTERN, (TEXT, ""))
            described.setdefault("pattern", pattern)
        return described

    def decimal_schema(self, schema: core_schema.DecimalSchema) -> JsonSchemaValue:
        """Describe a decimal: a text, which keeps it exactly; requests may have a number."""
        text = {"type": "string", "format": "decimal", "pattern": pattern_of(schema)}
        if self.mode == "serialization":
            return text
        number: JsonSchemaValue = {"type": "number"}
        if before := digits_before(schema):
            number |= {"exclusiveMinimum": -(10.0**before), "exclusiveMaximum": 10.0**before}
        for limit, keyword in LIMITS.items():
            if limit in schema:
                number[keyword] = float(schema[limit])  # type: ignore[literal-required]
        return {"anyOf": [number, text]}

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        """Leave out the default None, which says no more than that a field is optional."""
        described = super().default_schema(schema)
        if described.get("default", "") is None:
            del described["default"]
        return described

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        """Leave open that responses may have more fields one day."""
        described = super().model_schema(schema)
        if self.mode == "serialization":
            described.pop("additionalProperties", None)
        return described

    def field_title_should_be_set(self, schema: Any) -> bool:
        """Leave out titles that repeat the names of fields."""
        return False


LIMITS = {
    "ge": "minimum",
    "gt": "exclusiveMinimum",
    "le": "maximum",
    "lt": "exclusiveMaximum",
}


def generate(types: Iterable[tuple[Any, Mode]]) -> tuple[Schemas, dict[str, Any]]:
    """Return the schema of each type in its mode, and the components that they refer to."""
    wanted = {str(index): each for index, each in enumerate(dict.fromkeys(types))}
    found, rest = TypeAdapter.json_schemas(
        [(index, mode, TypeAdapter(kind)) for index, (kind, mode) in wanted.items()],
        ref_template=REFERENCES + "{model}",
        schema_generator=JsonSchemas,
    )
    schemas = {each: found[index, each[1]] for index, each in wanted.items()}
    return schemas, rest.get("$defs", {})
