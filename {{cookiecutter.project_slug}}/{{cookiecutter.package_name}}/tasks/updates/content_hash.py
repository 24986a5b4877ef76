"""The hash by which Poetry sees whether `poetry.lock` is of the present `pyproject.toml`.

It is what Poetry 2.5 computes (Locker._get_content_hash), but for files without a [project] table,
which a service always has. The template's hook loads this module, too.
"""

import hashlib
import json
import re
import tomllib

PROJECT_KEYS = ("requires-python", "dependencies", "optional-dependencies")
"""The parts of [project] that the hash covers."""

POETRY_KEYS = ("dependencies", "source", "extras", "dev-dependencies", "group")
"""The parts of [tool.poetry]."""


def of(text: str) -> str:
    """Hash what a pyproject.toml says of the dependencies."""
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
    """Return whether a lock was made for a pyproject.toml; not for one that cannot be read."""
    try:
        wanted = of(text)
    except (tomllib.TOMLDecodeError, KeyError):
        return False
    written = re.search(r'^content-hash = "(.*)"', lock, re.MULTILINE)
    return written is not None and written[1] == wanted
