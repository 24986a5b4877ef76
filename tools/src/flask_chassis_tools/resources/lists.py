"""Gives a service that had no lists what they need: a call in `domain.py`, and settings."""

import ast
from pathlib import Path

import yaml
from flask_chassis import safe_yaml

from .faults import ResourceError

SETTINGS = "settings.yaml"
CALL = "listing.init_app(app, settings)"

SECTION = """\
  pagination:
    # With `?count=true`, a list has a total count; counting stops here.
    count_up_to: 1000
    # A search that takes longer is refused with 400.
    search_timeout_seconds: 2
"""


def with_call(domain: str, package: str) -> str:
    """Return the text of `domain.py` with a call of `listing.init_app` before openapi's."""
    tree = ast.parse(domain)
    if "listing.init_app" in {
        ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)
    }:
        return domain
    places = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and ast.unparse(node).startswith("openapi.init_app(")
    ]
    if len(places) != 1:
        raise ResourceError(
            f"{package}/domain.py has no single statement openapi.init_app(...): nothing was "
            f"written. Add `{CALL}` there, and `from flask_chassis.http import listing`, then run "
            "this again."
        )
    lines = domain.splitlines()
    at = places[0].lineno - 1
    lines.insert(at, " " * places[0].col_offset + CALL)
    first = next(
        (node.lineno for node in tree.body if isinstance(node, (ast.Import, ast.ImportFrom))), 1
    )
    lines.insert(first - 1, "from flask_chassis.http import listing")
    return "\n".join([*lines, ""])


def with_settings(folder: Path) -> dict[str, str]:
    """Return the text of `settings.yaml` with the settings of lists, if it lacks them."""
    path = folder / SETTINGS
    text = path.read_text(encoding="utf-8")
    try:
        found = safe_yaml.load(text)["default"]
    except (KeyError, TypeError, yaml.YAMLError):
        raise ResourceError(
            f"{SETTINGS} has no section `default`: restore it. Nothing was written."
        ) from None
    if "pagination" in found:
        return {}
    lines = text.splitlines(keepends=True)
    begin = next(number for number, line in enumerate(lines) if line.startswith("default:"))
    end = begin + 1
    while end < len(lines) and (not lines[end].strip() or lines[end].startswith((" ", "#"))):
        end += 1
    # Comments and empty lines before the next section belong to it.
    while not lines[end - 1].startswith(" "):
        end -= 1
    return {SETTINGS: "".join([*lines[:end], SECTION, *lines[end:]])}
