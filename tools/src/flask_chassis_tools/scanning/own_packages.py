"""Finds the organisation's own packages in the lock: public services do not know them."""

import tomllib
from pathlib import Path
from typing import Any

FROM_NO_INDEX = frozenset({"directory", "file", "git"})
"""Types of sources in poetry.lock: a wheel in vendor/, for example."""


def names(folder: Path) -> set[str]:
    """Return the locked packages of the organisation: from its index, a file, a folder or git."""
    own = _own_sources(_read(folder / "pyproject.toml"))
    packages = _read(folder / "poetry.lock").get("package", [])
    return {package["name"] for package in packages if _is_own(package.get("source", {}), own)}


def _is_own(source: dict[str, str], indexes: set[str]) -> bool:
    return source.get("type") in FROM_NO_INDEX or source.get("reference") in indexes


def _own_sources(pyproject: dict[str, Any]) -> set[str]:
    """Return the indexes with priority over another one, or with explicit priority.

    A single index is a mirror of the public one.
    """
    sources = pyproject.get("tool", {}).get("poetry", {}).get("source", [])
    is_mirrored = all(source["priority"] == "primary" for source in sources) and len(sources) == 1
    return {
        source["name"]
        for source in sources
        if source["priority"] != "supplemental" and not is_mirrored
    }


def _read(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))
