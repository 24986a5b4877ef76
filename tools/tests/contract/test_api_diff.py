"""Test `api.diff` on a rendered service that has been released."""

import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from flask_chassis import project
from flask_chassis.project import Project

from ..conftest import Run
from .test_api_document import copy

__all__ = ["copy"]

PERSON = ("-c", "user.name=Ada", "-c", "user.email=ada@acme.example")


def git(folder: Path, *words: str | Path) -> None:
    subprocess.run(["git", "-C", folder, *PERSON, *words], check=True, capture_output=True)


@pytest.fixture
def checkout(copy: Path) -> Path:
    """A checkout with one commit and no release."""
    git(copy, "init", "--quiet", "--initial-branch=main")
    git(copy, "add", "--all")
    git(copy, "commit", "--quiet", "--message=first")
    return copy


@pytest.fixture
def released(checkout: Path) -> Path:
    """A checkout that was released as v1.0.0."""
    git(checkout, "tag", "v1.0.0")
    return checkout


def edit(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    document = json.loads((folder / "openapi.json").read_text())
    change(document)
    (folder / "openapi.json").write_text(json.dumps(document))


def without_text(document: dict[str, Any]) -> None:
    del document["components"]["schemas"]["ThoughtDetails"]["properties"]["text"]


def with_mood(document: dict[str, Any]) -> None:
    details = document["components"]["schemas"]["ThoughtDetails"]
    details["properties"]["mood"] = {"type": "string"}


def test_a_service_without_a_release_passes(checkout: Path, run: Run) -> None:
    done = run("api.diff")
    assert (done.code, done.out) == (
        0,
        "The API is not compared: there is no release yet (no tag such as v1.0.0).\n",
    )


def test_a_folder_that_is_no_repository_passes(copy: Path, run: Run) -> None:
    assert run("api.diff").code == 0


def test_a_release_without_a_document_passes(checkout: Path, run: Run) -> None:
    git(checkout, "rm", "--quiet", "--cached", "openapi.json")
    git(checkout, "commit", "--quiet", "--message=before")
    git(checkout, "tag", "v0.9.0")
    done = run("api.diff")
    assert (done.code, done.out) == (
        0,
        "The API is not compared: v0.9.0 has no openapi.json yet.\n",
    )


def test_tags_that_are_no_versions_are_no_releases(checkout: Path, run: Run) -> None:
    git(checkout, "tag", "deployed")
    assert "there is no release yet" in run("api.diff").out


def test_a_change_that_breaks_nobody_passes(released: Path, run: Run) -> None:
    edit(released, with_mood)
    done = run("api.diff")
    assert done.code == 0
    assert "GET /api/thoughts/: answer 200[].mood: a property is added" in done.out
    assert "The API breaks no callers of v1.0.0." in done.out


def test_a_breaking_change_fails_until_the_version_says_so(released: Path, run: Run) -> None:
    edit(released, without_text)
    done = run("api.diff")
    assert done.code == 1
    assert "GET /api/thoughts/: answer 200[].text: the property is removed" in done.out
    assert "raise API_VERSION in planted_resource/domain.py to 2.0" in done.error
    edit(released, lambda document: document["info"].update(version="1.9"))
    assert run("api.diff").code == 1
    edit(released, lambda document: document["info"].update(version="2.0"))
    done = run("api.diff")
    assert done.code == 0
    assert "API_VERSION says so: 2.0, it was 1.0." in done.out


def test_all_checks_ask(released: Path, run: Run) -> None:
    edit(released, without_text)
    assert "API" in run("check", "--all").error.splitlines()[-1]


def test_a_shallow_clone_fails_and_says_how_to_mend_it(
    released: Path, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(released, "commit", "--quiet", "--message=second", "--allow-empty")
    git(tmp_path, "clone", "--quiet", "--depth=1", "--no-tags", f"file://{released}", "shallow")
    name = project.package()
    shallow = Project(name, tmp_path / "shallow" / name)
    monkeypatch.setattr(project, "_current", shallow)
    done = run("api.diff")
    assert done.code == 1
    assert "git fetch --tags --unshallow (GitHub Actions: fetch-depth: 0)" in done.error
    git(tmp_path / "shallow", "fetch", "--quiet", "--tags", "--unshallow")
    assert run("api.diff").out == "The API breaks no callers of v1.0.0.\n"


def test_a_missing_document_fails_once_a_release_has_one(released: Path, run: Run) -> None:
    (released / "openapi.json").unlink()
    done = run("api.diff")
    assert done.code == 1
    assert done.error == "openapi.json is missing: write it with the task api.document.\n"


def test_other_references_and_files_can_be_compared(released: Path, run: Run) -> None:
    edit(released, with_mood)
    git(released, "commit", "--quiet", "--all", "--message=second")
    edit(released, without_text)
    assert run("api.diff", "--against=HEAD").code == 1
    assert run("api.diff", "--against=HEAD~1").code == 1
    assert run("api.diff", "--against=openapi.json").out.endswith("callers of openapi.json.\n")


@contextmanager
def served(folder: Path) -> Iterator[str]:
    handler = partial(SimpleHTTPRequestHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_running_service_can_be_compared(released: Path, run: Run) -> None:
    with served(released) as address:
        assert run("api.diff", f"--against={address}/openapi.json").code == 0
        done = run("api.diff", f"--against={address}/nothing.json")
        assert f"{address}/nothing.json answered 404: correct the address." in done.error
    done = run("api.diff", f"--against={address}/openapi.json")
    assert done.code == 1
    assert "cannot be reached: " in done.error


WRONG = {
    "": "is not an OpenAPI document",
    "[]": "is not an OpenAPI document",
    "{]": "is neither JSON nor YAML",
    "\x00": "is neither JSON nor YAML",
    '{"paths": {}}': "it has no field `openapi`",
    '{"swagger": "2.0", "paths": {}}': "of version 3: it has version 2.0",
    '{"openapi": "3.1.0", "paths": {}}': "is not a valid OpenAPI document: ",
    '{"openapi": "3.1.0", "info": {"title": "a", "version": "1"}, "paths": {"/a": 5}}': (
        "is not a valid OpenAPI document: "
    ),
    '{"openapi": "3.1.0", "info": {"title": "a", "version": "x"}, "paths": {}}': (
        "The API's version in wrong.json is 'x', not a number such as 1.0"
    ),
    '{"openapi": "3.1.0", "info": {"title": "a", "version": "1"}, "paths": {"/a": {"get": '
    '{"responses": {"200": {"$ref": "#/nowhere"}}}}}}': "nowhere",
}


@pytest.mark.parametrize("text", WRONG)
def test_what_is_no_document_is_refused_in_one_line(released: Path, run: Run, text: str) -> None:
    (released / "wrong.json").write_text(text)
    done = run("api.diff", "--against=wrong.json")
    assert done.code == 1
    assert WRONG[text] in done.error
    assert len(done.error.splitlines()) == 1


@pytest.mark.parametrize("source", ["v9.9.9", "--output=x", "nothing.json", "tests", ""])
def test_an_unknown_source_is_refused_in_one_line(released: Path, run: Run, source: str) -> None:
    done = run("api.diff", f"--against={source}")
    assert (done.code == 0) == (source == "")
    assert len(done.error.splitlines()) == (source != "")
