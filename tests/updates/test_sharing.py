"""What updates of many services have in common, and where they are prepared."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tasks.engine import engine
from tasks.fleet import updating
from tasks.fleet.updating import Result
from tasks.folders import PROGRAMS

rendering: Any = engine("rendering")

TEXT = "{% if true %}\nx\n{% endif %}\n"


def template(folder: Path, **options: bool) -> str:
    """Make a template of one file, with options for Jinja."""
    service = folder / "{{cookiecutter.name}}"
    service.mkdir(parents=True)
    (service / "file.txt").write_text(TEXT)
    questions = {"name": "service", "_jinja2_env_vars": options}
    (folder / "cookiecutter.json").write_text(json.dumps(questions))
    return str(folder)


def test_what_was_compiled_with_other_options_is_not_used(tmp_path: Path) -> None:
    """Both templates have the same text under the same name, and compile it to something else."""
    plain = template(tmp_path / "plain")
    trimming = template(tmp_path / "trimming", trim_blocks=True)
    jobs = [
        rendering.Job(folder, "", "", {}, str(tmp_path / f"into-{number}"))
        for number, folder in enumerate((plain, trimming, plain, trimming))
    ]
    made = rendering.render(PROGRAMS / "python", tmp_path, jobs)
    texts = [(each.folder / "file.txt").read_text() for each in made]
    assert texts == ["\nx\n\n", "x\n", "\nx\n\n", "x\n"]
    assert len(list((PROGRAMS.parent / "compiled").iterdir())) >= 2


def test_what_updates_share_goes_with_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    memory = tmp_path / "memory"
    memory.mkdir()
    monkeypatch.setattr(updating, "in_memory", lambda _: memory)
    services = [tmp_path / name for name in ("a", "b")]
    for service in services:
        subprocess.run(["git", "init", "--quiet", service], check=True)
    shared_by = []

    def planted(service: Path, template: Path, tag: str, shared: Path) -> Result:
        (shared / service.name).touch()
        shared_by.append(shared)
        raise RuntimeError(f"planted in {template} {tag}")

    results = updating.at_a_time(services, tmp_path, "v1", planted, jobs=1, silent=True)
    assert [result.outcome for result in results] == ["failed", "failed"]
    assert len(set(shared_by)) == 1
    assert list(memory.iterdir()) == []


def test_updates_are_prepared_in_memory_where_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TMPDIR", raising=False)
    assert updating.in_memory(1, tmp_path) == tmp_path
    assert updating.in_memory(10**9, tmp_path) is None
    assert updating.in_memory(1, tmp_path / "missing") is None
    monkeypatch.setenv("TMPDIR", "/elsewhere")
    assert updating.in_memory(1, tmp_path) is None
