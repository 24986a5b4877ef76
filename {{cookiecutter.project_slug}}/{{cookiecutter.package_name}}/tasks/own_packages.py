"""Which of the locked packages are the organisation's own: no public service knows of these."""

import tomllib
from pathlib import Path
from typing import Any


def names(folder: Path) -> set[str]:
    """Return the packages that pyproject.toml has taken from an index of the organisation's."""
    own = _own_sources(_read(folder / "pyproject.toml"))
    packages = _read(folder / "poetry.lock").get("package", [])
    return {
        package["name"] for package in packages if package.get("source", {}).get("reference") in own
    }


def _own_sources(pyproject: dict[str, Any]) -> set[str]:
    """Return the indexes that are asked before another one, or by name only.

    A single one has all packages: it is a mirror of the public index.
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
