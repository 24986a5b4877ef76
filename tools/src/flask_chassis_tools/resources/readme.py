"""Edits the table of the API in a service's README."""

import re
from pathlib import Path

from . import words
from .spec import Spec

NAME = "README.md"
HEAD = "| request | who | response |"
LAST = "| `GET /health/live`"


def has_table(text: str) -> bool:
    """Return whether a README has the table of the API that the template renders."""
    return HEAD in text.splitlines()


def has_table_in(folder: Path) -> bool:
    """Return whether the README of a service has this table."""
    path = folder / NAME
    return path.is_file() and has_table(path.read_text(encoding="utf-8"))


def with_resource(text: str, spec: Spec) -> str:
    """Return the README with the rows of a resource; unchanged if it has no table of the API."""
    if not has_table(text):
        return text
    lines = text.splitlines()
    end = lines.index(HEAD) + 2
    while end < len(lines) and lines[end].startswith("|") and not lines[end].startswith(LAST):
        end += 1
    return "\n".join([*lines[:end], *rows(spec), *lines[end:], ""])


def without_resource(text: str, plural: str) -> str:
    """Return the README without the rows of a resource."""
    row = re.compile(rf"\| `[A-Z, ]+ /(api|api/me|admin)/{plural}/")
    return "\n".join([*(line for line in text.splitlines() if not row.match(line)), ""])


def rows(spec: Spec) -> list[str]:
    """Return the rows of a resource, one for each route."""
    plural, names = spec.plural, [each.name for each in spec.fields]
    fields = ", ".join(f"`{each}`" for each in names)
    many = words.words_of(plural)
    if spec.is_owned:
        is_searched = any(each.is_searched for each in spec.fields)
        search = "?search=" if [each.is_searched for each in spec.fields].count(True) == 1 else ""
        found = ", or those that contain the text" if is_searched else ""
        own = "one of the caller's own: "
        return [
            f"| `GET /api/me/{plural}/` | token | the caller's own, newest first |",
            f"| `POST /api/me/{plural}/` with {fields}, JSON or form | token | 201 |",
            f"| `GET /api/{plural}/{search}` | anyone | all{found} |",
            f"| `GET /api/{plural}/<id>/` | anyone | 200 or 404 |",
            f"| `PATCH /api/{plural}/<id>/` with {fields} | token | changes {own}200, 403 or 404 |",
            f"| `DELETE /api/{plural}/<id>/` | token | deletes {own}204, 403 or 404 |",
            f"| `DELETE /admin/{plural}/<id>/` | scope `admin` | 204 |",
        ]
    reader = "anyone" if spec.reader == "public" else "token"
    changed = "200, 404, 412 or 428"
    taken = ", 409 if one exists" if any(each.is_unique for each in spec.fields) else ""
    return [
        f"| `GET /api/{plural}/` | {reader} | {many}, newest first |",
        f"| `POST /api/{plural}/` | scope `{spec.scope}` | 201{taken} |",
        f"| `GET /api/{plural}/<id>/` | {reader} | 200 with `ETag`, or 404 |",
        f"| `PATCH /api/{plural}/<id>/` with `If-Match` | scope `{spec.scope}` | {changed} |",
        f"| `DELETE /api/{plural}/<id>/` | scope `{spec.scope}` | 204, 404 or 412 |",
    ]
