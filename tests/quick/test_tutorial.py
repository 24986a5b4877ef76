"""The tutorial has the code of examples/invoices, word for word: that is installed and run."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from tasks.folders import EXAMPLES, ROOT
from tasks.overlay import INVOICES
from tasks.render import example, render

TUTORIAL = ROOT / "docs" / "tutorial" / "build-a-domain.md"

FILE = re.compile(r"^`([\w./]+)`:\n\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
DIFF = re.compile(r"^```diff\n(.*?)^```$", re.MULTILINE | re.DOTALL)

NOT_PASTED = (
    "__init__.py",  # they stay as they are rendered
    "0002_create_invoices.py",  # db.revision writes it
    "openapi.json",  # api.document writes it
    "network-policies.yaml",  # cluster.network-policy writes it
)


def lines(text: str) -> list[str]:
    """Return the lines of a text, without what editors remove at their ends."""
    return [line.rstrip() for line in text.splitlines() if line.rstrip()]


def pasted() -> dict[str, list[str]]:
    """Return the files that the tutorial has, by their paths in the service."""
    return {path: lines(text) for path, text in FILE.findall(TUTORIAL.read_text("utf-8"))}


def kept(folder: Path) -> dict[str, list[str]]:
    """Return the files of the example that somebody has to write."""
    return {
        str(path.relative_to(folder)): lines(path.read_text("utf-8"))
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and path.name not in NOT_PASTED
    }


def test_the_tutorial_has_every_file_of_the_example_as_it_is() -> None:
    files, example = pasted(), kept(EXAMPLES / INVOICES)
    assert files.keys() == example.keys()
    for path, text in example.items():
        assert files[path] == text, f"{TUTORIAL} and examples/{INVOICES}/{path} differ"


def test_the_tutorial_has_every_change_of_a_file_that_is_rendered() -> None:
    patch = (EXAMPLES / f"{INVOICES}.patch").read_text("utf-8")
    wanted = [line for line in lines(patch) if not line.startswith("diff --git ")]
    shown = [line for diff in DIFF.findall(TUTORIAL.read_text("utf-8")) for line in lines(diff)]
    assert sorted(shown) == sorted(wanted)


def test_the_changes_have_the_line_numbers_of_the_files_that_are_rendered(tmp_path: Path) -> None:
    """Otherwise `patch` leaves copies of these files, which readers commit."""
    done = subprocess.run(
        ["git", "apply", "--check", "--verbose", EXAMPLES / f"{INVOICES}.patch"],
        cwd=render(tmp_path, example(INVOICES)),
        env=os.environ | {"GIT_CEILING_DIRECTORIES": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0 and "offset" not in done.stdout, done.stdout


@pytest.mark.parametrize(("name", "suggested"), [("thought", "invoice"), ("invoice", "delivery")])
def test_the_readme_suggests_to_add_another_resource(
    tmp_path: Path, name: str, suggested: str
) -> None:
    service = render(tmp_path, {"project_name": "Some Backend", "resource_name": name})
    readme = (service / "README.md").read_text("utf-8")
    assert f"-tasks resource.add {suggested} --field" in readme
    assert not list((service / "some_backend").glob(f"{suggested[:-1]}*"))
