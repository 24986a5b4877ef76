"""Test `api.document` on rendered services, without a database."""

import json
import shutil
from pathlib import Path

import pytest
from flask_chassis import project
from flask_chassis.project import Project

from ..conftest import Run


@pytest.fixture
def copy(service: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the service, whose files a test may change."""
    folder = tmp_path / "copy"
    ignored = shutil.ignore_patterns(".git", "vendor")
    shutil.copytree(service.folder.parent, folder, ignore=ignored)
    monkeypatch.setattr(project, "_current", Project(service.package, folder / service.package))
    return folder


@pytest.mark.parametrize("kind", ["resource", "issuer"])
def test_the_document_is_written_as_it_was_rendered(copy: Path, run: Run) -> None:
    rendered = (copy / "openapi.json").read_text()
    assert run("api.document").out == "openapi.json is up to date.\n"
    (copy / "openapi.json").unlink()
    done = run("api.document")
    assert (done.code, done.out) == (0, "openapi.json is written.\n"), done.error
    assert (copy / "openapi.json").read_text() == rendered
    document = json.loads(rendered)
    assert document["info"]["version"] == "1.0"
    # What depends on the environment is left out.
    assert "servers" not in document
    assert "description" not in document["components"]["securitySchemes"]["bearer"]


@pytest.mark.parametrize("kind", ["frontend"])
def test_a_service_without_an_api_has_no_document(copy: Path, run: Run) -> None:
    done = run("api.document")
    assert done.code == 1
    assert "This service has no OpenAPI document" in done.error
    assert not (copy / "openapi.json").exists()
