"""Lists the fields of log records, and where the chassis writes each."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tasks.folders import ROOT

from .tables import code
from .tables import table as table_of

SOURCES = ROOT / "chassis" / "src" / "flask_chassis"

MEANINGS = {
    "timestamp": "When, in UTC with its offset",
    "level": "`DEBUG`, `INFO`, `WARNING`, `ERROR` or `CRITICAL`",
    "logger": "Which part wrote it: the name of a module, `access` for requests, `uwsgi` for "
    "uWSGI's own lines, `uncaught` for an exception that nothing caught",
    "message": "What happened, for people",
    "request_id": "The request that it belongs to: `X-Request-ID` of the response and of calls",
    "method": "Of a request",
    "route": "Of a request: the URL rule, such as `/api/thoughts/<id>/`",
    "path": "Of a request: its path, without the query string, at most 500 characters",
    "status": "Of a response, as a number",
    "duration_ms": "Of a request in milliseconds, without its wait for a thread",
    "seconds": "How long something took that a record of level `WARNING` or above is about",
    "stack": "Where a request was that took too long",
}
"""What each field means; a test compares the names with the code."""


def fields(folder: Path = SOURCES) -> dict[str, set[str]]:
    """Return the fields that code in a folder gives to records, and the modules that do."""
    found: dict[str, set[str]] = {}
    for path in sorted(folder.rglob("*.py")):
        module = ".".join(path.relative_to(folder.parent).with_suffix("").parts)
        for name in _fields(ast.parse(path.read_text("utf-8"))):
            found.setdefault(name, set()).add(module)
    return found


def _fields(tree: ast.Module) -> Iterator[str]:
    """Yield keys of `extra={…}`, of a `fields` that is passed as extra, and of `log_data[…]`."""
    passed = {
        word.value.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        for word in node.keywords
        if word.arg == "extra" and isinstance(word.value, ast.Name)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            for word in node.keywords:
                if word.arg == "extra" and isinstance(word.value, ast.Dict):
                    yield from _keys(word.value)
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict):
            names = {each.id for each in node.targets if isinstance(each, ast.Name)}
            if names & passed:
                yield from _keys(node.value)
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if (
                    isinstance(target, ast.Subscript)
                    and ast.unparse(target.value) == "log_data"
                    and isinstance(target.slice, ast.Constant)
                ):
                    yield str(target.slice.value)


def _keys(written: ast.Dict) -> Iterator[str]:
    for key in written.keys:
        if isinstance(key, ast.Constant):
            yield str(key.value)


def table() -> str:
    """Return the table of all fields."""
    found = fields()
    rows = [
        (code(name), meaning, ", ".join(code(module) for module in sorted(found.get(name, ()))))
        for name, meaning in MEANINGS.items()
    ]
    return table_of(("field", "meaning", "written by"), rows)
