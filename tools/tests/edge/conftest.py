"""Copies of rendered services, whose manifests tests change."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from flask_chassis.project import Project

Copy = Callable[[str], Path]


@pytest.fixture
def copy(services: Callable[[str], Project], tmp_path: Path) -> Copy:
    """Return a copy of a rendered service of a kind, without its other files."""

    def copied(kind: str) -> Path:
        folder = services(kind).folder.parent
        target = tmp_path / folder.name
        shutil.copytree(folder / "infra", target / "infra")
        return target

    return copied
