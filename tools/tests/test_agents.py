"""Test that the page for people and agents, AGENTS.md, names tasks and files that exist."""

import re

import pytest
from flask_chassis.project import Project
from invoke import Collection

from .services import KINDS


@pytest.mark.parametrize("kind", KINDS)
def test_what_it_names_exists(service: Project, namespace: Collection) -> None:
    folder = service.folder.parent
    text = (folder / "AGENTS.md").read_text()
    tasks = re.findall(r"`acme-tasks ([a-z.-]+)", text)
    assert len(tasks) > 4
    assert set(tasks) - {"--list"} <= set(namespace.task_names)
    named = re.findall(r"`pytest (\S+)`|`([\w./-]+/|[\w.-]+\.(?:toml|yaml|md|lock|py))`", text)
    for name in filter(None, (file for pair in named for file in pair)):
        assert (folder / name).exists() or (service.folder / name).exists(), name
