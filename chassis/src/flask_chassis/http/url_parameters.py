"""Describes the parameters of Flask's rules in JSON Schema: `/invoices/<int(max=9):id>/`."""

import re
from typing import Any

from werkzeug.routing.rules import parse_converter_args

PARAMETER = re.compile(r"<(?:(?P<kind>\w+)(?:\((?P<limits>.*?)\))?:)?(?P<name>\w+)>")

Schema = dict[str, Any]


def path_of(rule: str) -> str:
    """Return a Flask rule as OpenAPI writes it: `/a/<int(max=9):id>/` becomes `/a/{id}/`."""
    return PARAMETER.sub(lambda found: "{" + found["name"] + "}", rule)


def parameters_of(rule: str) -> list[dict[str, Any]]:
    """Return the path parameters of a rule, as OpenAPI describes them."""
    return [
        {
            "name": found["name"],
            "in": "path",
            "required": True,
            "schema": _schema(found["kind"] or "default", found["limits"] or ""),
        }
        for found in PARAMETER.finditer(rule)
    ]


def _schema(kind: str, limits: str) -> Schema:
    listed, named = parse_converter_args(limits)
    if kind in {"int", "float"}:
        schema: Schema = {"type": "integer" if kind == "int" else "number"}
        least = named.get("min")
        # Unless they are signed, Flask's converters match no minus.
        if least is not None or not named.get("signed"):
            schema["minimum"] = least if least is not None else 0
        if named.get("max") is not None:
            schema["maximum"] = named["max"]
        return schema
    if kind == "uuid":
        return {"type": "string", "format": "uuid"}
    if kind == "any":
        return {"type": "string", "enum": list(listed)}
    schema = {"type": "string", "minLength": named.get("minlength", 1)}
    if most := named.get("length") or named.get("maxlength"):
        schema["maxLength"] = most
    if "length" in named:
        schema["minLength"] = named["length"]
    if kind != "path":
        schema["pattern"] = "^[^/]+$"
    return schema
