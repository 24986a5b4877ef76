"""What the checks look at: the files of a service, and on demand its application and database."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask_chassis import project

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from flask import Flask
    from sqlalchemy import Engine

    from flask_chassis.settings import Settings

Sources = dict[str, str]
"""Texts of Python files, by their path relative to the repository."""


@dataclass(frozen=True)
class ServiceCode:
    """The code of one service."""

    root: Path
    """The folder of the repository."""
    package: Path
    """The folder of the Python package."""
    fixture: Callable[[str], Any]
    """Returns the value of a pytest fixture by its name."""

    @classmethod
    def of_project(cls, fixture: Callable[[str], Any]) -> ServiceCode:
        """Return the code of the service that `flask_chassis.project` names."""
        return cls(project.working_folder(), project.current().folder, fixture)

    @property
    def app(self) -> Flask:
        """The application."""
        app: Flask = self.fixture("service")
        return app

    @property
    def engine(self) -> Engine:
        """The migrated database."""
        engine: Engine = self.fixture("engine")
        return engine

    @property
    def settings(self) -> Settings:
        """The settings of the tests."""
        settings: Settings = self.fixture("settings")
        return settings

    @cached_property
    def sources(self) -> Sources:
        """The Python files of the package."""
        return sources(self.package, self.root)


def sources(folder: Path, root: Path) -> Sources:
    """Read all Python files below a folder; their names are relative to `root`."""
    return {
        str(path.relative_to(root)): path.read_text(encoding="utf-8")
        for path in sorted(folder.rglob("*.py"))
    }


def nodes(found: Sources) -> Iterator[tuple[str, ast.AST]]:
    """Yield the nodes of all syntax trees, each with its place: `billing/app.py:12`."""
    for name, text in found.items():
        for node in ast.walk(ast.parse(text)):
            yield f"{name}:{getattr(node, 'lineno', 0)}", node


def imports_openapi(text: str) -> bool:
    """Return whether Python code imports `flask_chassis.http.openapi`, in whatever way."""
    if "openapi" not in text:
        return False
    imported = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported |= {str(node.module), *(f"{node.module}.{each.name}" for each in node.names)}
    return "flask_chassis.http.openapi" in imported
