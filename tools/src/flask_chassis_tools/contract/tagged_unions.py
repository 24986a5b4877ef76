"""Finds unions of objects that a property tells apart, its tag, and lets them have more members.

    {"oneOf": [{"$ref": "#/components/schemas/Card"}, {"$ref": "#/components/schemas/Cash"}],
     "discriminator": {"propertyName": "kind"}}

The model of a member keeps the values of its tag, as they alone may tell it from the others. An
object with another tag is read as a model of its own, `UnknownPayment`, which has all its values.
It refuses the known tags: a card that lacks something is an error, not an unknown payment.
"""

import re
from collections.abc import Iterator
from typing import Any

from flask_chassis_tools.contract.schema_forms import ALTERNATIVES
from flask_chassis_tools.contract.schema_names import PREFIX, name_in

Schema = dict[str, Any]

KEYWORDS = frozenset({*ALTERNATIVES, "properties", "items", "allOf", "additionalProperties"})
"""What leads to a schema and is not the name of it."""


def prepare(document: Any) -> list[Schema]:
    """Add the unknown member to all unions of a document, in place.

    Returns the schemas of their tags, whose values must stay as they are.
    """
    schemas = document.get("components", {}).get("schemas") if isinstance(document, dict) else None
    if not isinstance(schemas, dict):
        return []
    tags: list[Schema] = []
    for place, schema in list(_schemas(schemas, "")):
        for word in ALTERNATIVES:
            # A schema that has properties beside its alternatives is a base of them.
            if isinstance(schema.get(word), list) and "properties" not in schema:
                tags += _prepared(document, schema, word, f"Unknown{place}")
    return tags


def _schemas(value: Any, place: str) -> Iterator[tuple[str, Schema]]:
    """Yield all schemas, each with the names that lead to it, as one word."""
    if isinstance(value, list):
        for each in value:
            yield from _schemas(each, place)
    if isinstance(value, dict):
        yield place, value
        for key, each in sorted(value.items()):
            yield from _schemas(each, place if key in KEYWORDS else place + _word(key))


def _word(name: str) -> str:
    return "".join(each[0].upper() + each[1:] for each in re.findall(r"[0-9A-Za-z]+", name))


def _prepared(document: Any, union: Schema, word: str, unknown: str) -> list[Schema]:
    """Prepare one union, and return the schemas of its tags."""
    members = [
        (each, properties)
        for each in union[word]
        if (properties := _properties(document, each, frozenset()))
    ]
    discriminator = union.get("discriminator")
    if isinstance(discriminator, dict) and isinstance(discriminator.get("propertyName"), str):
        name = discriminator["propertyName"]
        tags = _written(document, members, discriminator)
    else:
        name, tags = _found(document, members)
    values = [value for each in tags for value in _values(each)]
    if not values or not all(isinstance(each, str) for each in values):
        # What excludes the known tags is a pattern.
        return tags
    # With a discriminator, Pydantic admits no tag but those of literals.
    union.pop("discriminator", None)
    tag = {"type": "string", "pattern": f"^(?!(?:{'|'.join(map(re.escape, values))})$)"}
    schemas = document["components"]["schemas"]
    while unknown in schemas:
        unknown += "_"
    schemas[unknown] = {
        "type": "object",
        "description": "What this version of the client does not know.",
        "properties": {name: tag},
        "required": [name],
        "additionalProperties": True,
    }
    union[word].append({"$ref": PREFIX + unknown})
    return [*tags, tag]


def _found(document: Any, members: list[tuple[Any, Schema]]) -> tuple[str, list[Schema]]:
    """Return the property whose values are others in each member, and its schemas."""
    if len(members) < 2:
        return "", []
    for name in sorted(members[0][1]):
        schemas = [_target(document, properties.get(name)) for _, properties in members]
        values = [_values(each) for each in schemas]
        together = [each for those in values for each in those]
        # By their types, too: True is 1.
        different = {(type(each).__name__, each) for each in together}
        if all(values) and len(different) == len(together):
            return name, schemas
    return "", []


def _written(
    document: Any, members: list[tuple[Any, Schema]], discriminator: Schema
) -> list[Schema]:
    """Write the values of the tag into the members, and return the schemas.

    The members need not have them: the mapping, or the name of the member, says which they are.
    """
    name = discriminator["propertyName"]
    tags: list[Schema] = []
    for member, properties in members:
        reference = member.get("$ref", "")
        schema = name_in(reference)
        mapped = [
            tag
            for tag, target in (discriminator.get("mapping") or {}).items()
            if target in (reference, schema)
        ]
        before = _target(document, properties.get(name)) or {}
        own = _values(before)
        values = own if len(own) == 1 else mapped or own or [schema]
        kept = {key: before[key] for key in ("title", "description", "default") if key in before}
        written = {**kept, "enum": values}
        if all(isinstance(each, str) for each in values):
            written["type"] = "string"
        _target(document, member).setdefault("properties", {})[name] = written
        tags.append(written)
    return tags


def _target(document: Any, schema: Any) -> Any:
    """Return the schema that a reference within the document leads to, or the schema itself."""
    seen: set[str] = set()
    while isinstance(schema, dict) and isinstance(reference := schema.get("$ref"), str):
        name = name_in(reference)
        schemas = document.get("components", {}).get("schemas", {})
        if reference in seen or name not in schemas:
            return {}
        seen.add(reference)
        schema = schemas[name]
    return schema


def _properties(document: Any, schema: Any, seen: frozenset[int]) -> Schema:
    """Return the properties of an object, with those of the parts of its `allOf`."""
    found = _target(document, schema)
    if not isinstance(found, dict) or id(found) in seen:
        return {}
    properties: Schema = {}
    for part in found.get("allOf", ()):
        properties |= _properties(document, part, seen | {id(found)})
    own = found.get("properties")
    return properties | own if isinstance(own, dict) else properties


def _values(schema: Any) -> list[Any]:
    """Return the only values of a schema, or an empty list."""
    if not isinstance(schema, dict):
        return []
    if isinstance(schema.get("enum"), list):
        return [each for each in schema["enum"] if isinstance(each, str | int)]
    return [schema["const"]] if isinstance(schema.get("const"), str | int) else []
