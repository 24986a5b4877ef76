"""The generator of clients, and models that it makes."""

import importlib.util
import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from flask_chassis.project import Project

from flask_chassis_tools import environments
from flask_chassis_tools.contract import client, documents

Models = Callable[..., ModuleType]


@pytest.fixture(scope="session")
def generator(services: Callable[[str], Project], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The environment of the generator, installed once: not into the copy of each test."""
    folder = tmp_path_factory.mktemp("generator")
    shutil.copy(services("resource").folder.parent / "bootstrap", folder)
    return environments.install(environments.CLIENT, folder)


def loaded(client: Path) -> ModuleType:
    """Import the models in the folder of a client."""
    spec = importlib.util.spec_from_file_location("generated_bills", client / "models.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["generated_bills"] = module  # where Pydantic looks types up
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def models_of(generator: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Models:
    """What generates the models of a valid document with some schemas, and imports them."""
    monkeypatch.setattr(environments, "install", lambda name: generator)

    def generated(schemas: dict[str, Any], version: str = "3.1.0") -> ModuleType:
        document = {
            "openapi": version,
            "info": {"title": "Bills", "version": "1.0"},
            "paths": {},
            "components": {"schemas": schemas},
        }
        files = client.files_of("bills", documents.parsed(json.dumps(document).encode(), "bills"))
        assert json.loads(files[documents.FILE]) == document
        (tmp_path / client.MODELS).write_text(files[client.MODELS], "utf-8")
        return loaded(tmp_path)

    return generated
