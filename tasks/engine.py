"""The modules that update a service, as the template has them: the fleet's tasks use the same."""

import importlib
import sys
from types import ModuleType
from typing import Any

from .folders import TEMPLATE

_PACKAGE = "tasks_of_services"


def engine(name: str) -> Any:
    """Return a module of the service's tasks: `updates` or one in it, or another by its name.

    The tasks hold no Jinja, so that they can be imported as they stand; the package around them
    cannot, as it is the service's.
    """
    if _PACKAGE not in sys.modules:
        package = ModuleType(_PACKAGE)
        package.__path__ = [str(TEMPLATE / "{{cookiecutter.package_name}}" / "tasks")]
        sys.modules[_PACKAGE] = package
    where = name if name in _BESIDE else f"updates.{name}"
    # No cache beside them: it would be rendered into the services.
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        return importlib.import_module(f"{_PACKAGE}.{where}")
    finally:
        sys.dont_write_bytecode = before


_BESIDE = frozenset({"advisories", "findings"})
