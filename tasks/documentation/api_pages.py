"""Writes the reference of the chassis' Python API from its docstrings; nothing is imported.

What has a leading underscore is private, and left out.
"""

import json
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tasks.folders import ROOT

from . import dump_api
from .tables import prose
from .tables import table as table_of

SOURCES = ROOT / "chassis" / "src"

PACKAGE = "flask_chassis"

HEAD = "---\ntocdepth: 2\n---\n"
"""The navigation of the site lists modules, and no members, with which it is slow to build."""

Object = Mapping[str, Any]


def table() -> str:
    """Return the table of all packages and modules that have a page."""
    rows = [
        (f"[`{PACKAGE}.{name}`](api/{name}.md)", prose(_first_line(file)))
        for name, file in sorted(_tops().items())
    ]
    return table_of(("module", "what it does"), rows)


def _tops() -> dict[str, Path]:
    """Return the packages and modules at the top of the chassis, and the file of each."""
    found = {path.parent.name: path for path in (SOURCES / PACKAGE).glob("*/__init__.py")}
    found |= {path.stem: path for path in (SOURCES / PACKAGE).glob("*.py")}
    return {name: path for name, path in found.items() if not name.startswith("_")}


def _first_line(file: Path) -> str:
    return file.read_text("utf-8").partition('"""')[2].split("\n")[0].removesuffix('"""')


def write(folder: Path, python: Path) -> None:
    """Write a page for each of them, with an interpreter of the environment that has griffe."""
    words: list[str | Path] = [python, dump_api.__file__, PACKAGE, SOURCES]
    done = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True)
    folder.mkdir(parents=True)
    for module in json.loads(done.stdout):
        text = HEAD + "\n".join(_module(module, 1))
        (folder / f"{module['name']}.md").write_text(text, "utf-8")


def _module(module: Object, level: int) -> Iterator[str]:
    """Yield the lines about a module and what is in it."""
    yield f"{'#' * level} `{module['path']}`\n"
    if module["doc"]:
        yield f"{prose(module['doc'])}\n"
    for member in module["members"]:
        yield from _member(member, level + 1)
    for each in module["modules"]:
        yield from _module(each, level + 1)


def _member(member: Object, level: int) -> Iterator[str]:
    """Yield the lines about a class, a function or a value."""
    yield f"{'#' * level} `{member['name']}`\n"
    if member["signature"]:
        yield f"```python\n{member['signature']}\n```\n"
    yield f"{prose(member['doc'])}\n"
    for each in member["members"]:
        text = " ".join(prose(each["doc"]).split())
        yield f"- `{each['signature'] or each['name']}`: {text}"
    yield ""
