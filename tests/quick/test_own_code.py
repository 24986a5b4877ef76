"""What this repository asks of the services, its own code keeps to as well."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tasks.folders import PROGRAMS, ROOT, TEMPLATE
from tasks.packages import FOLDERS as PACKAGES
from tasks.packages import environment
from tests.pythons import python_of
from tests.quick.test_pairs import faults_of
from tests.services import InstalledService

OF_ALL_PACKAGES = pytest.mark.parametrize("package", PACKAGES.values(), ids=PACKAGES)


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
    faults = {
        path: faults_of(path)
        for path in tracked_files()
        if path.suffix not in {".svg", ".png", ".whl"}
    }
    assert {path: found for path, found in faults.items() if found} == {}


@OF_ALL_PACKAGES
def test_the_packages_are_formatted_and_clean(package: Path) -> None:
    """Each with the rules that stand in its pyproject.toml, its tests included."""
    succeeds("ruff", "format", "--diff", ".", folder=package)
    succeeds("ruff", "check", ".", folder=package)


@pytest.fixture(scope="session")
def mypy() -> Path:
    """The program, in the environment that the packages are tested in: it reads their imports."""
    version = "{}.{}".format(*sys.version_info)
    return environment(version, python_of(version) or Path(sys.executable)) / "bin" / "mypy"


@OF_ALL_PACKAGES
def test_the_packages_are_typed(package: Path, mypy: Path) -> None:
    assert tomllib.loads((package / "pyproject.toml").read_text("utf-8"))["tool"]["mypy"]["strict"]
    succeeds(mypy, folder=package)


@OF_ALL_PACKAGES
def test_a_planted_type_error_in_a_package_is_seen(
    package: Path, mypy: Path, tmp_path: Path
) -> None:
    copy = shutil.copytree(package, tmp_path / package.name)
    [code] = [path.parent for path in copy.glob("src/*/__init__.py")]
    (code / "planted.py").write_text('"""Planted."""\n\nnumber: int = "text"\n')
    with pytest.raises(AssertionError, match=r"planted\.py:3"):
        succeeds(mypy, folder=copy)


@OF_ALL_PACKAGES
def test_a_fault_in_a_package_is_seen(package: Path, tmp_path: Path) -> None:
    """The rules are those of the services: a package's code is theirs."""
    copy = tmp_path / package.name
    copy.mkdir()
    shutil.copy(package / "pyproject.toml", copy)
    (copy / "planted.py").write_text("import os\nx = {'a':1}\n")
    with pytest.raises(AssertionError, match="would be reformatted"):
        succeeds("ruff", "format", "--diff", ".", folder=copy)
    with pytest.raises(AssertionError, match="F401"):
        succeeds("ruff", "check", ".", folder=copy)


@OF_ALL_PACKAGES
def test_the_packages_are_held_to_the_rules_of_the_services(package: Path, plain: Path) -> None:
    """Code moves between them: what is fine in one is fine in the other."""
    own, services = (
        tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))["tool"]["ruff"]
        for folder in (package, plain)
    )
    assert own["line-length"] == services["line-length"]
    assert own["target-version"] == services["target-version"]
    assert own["lint"]["select"] == services["lint"]["select"]
    assert set(own["lint"]["ignore"]) <= set(services["lint"]["ignore"])


def with_a_block(folder: Path) -> list[Path]:
    """Return the files of Python in which Jinja decides about lines."""
    return [path for path in folder.rglob("*.py") if "{%" in path.read_text("utf-8")]


def test_no_python_of_the_template_has_a_jinja_block() -> None:
    assert with_a_block(TEMPLATE) == []


def rendered(folder: Path) -> list[Path]:
    """Return the files of Python that are written for a render."""
    return [path for path in folder.rglob("*.py") if "{{ cookiecutter" in path.read_text("utf-8")]


@OF_ALL_PACKAGES
def test_no_python_of_the_packages_is_rendered(package: Path) -> None:
    assert list(package.rglob("*.py"))
    assert with_a_block(package / "src") == rendered(package) == []


def test_python_with_jinja_is_seen(tmp_path: Path) -> None:
    block, expression = tmp_path / "block.py", tmp_path / "folder" / "expression.py"
    expression.parent.mkdir()
    block.write_text("{% if cookiecutter.port %}\nPORT = 1\n{% endif %}\n")
    expression.write_text("PORT = {{ cookiecutter.port }}\n")
    assert with_a_block(tmp_path) == [block]
    assert rendered(tmp_path) == [expression]


def test_the_service_and_its_tests_are_typed(service_of_each_kind: InstalledService) -> None:
    done = service_of_each_kind.run("mypy")
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("folder", ["thoughts_backend", "tests"])
def test_a_planted_type_error_is_seen(rendered_service: InstalledService, folder: str) -> None:
    planted = rendered_service.path / folder / "planted.py"
    planted.write_text('"""Planted."""\n\nnumber: int = "text"\n')
    try:
        assert "planted.py:3" in rendered_service.run("mypy").stdout
    finally:
        planted.unlink()
