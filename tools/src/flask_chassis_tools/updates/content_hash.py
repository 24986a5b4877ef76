"""Computes the hash by which Poetry detects that `poetry.lock` is outdated.

The hash is the same as in Poetry 2.5 (Locker._get_content_hash) for files with a [project] table.
The template's hook imports this module.
"""

import hashlib
import json
import re
import tomllib

PROJECT_KEYS = ("requires-python", "dependencies", "optional-dependencies")
"""The keys of [project] that the hash covers."""

POETRY_KEYS = ("dependencies", "source", "extras", "dev-dependencies", "group")
"""The keys of [tool.poetry] that the hash covers."""


def of(text: str) -> str:
    """Return the hash of the dependencies in a pyproject.toml."""
    pyproject = tomllib.loads(text)
    project = pyproject["project"]
    poetry = pyproject.get("tool", {}).get("poetry", {})
    content = {
        "project": {key: project[key] for key in PROJECT_KEYS if key in project},
        "tool": {"poetry": {key: poetry[key] for key in POETRY_KEYS if key in poetry}},
    }
    if pyproject.get("dependency-groups"):
        content["dependency-groups"] = pyproject["dependency-groups"]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def is_of(lock: str, text: str) -> bool:
    """Return whether a lock belongs to a pyproject.toml; False if the file is not valid."""
    try:
        wanted = of(text)
    except (tomllib.TOMLDecodeError, KeyError):
        return False
    metadata = lock[max(lock.rfind("\n[metadata]\n"), 0) :]
    written = re.search(r'^content-hash = "(.*)"', metadata, re.MULTILINE)
    return written is not None and written[1] == wanted
