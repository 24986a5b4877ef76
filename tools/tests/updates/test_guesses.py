"""Test that `template.adopt` recognises the answers in a service."""

from pathlib import Path

import pytest

from flask_chassis_tools.updates import adopting

NOW = """\
[project.scripts]
acme-tasks = "flask_chassis.tasks.command:main"

[project.entry-points."flask_chassis.service"]
service = "billing"
"""
BEFORE = '[project.scripts]\nacme-tasks = "billing.tasks:program.run"\n'


@pytest.mark.parametrize("text", [NOW, BEFORE], ids=["on the package", "with a copied chassis"])
def test_the_package_is_guessed(tmp_path: Path, text: str) -> None:
    (tmp_path / "pyproject.toml").write_text(f'[project]\nname = "billing-api"\n\n{text}')
    assert adopting.guesses(tmp_path) == {
        "project_slug": "billing-api",
        "organisation": "acme",
        "package_name": "billing",
    }
