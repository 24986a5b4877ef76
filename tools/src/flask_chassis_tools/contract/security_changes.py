"""Compares who may call the operations of two OpenAPI documents."""

from collections.abc import Iterator
from typing import Any

from flask_chassis_tools.contract.schema_changes import Change
from flask_chassis_tools.contract.schema_forms import resolved

Requirement = dict[str, list[str]]
"""The schemes that one request needs together, each with its scopes."""

COMPARED = ("type", "scheme", "in", "name", "openIdConnectUrl", "flows")


def of_security(old: list[Requirement], new: list[Requirement], place: str) -> Iterator[Change]:
    """Yield a change if other credentials are needed; it breaks unless all old ones still do."""
    before, after = old or [{}], new or [{}]
    if _normal(before) == _normal(after):
        return
    is_enough = all(any(_covers(each, needed) for needed in after) for each in before)
    text = f"access changes from {_described(before)} to {_described(after)}"
    yield Change(not is_enough, place, text)


def of_schemes(old: dict[str, Any], new: dict[str, Any]) -> Iterator[Change]:
    """Yield a change for each security scheme that works in another way."""
    before, after = _schemes(old), _schemes(new)
    for name in sorted(before.keys() & after.keys()):
        for field in COMPARED:
            if before[name].get(field) != after[name].get(field):
                yield Change(True, f"security scheme {name}", f"`{field}` changes")


def _schemes(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    written = document.get("components", {}).get("securitySchemes", {})
    return {name: resolved(document, scheme) for name, scheme in written.items()}


def _covers(had: Requirement, needed: Requirement) -> bool:
    """Return whether who has had what one requirement asks for fulfils another, too."""
    return all(name in had and {*scopes} <= {*had[name]} for name, scopes in needed.items())


def _normal(requirements: list[Requirement]) -> set[frozenset[tuple[str, frozenset[str]]]]:
    return {
        frozenset((name, frozenset(scopes)) for name, scopes in each.items())
        for each in requirements
    }


def _described(requirements: list[Requirement]) -> str:
    return " or ".join(
        " and ".join(f"{name} {' '.join(scopes)}".strip() for name, scopes in each.items())
        or "public"
        for each in requirements
    )
