"""Brings JSON Schemas of an OpenAPI document into one form, whatever they are written like.

`{"type": ["string", "null"]}`, `{"anyOf": [{"type": "string"}, {"type": "null"}]}` and
`{"type": "string", "nullable": true}` mean the same, and give the same.
"""

from typing import Any

from flask_chassis.http.text import TEXT
from invoke import Exit

Schema = dict[str, Any]

ALTERNATIVES = ("anyOf", "oneOf")

ANNOTATIONS = {
    *("title", "description", "example", "examples", "deprecated", "readOnly", "writeOnly"),
    *("$comment", "externalDocs", "xml", "discriminator", "nullable"),
}
"""Keywords that do not say which values are valid."""

TYPES = {
    "properties": "object",
    "additionalProperties": "object",
    "items": "array",
}
"""The types of schemas that do not name theirs, by a keyword that they have."""


def resolved(document: dict[str, Any], value: Any) -> Any:
    """Return what a `$ref` refers to, or the value itself if it is none."""
    seen: set[str] = set()
    while isinstance(value, dict) and isinstance(value.get("$ref"), str):
        reference = value["$ref"]
        if reference in seen or not reference.startswith("#/"):
            raise Exit(f"The document has a $ref that leads nowhere: {reference}.", 1)
        seen.add(reference)
        found: Any = document
        for part in reference.removeprefix("#/").split("/"):
            key = part.replace("~1", "/").replace("~0", "~")
            if not isinstance(found, dict) or key not in found:
                raise Exit(f"The document has a $ref that leads nowhere: {reference}.", 1)
            found = found[key]
        siblings = {key: each for key, each in value.items() if key != "$ref"}
        value = {**found, **siblings} if isinstance(found, dict) and siblings else found
    return value


def name_of(schema: Any) -> str:
    """Return the reference that a schema consists of, or an empty string."""
    return str(schema.get("$ref", "")) if isinstance(schema, dict) else ""


def _with_plain_maps(schema: Schema) -> Schema:
    """Return a schema in which a map with texts as keys is one with any keys."""
    if schema.get("patternProperties", {}).keys() != {TEXT}:
        return schema
    kept = {key: each for key, each in schema.items() if key != "patternProperties"}
    return {**kept, "additionalProperties": schema["patternProperties"][TEXT]}


class Variants:
    """Reads the schemas of one document."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document

    def of(self, schema: Any) -> dict[str, list[Schema]]:
        """Return a schema's alternatives by type; a type is `any` if all values are valid."""
        found: dict[str, list[Schema]] = {}
        for kind, alternative in self._alternatives(schema):
            found.setdefault(kind, []).append(alternative)
        return found

    def _alternatives(self, written: Any) -> list[tuple[str, Schema]]:
        schema = resolved(self._document, written)
        if schema is False:
            return []
        if not isinstance(schema, dict):
            return [("any", {})]
        schema = _with_plain_maps(self._merged(schema))
        for word in ALTERNATIVES:
            if word in schema:
                rest = {key: each for key, each in schema.items() if key != word}
                return [
                    pair
                    for each in schema[word]
                    for pair in self._alternatives(self._joined(rest, each))
                ]
        types = schema.get("type")
        if types is None:
            types = next((TYPES[word] for word in TYPES if word in schema), None)
        if types is None and None in schema.get("enum", ()):
            types = ["any"]
        kinds = types if isinstance(types, list) else [types or "any"]
        if schema.get("nullable") is True and "null" not in kinds:
            kinds = [*kinds, "null"]
        return [(kind, {} if kind == "null" else schema) for kind in kinds]

    def _merged(self, schema: Schema) -> Schema:
        """Return a schema with the parts of its `allOf` in it."""
        if "allOf" not in schema:
            return schema
        merged = {key: each for key, each in schema.items() if key != "allOf"}
        for part in schema["allOf"]:
            merged = self._joined(merged, part)
        return self._merged(merged)

    def _joined(self, outer: Schema, inner: Any) -> Any:
        """Return a schema that has the keywords of both; properties of both are joined."""
        if not outer:
            return inner
        found = resolved(self._document, inner)
        if not isinstance(found, dict):
            return outer if found is True else found
        joined = {**outer, **found}
        if "properties" in outer and "properties" in found:
            joined["properties"] = {**outer["properties"], **found["properties"]}
        if "required" in outer and "required" in found:
            joined["required"] = sorted({*outer["required"], *found["required"]})
        return joined
