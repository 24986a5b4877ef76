"""What this repository asks of the services, its own code keeps to as well."""

import ast
import subprocess
from pathlib import Path

import pytest

from tasks.folders import PROGRAMS, ROOT, TEMPLATE
from tests.quick.test_pairs import JINJA, faults_of
from tests.services import InstalledService

PACKAGE = "{{cookiecutter.package_name}}"
FREE_OF_JINJA = sorted(
    folder
    for base in (TEMPLATE, *(TEMPLATE / "parts").iterdir())
    for folder in (base / PACKAGE / "chassis", base / PACKAGE / "tasks")
    if folder.is_dir()
)


def succeeds(*words: str | Path, folder: Path = ROOT) -> None:
    program, *arguments = words
    done = subprocess.run(
        [PROGRAMS / program, *arguments], cwd=folder, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


def tracked_files() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    paths = [ROOT / name for name in listed.stdout.decode().split("\0") if name]
    return [path for path in paths if path.is_file()]


OWN = [
    name
    for name in ("hooks", "tasks", "tests", "benchmarks")
    if list((ROOT / name).glob("**/*.py"))
]


def test_the_python_is_formatted_and_clean() -> None:
    succeeds("ruff", "format", "--diff", *OWN)
    succeeds("ruff", "check", *OWN)


def test_the_python_is_typed() -> None:
    succeeds("mypy")


def test_the_shell_scripts_are_clean() -> None:
    compiler = ROOT / "tests" / "pipelines" / "compiler" / "install"
    scripts = [ROOT / "invoke", ROOT / "tasks" / "install", ROOT / ".ci" / "run", compiler]
    succeeds("shellcheck", *scripts)


def test_the_yaml_is_clean() -> None:
    succeeds("yamllint", "--strict", "--config-file", TEMPLATE / ".yamllint", ROOT / "examples")


def test_every_file_keeps_to_the_editorconfig() -> None:
    faults = {path: faults_of(path) for path in tracked_files() if path.suffix not in {".svg"}}
    assert {path: found for path, found in faults.items() if found} == {}


@pytest.mark.parametrize(
    "folder", FREE_OF_JINJA, ids=lambda folder: f"{folder.parts[-3]} {folder.name}"
)
def test_chassis_and_tasks_are_python_as_they_stand(folder: Path, plain: Path) -> None:
    paths = list(folder.glob("*.py"))
    assert paths
    for path in paths:
        text = path.read_text("utf-8")
        ast.parse(text)
        assert not JINJA.search(text), path
    succeeds("ruff", "format", "--diff", "--config", plain / "pyproject.toml", folder)
    # The folder above has the name of a question.
    succeeds("ruff", "check", "--ignore=N999", "--config", plain / "pyproject.toml", folder)


def test_no_python_of_the_service_has_a_jinja_block() -> None:
    for path in TEMPLATE.rglob("*.py"):
        assert "{%" not in path.read_text("utf-8"), path


def test_the_services_package_is_typed(service_of_each_kind: InstalledService) -> None:
    done = service_of_each_kind.run("mypy")
    assert done.returncode == 0, done.stdout


def test_a_planted_type_error_is_seen(rendered_service: InstalledService) -> None:
    planted = rendered_service.path / "thoughts_backend" / "planted.py"
    planted.write_text('"""Planted."""\n\nnumber: int = "text"\n')
    try:
        assert "planted.py:3" in rendered_service.run("mypy").stdout
    finally:
        planted.unlink()
