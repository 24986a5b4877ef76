"""Makes an OpenAPI document one whose models read what other versions of the service answer.

- Values of enums and constants that the document does not have are admitted, of the same type.
- So are objects with an unknown tag in a union, see `tagged_unions`.
- A property that may be null may also be missing, as an older service does not have it yet, or a
  newer one no longer.
- Limits of lengths, numbers and patterns are left to the service, as a newer one may have looser
  ones.
- What may be a number or a decimal text is a decimal: a float would change amounts of money.
"""

from copy import deepcopy
from typing import Any

from flask_chassis_tools.contract import tagged_unions
from flask_chassis_tools.contract.schema_forms import ALTERNATIVES

Schema = dict[str, Any]

LIMITS = frozenset(
    {
        "minLength",
        "maxLength",
        "pattern",
        "minimum",
        "maximum",
        "exclusiveMinimum",
        "exclusiveMaximum",
        "multipleOf",
        "minItems",
        "maxItems",
    }
)
"""Keywords that limit a value. The service checks them, and its error names the field."""

MAPS = frozenset({"properties", "patternProperties", "$defs", "dependentSchemas", "schemas"})
"""Keywords whose value has a schema for each name. A property may be called `enum` or `type`."""

DATA = frozenset({"default", "example", "examples", "enum", "const", "mapping"})
"""Keywords whose value is not a schema."""

OUTSIDE = ("title", "description", "default")
"""Keywords that stay beside the alternatives that an enum becomes."""

PYDANTIC_DECIMAL = "^(?!^[-+.]*$)"
"""How the pattern begins that Pydantic, and so FastAPI, has in a schema of a decimal text."""

DECIMAL = {"type": "string", "format": "decimal"}

DECIMAL_NUMBER = {"type": "number", "format": "decimal"}


def tolerant(value: Any) -> Any:
    """Return a document, or a part of one, as the module says; the given one stays as it is."""
    document = deepcopy(value)
    tags = tagged_unions.prepare(document)
    return _tolerant(document, {id(each) for each in tags})


def _tolerant(value: Any, tags: set[int]) -> Any:
    """`tags` are the ids of the schemas whose values tell alternatives apart."""
    if isinstance(value, list):
        return [_tolerant(each, tags) for each in value]
    if not isinstance(value, dict):
        return value
    if id(value) in tags:
        return value
    if isinstance(value.get("enum"), list) or "const" in value:
        return _widened(value, tags)
    schema = _with_decimals(value)
    found: Schema = {}
    for key, each in schema.items():
        if key in MAPS and isinstance(each, dict):
            found[key] = {name: _tolerant(inner, tags) for name, inner in each.items()}
        elif key in DATA:
            found[key] = each
        elif key not in LIMITS or isinstance(each, dict):
            found[key] = _tolerant(each, tags)
    properties = value.get("properties")
    if isinstance(properties, dict) and isinstance(value.get("required"), list):
        found["required"] = [
            name for name in value["required"] if not _admits_null(properties.get(name))
        ]
    return found


def _widened(schema: Schema, tags: set[int]) -> Schema:
    """Return a schema that admits other values of the same types than its enum or constant."""
    values = schema["enum"] if isinstance(schema.get("enum"), list) else [schema["const"]]
    declared = schema.get("type", [])
    types = [declared] if isinstance(declared, str) else list(declared)
    if not types:
        types = list(dict.fromkeys(_type_of(each) for each in values))
    if "null" not in types and (None in values or schema.get("nullable") is True):
        types.append("null")
    if {"object", "array"} & set(types):
        rest = {key: each for key, each in schema.items() if key not in ("enum", "const")}
        widened: Schema = _tolerant({**rest, "type": types if len(types) > 1 else types[0]}, tags)
        return widened
    alternatives: list[Schema] = []
    for kind in types:
        known = [each for each in values if _type_of(each) == kind]
        # A number that is not an integer cannot be a literal, and there are no other booleans.
        if known and kind in ("string", "integer"):
            alternatives.append({"type": kind, "enum": known})
        alternatives.append({"type": kind})
    kept = {key: each for key, each in schema.items() if key in OUTSIDE}
    return {**kept, **(alternatives[0] if len(alternatives) == 1 else {"anyOf": alternatives})}


def _type_of(value: Any) -> str:
    types: dict[type, str] = {
        str: "string",
        bool: "boolean",
        int: "integer",
        float: "number",
        dict: "object",
        list: "array",
    }
    return types.get(type(value), "null")


def _with_decimals(schema: Schema) -> Schema:
    """Return a schema without the numbers that may also be written as a decimal text."""
    types = schema.get("type")
    if types == "string" and _is_decimal(schema):
        return {**schema, **DECIMAL}
    if isinstance(types, list) and "string" in types and schema.get("format") == "decimal":
        kept = [each for each in types if each not in ("number", "integer")]
        return {**schema, "type": kept if len(kept) > 1 else kept[0]}
    for word in ALTERNATIVES:
        alternatives = schema.get(word)
        if not isinstance(alternatives, list):
            continue
        if not any(map(_is_decimal, alternatives)):
            if any(map(_is_float, alternatives)) and any(map(_is_text, alternatives)):
                # Perhaps an amount, as FastAPI has it, and perhaps not: decimals stay exact.
                return {**schema, word: [*alternatives, DECIMAL_NUMBER]}
            continue
        kept = [each for each in alternatives if not _is_number(each)]
        rest = {key: each for key, each in schema.items() if key != word}
        if len(kept) == 1:
            return _with_decimals({**kept[0], **rest})
        return {**rest, word: kept}
    return schema


def _is_decimal(schema: Any) -> bool:
    if not isinstance(schema, dict) or schema.get("type") not in ("string", ["string", "null"]):
        return False
    pattern = schema.get("pattern")
    written_by_pydantic = isinstance(pattern, str) and pattern.startswith(PYDANTIC_DECIMAL)
    return schema.get("format") == "decimal" or written_by_pydantic


def _is_number(schema: Any) -> bool:
    return isinstance(schema, dict) and schema.get("type") in ("number", "integer")


def _is_float(schema: Any) -> bool:
    return _is_number(schema) and schema["type"] == "number" and "enum" not in schema


def _is_text(schema: Any) -> bool:
    """Return whether a schema admits any text."""
    formatted = {"format", "enum", "const"}
    return isinstance(schema, dict) and schema.get("type") == "string" and not formatted & {*schema}


def _admits_null(schema: Any) -> bool:
    if not isinstance(schema, dict):
        return False
    types = schema.get("type")
    alternatives = [*schema.get("anyOf", ()), *schema.get("oneOf", ())]
    return (
        types == "null"
        or (isinstance(types, list) and "null" in types)
        or schema.get("nullable") is True
        or None in (schema.get("enum") or ())
        or any(_admits_null(each) for each in alternatives)
    )
