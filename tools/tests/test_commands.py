"""Test that the tasks of this package are part of a service's command."""

import subprocess
import sys
from pathlib import Path

import pytest
from flask_chassis.project import Project
from invoke import Collection

from .conftest import Run
from .services import KINDS, ROOT

OF_EVERY_KIND = {
    *("check", "down", "notify", "smoke", "tests", "up", "write-secret"),
    *("cluster.alerts", "cluster.check", "cluster.deploy", "cluster.network-policy"),
    *("cluster.deployer", "cluster.pgbouncer", "cluster.prerequisites", "cluster.rollback"),
    *("compose.check", "edge.config", "edge.watch", "network.create", "pull-request.open"),
    *("image.build", "image.login", "image.push", "image.verify"),
    *("deployment.request", "github.check", "gitlab.check"),
    *("image.sign", "pull-request.commit"),
    *("scan.code", "scan.image", "scan.safety"),
    *("template.adopt", "template.bump", "template.drift", "template.update"),
}
OF_BACKENDS = {"migrations.lint", "token.issue"}
README = ROOT / "tools" / "README.md"


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_the_tasks(kind: str, namespace: Collection) -> None:
    assert set(namespace.task_names) >= OF_EVERY_KIND
    for task in OF_BACKENDS:
        assert (task in namespace.task_names) == (kind != "frontend")


def test_the_readme_lists_the_tasks() -> None:
    text = README.read_text()
    assert [name for name in {*OF_EVERY_KIND, *OF_BACKENDS} if f"| `{name}` |" not in text] == []


def test_every_task_is_listed_with_a_sentence(run: Run, namespace: Collection) -> None:
    listed = run("--list")
    assert listed.code == 0
    described = [line.split(maxsplit=1) for line in listed.out.splitlines()]
    sentences = {line[0]: line[1] for line in described if len(line) == 2}
    for task in namespace.task_names:
        assert len(sentences[task]) > 20, task


@pytest.mark.parametrize("task", sorted({*OF_EVERY_KIND, *OF_BACKENDS}))
def test_every_task_has_help(run: Run, task: str) -> None:
    told = run("--help", task)
    assert told.code == 0
    assert "Docstring:" in told.out


def test_adding_the_tasks_does_not_import_slow_libraries(service: Project) -> None:
    """A pod that starts, or that rotates its keys, lists all tasks as well."""
    program = (
        "import sys\n"
        "from pathlib import Path\n"
        "from flask_chassis import project\n"
        "project.use(sys.argv[1], Path(sys.argv[2]))\n"
        "from invoke import Collection\n"
        "from flask_chassis_tools.commands import add_to\n"
        "add_to(Collection())\n"
        'print(*{"alembic", "coverage", "mypy", "psycopg2", "pytest", "sqlalchemy"} '
        "& sys.modules.keys())\n"
    )
    words: list[str | Path] = [sys.executable, "-c", program, service.package, service.folder]
    done = subprocess.run(words, capture_output=True, text=True, timeout=30, check=True)
    assert done.stdout.split() == []
