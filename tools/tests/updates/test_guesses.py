"""Test that `template.adopt` recognises the answers in a service."""

from pathlib import Path

import pytest

from flask_chassis_tools.updates import guessing

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
    assert guessing.guesses(tmp_path) == {
        "project_slug": "billing-api",
        "organisation": "acme",
        "package_name": "billing",
    }


FILES = {
    ".flaskenv": "FLASK_APP=billing.wsgi\nFLASK_RUN_PORT=8123\n",
    "README.md": "# Billing \\& more\n\n[How](https://docs.acme.test/t/v1.2.0/how-to/index.html)\n",
    "infra/docker/Dockerfile": "ARG OTHER=1\nARG PYTHON_IMAGE=python:3.12-slim-bookworm\n",
    "infra/gitops/flux/source.yaml": "spec:\n  url: ssh://git@git.acme.test/billing.git\n",
    "settings.yaml": '  database:\n    name: "bills"\n    user: "bills"\n',
    "template-ownership.toml": 'seeded = [\n    "tests/bills/**",\n]\n',
    "pyproject.toml": """\
[project]
name = "billing-api"
dependencies = ["flask-chassis[api, database]~=0.1", "flask"]
[project.scripts]
acme-tasks = "flask_chassis.tasks.command:main"
[project.entry-points."flask_chassis.service"]
service = "billing"
[[tool.poetry.source]]
name = "acme"
url = "https://packages.acme.test/simple/"
[[tool.poetry.source]]
name = "acme-public"
url = "https://mirror.acme.test/simple/"
[[tool.poetry.source]]
name = "other"
url = "https://other.test/simple/"
[tool.image]
name = "registry.acme.test:5000/team/billing-api"
""",
    ".github/workflows/pipeline.yaml": "",
}


def test_answers_are_read_from_the_files_that_have_them(tmp_path: Path) -> None:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    assert guessing.guesses(tmp_path) == {
        "project_slug": "billing-api",
        "organisation": "acme",
        "package_name": "billing",
        "project_name": "Billing & more",
        "port": "8123",
        "python_version": "3.12",
        "domain": "acme.test",
        "docs_url": "https://docs.acme.test/t",
        "database_name": "bills",
        "resource_plural": "bills",
        "kind": "resource",
        "ci_system": "github",
        "internal_index": "https://packages.acme.test/simple/",
        "public_index": "https://mirror.acme.test/simple/",
        "image_registry": "registry.acme.test:5000/team",
    }
    (tmp_path / ".gitlab-ci.yml").touch()
    assert "ci_system" not in guessing.guesses(tmp_path)
    (tmp_path / ".github" / "workflows" / "pipeline.yaml").unlink()
    assert guessing.guesses(tmp_path)["ci_system"] == "gitlab"
    (tmp_path / ".teamcity" / "pipeline").mkdir(parents=True)
    assert "ci_system" not in guessing.guesses(tmp_path)


@pytest.mark.parametrize(
    ("extras", "kind"),
    [
        ("api,clients,database,issuer,tokens", "issuer"),
        ("clients,web", "frontend"),
        ("api,clients,database,tokens", "resource"),
        ("clients", None),
    ],
)
def test_the_kind_follows_from_what_it_needs_of_the_chassis(
    tmp_path: Path, extras: str, kind: str | None
) -> None:
    text = f'[project]\ndependencies = ["flask-chassis[{extras}]~=0.1"]\n'
    (tmp_path / "pyproject.toml").write_text(text)
    assert guessing.guesses(tmp_path).get("kind") == kind
