"""The form for Backstage asks what cookiecutter.json asks."""

import json
from pathlib import Path

import pytest

from tasks import backstage_form as backstage
from tasks.folders import ROOT


def test_the_form_is_the_one_that_follows_from_the_questions() -> None:
    """To update the form: ./invoke backstage."""
    assert backstage.FILE.read_text("utf-8") == backstage.text()


def test_every_question_is_asked_once() -> None:
    questions = json.loads((ROOT / "cookiecutter.json").read_text("utf-8"))
    pages = backstage.form()["spec"]["parameters"]
    asked = [name for page in pages for name in page["properties"]]
    public = [name for name in questions if not name.startswith("_")]
    assert sorted(asked) == sorted([*public, "repoUrl"])


def test_a_new_question_makes_another_form(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    before = backstage.text()
    questions = json.loads((ROOT / "cookiecutter.json").read_text("utf-8"))
    questions["__prompts__"]["planted"] = "Planted"
    (tmp_path / "cookiecutter.json").write_text(json.dumps({"planted": ["a"]} | questions))
    monkeypatch.setattr(backstage, "ROOT", tmp_path)
    assert backstage.text() != before
