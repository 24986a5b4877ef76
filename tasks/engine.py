"""The modules of the tools that this repository uses as well, from their sources."""

import importlib
import sys
from typing import Any

from .folders import ROOT

for _package in ("chassis", "tools"):
    _sources = str(ROOT / _package / "src")
    if _sources not in sys.path:
        sys.path.insert(0, _sources)


def engine(name: str) -> Any:
    """Return a module of the tools: one of `updates`, or any by its name with dots."""
    where = name if "." in name or name in _PACKAGES else f"updates.{name}"
    return importlib.import_module(f"flask_chassis_tools.{where}")


_PACKAGES = frozenset({"environments", "updates"})
