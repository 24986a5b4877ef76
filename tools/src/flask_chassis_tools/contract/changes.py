"""Compares two OpenAPI documents, and says which changes break callers."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from flask_chassis_tools.contract.documents import Document
from flask_chassis_tools.contract.schema_changes import Change, SchemaComparison
from flask_chassis_tools.contract.schema_forms import Variants, resolved
from flask_chassis_tools.contract.security_changes import of_schemes, of_security

METHODS = ("get", "post", "put", "patch", "delete", "head", "options", "trace")

Object = dict[str, Any]


def between(old: Document, new: Document) -> list[Change]:
    """Return all changes: those that break callers first, then in the documents' order."""
    found = dict.fromkeys(_Comparison(old, new).changes())
    return sorted(found, key=lambda change: not change.is_breaking)


class _Comparison:
    def __init__(self, old: Document, new: Document) -> None:
        self._old = old
        self._new = new
        variants = Variants(old), Variants(new)
        self._sent = SchemaComparison(*variants, is_sent=True)
        self._received = SchemaComparison(*variants, is_sent=False)

    def changes(self) -> Iterator[Change]:
        old, new = _operations(self._old), _operations(self._new)
        for key in [*old, *(key for key in new if key not in old)]:
            place = (old.get(key) or new[key])[0]
            if key not in new:
                yield Change(True, place, "the operation is removed")
            elif key not in old:
                yield Change(False, place, "the operation is added")
            else:
                yield from self._operation(old[key][1], new[key][1], place)
        yield from of_schemes(self._old, self._new)

    def _operation(self, old: Object, new: Object, place: str) -> Iterator[Change]:
        if old.get("operationId") != new.get("operationId"):
            change = f"from {old.get('operationId')} to {new.get('operationId')}"
            yield Change(False, place, f"the operationId changes {change}")
        if new.get("deprecated") and not old.get("deprecated"):
            yield Change(False, place, "the operation is deprecated")
        yield from of_security(
            old.get("security", self._old.get("security")) or [],
            new.get("security", self._new.get("security")) or [],
            place,
        )
        yield from self._parameters(old["parameters"], new["parameters"], place)
        yield from self._body(
            resolved(self._old, old.get("requestBody")),
            resolved(self._new, new.get("requestBody")),
            f"{place}: body",
        )
        yield from self._responses(old.get("responses", {}), new.get("responses", {}), place)

    def _parameters(self, old: list[Any], new: list[Any], place: str) -> Iterator[Change]:
        before, after = _by_name(self._old, old), _by_name(self._new, new)
        for key in [*before, *(key for key in after if key not in before)]:
            name = f"{place}: {key[0]} parameter {key[1]}"
            if key not in after:
                yield Change(True, name, "the parameter is removed")
                continue
            is_required = bool(after[key].get("required"))
            if key not in before:
                what = "a required parameter" if is_required else "a parameter"
                yield Change(is_required, name, f"{what} is added")
                continue
            was_required = bool(before[key].get("required"))
            if was_required != is_required:
                text = "becomes required" if is_required else "becomes optional"
                yield Change(is_required, name, f"the parameter {text}")
            for word in ("style", "explode", "allowReserved"):
                if before[key].get(word) != after[key].get(word):
                    yield Change(True, name, f"`{word}` changes")
            yield from self._sent.changes(_schema(before[key]), _schema(after[key]), name)

    def _body(self, old: Object | None, new: Object | None, place: str) -> Iterator[Change]:
        if new is None:
            if old is not None:
                yield Change(True, place, "the body is removed")
            return
        is_required = bool(new.get("required"))
        if old is None:
            what = "a required body" if is_required else "a body"
            yield Change(is_required, place, f"{what} is added")
            return
        if bool(old.get("required")) != is_required:
            text = "becomes required" if is_required else "becomes optional"
            yield Change(is_required, place, f"the body {text}")
        yield from self._content(self._sent, old, new, place)

    def _responses(self, old: Object, new: Object, place: str) -> Iterator[Change]:
        for status in [*old, *(status for status in new if status not in old)]:
            where = f"{place}: answer {status}"
            is_success = status[0] == "2"
            if status not in new:
                yield Change(status[0] in "23", where, "the status is removed")
            elif status not in old:
                # Every caller has to handle errors that it does not know, by their first digit.
                yield Change(is_success, where, "the status is added")
            else:
                before = resolved(self._old, old[status])
                after = resolved(self._new, new[status])
                yield from self._content(self._received, before, after, where)
                yield from self._headers(before, after, where)

    def _headers(self, old: Object, new: Object, place: str) -> Iterator[Change]:
        before, after = old.get("headers", {}), new.get("headers", {})
        for name in sorted({*before, *after}):
            where = f"{place}: header {name}"
            if name not in after:
                yield Change(True, where, "the header is removed")
            elif name not in before:
                yield Change(False, where, "the header is added")
            else:
                schemas = (
                    _schema(resolved(self._old, before[name])),
                    _schema(resolved(self._new, after[name])),
                )
                yield from self._received.changes(*schemas, where)

    @staticmethod
    def _content(
        comparison: SchemaComparison, old: Object, new: Object, place: str
    ) -> Iterator[Change]:
        """Compare the media types, and the schema of each."""
        before, after = old.get("content", {}), new.get("content", {})
        for media in sorted({*before, *after}):
            if media not in after:
                yield Change(True, place, f"the media type {media} is removed")
            elif media not in before:
                yield Change(False, place, f"the media type {media} is added")
            else:
                schemas = before[media].get("schema", {}), after[media].get("schema", {})
                yield from comparison.changes(*schemas, place)


def _operations(document: Document) -> dict[tuple[str, str], tuple[str, Object]]:
    """Return operations by method and path; what a parameter of a path is called does not count."""
    found = {}
    for path, written in document.get("paths", {}).items():
        item = resolved(document, written)
        for method in METHODS:
            if method in item:
                operation = dict(item[method])
                operation["parameters"] = [
                    *item.get("parameters", ()),
                    *operation.get("parameters", ()),
                ]
                key = method, re.sub(r"\{[^}]*\}", "{}", path)
                found[key] = f"{method.upper()} {path}", _numbered(operation, path, document)
    return found


def _numbered(operation: Object, path: str, document: Document) -> Object:
    """Call the parameters of a path by their position, which is what callers know of them."""
    names = re.findall(r"\{([^}]*)\}", path)
    parameters = []
    for written in operation["parameters"]:
        parameter = resolved(document, written)
        if parameter["in"] == "path" and parameter["name"] in names:
            number = names.index(parameter["name"]) + 1
            parameter = {**parameter, "name": f"{number}"}
        parameters.append(parameter)
    return {**operation, "parameters": parameters}


def _by_name(document: Document, parameters: list[Any]) -> dict[tuple[str, str], Object]:
    """Return parameters by place and name; those of an operation replace those of its path."""
    found = {}
    for parameter in parameters:
        name = parameter["name"]
        found[parameter["in"], name.lower() if parameter["in"] == "header" else name] = parameter
    return found


def _schema(described: Mapping[str, Any]) -> Any:
    """Return the schema of a parameter or header, which may stand in its content."""
    content: Mapping[str, Any] = next(iter(described.get("content", {}).values()), {})
    return described.get("schema", content.get("schema", {}))
