"""Each guard passes on a service that keeps the rules, and fires on a planted fault."""

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from copy import deepcopy
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, text

from billing.app import create_app
from flask_chassis.auth.access import public
from flask_chassis.http import responses
from flask_chassis.settings import Settings
from flask_chassis.testing import guards
from flask_chassis.testing.guards import ServiceCode, migrations
from flask_chassis.testing.openapi import document_of

from ..conftest import BILLING, use_checkout

CONTRACT = "the committed OpenAPI document is that of the code"

RULES = {guard.rule: guard for guard in guards.GUARDS}


class Copy:
    """A copy of the service, which a test may damage."""

    def __init__(self, root: Path, fixture: Callable[[str], Any]) -> None:
        self.root = root
        self.fixtures: dict[str, Any] = {}
        self._fixture = fixture

    @property
    def code(self) -> ServiceCode:
        """What the guards look at."""

        def fixture(name: str) -> Any:
            return self.fixtures[name] if name in self.fixtures else self._fixture(name)

        return ServiceCode(self.root, self.root / "billing", fixture)

    def edit(self, name: str, old: str, new: str) -> None:
        """Replace a text of a file that has it exactly once."""
        before = (self.root / name).read_text()
        assert before.count(old) == 1, f"{name} has {old!r} {before.count(old)} times"
        (self.root / name).write_text(before.replace(old, new))

    def write(self, name: str, content: str) -> None:
        """Write a file."""
        (self.root / name).parent.mkdir(exist_ok=True)
        (self.root / name).write_text(content)

    def app(self) -> Flask:
        """Return an application of its own for the guards."""
        app: Flask = create_app(self._fixture("settings"))
        app.extensions["database"].dispose()
        self.fixtures["service"] = app
        return app

    def document(self) -> dict[str, Any]:
        """Return the OpenAPI document that the guards get; a test may change it."""
        app = self.app()
        document = deepcopy(document_of(app))
        app.view_functions["openapi"] = public(lambda: responses.json(document))
        return document

    def operation(self, method: str = "post") -> dict[str, Any]:
        """Return an operation of that document."""
        found: dict[str, Any] = self.document()["paths"]["/api/invoices/"][method]
        return found


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Copy:
    """Return a copy of the service that breaks no rule."""
    shutil.copytree(BILLING, tmp_path, dirs_exist_ok=True)
    return Copy(use_checkout(tmp_path, monkeypatch), request.getfixturevalue)


@pytest.mark.parametrize("guard", guards.applicable(), ids=str)
def test_a_service_that_keeps_the_rules_passes(
    guard: guards.Guard, service_code: ServiceCode
) -> None:
    guard.check(service_code)


def test_all_guards_apply_to_a_service_with_an_api_and_a_database() -> None:
    assert guards.applicable() == list(guards.GUARDS)


def test_guards_about_what_a_service_lacks_do_not_apply(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_checkout(tmp_path, monkeypatch)
    (tmp_path / "settings.yaml").write_text("default: {}\ntests.local: {}\n")
    left = {guard.rule for guard in guards.applicable()}
    assert left
    assert not [rule for rule in left if "migration" in rule or "OpenAPI" in rule]


def test_a_service_without_a_committed_document_need_not_have_one(copy: Copy) -> None:
    (copy.root / "openapi.json").unlink()
    assert RULES[CONTRACT] not in guards.applicable()


def test_a_guard_lists_its_faults() -> None:
    guard = guards.Guard("nothing is broken", lambda code: ["here", "there"])
    with pytest.raises(AssertionError) as raised:
        guard.check(SimpleNamespace())  # type: ignore[arg-type]
    assert str(raised.value) == "nothing is broken. It is broken here:\n  here\n  there"


# Faults: each is the rule, how to plant the fault, and what the message says about it.


def undecided_route(copy: Copy) -> None:
    app = copy.app()
    app.add_url_rule("/planted", "planted", lambda: "", methods=["GET", "POST"])
    app.add_url_rule("/decided", "decided", public(lambda: ""))


def other_contract(copy: Copy) -> None:
    copy.edit("openapi.json", '"version": "1.0"', '"version": "0.9"')


def cut_contract(copy: Copy) -> None:
    copy.write("openapi.json", "{")


def reformatted_contract(copy: Copy) -> None:
    text = (copy.root / "openapi.json").read_text()
    copy.write("openapi.json", json.dumps(json.loads(text)))


def unknown_setting(copy: Copy) -> None:
    copy.write("billing/planted.py", 'settings = {}\nhost = settings["database.hots"]\n')


def unread_setting(copy: Copy) -> None:
    copy.edit("settings.yaml", "    level: INFO\n", "    level: INFO\n    levle: INFO\n")


def undeclared_upstream(copy: Copy) -> None:
    copy.write(
        "billing/planted.py", 'upstream.service("mail").get("/"); service("x"); upstream.x(1)'
    )


def uncalled_upstream(copy: Copy) -> None:
    copy.edit(
        "settings.yaml", "  http:\n", "  upstream:\n    mail:\n      url: http://x\n  http:\n"
    )


def unknown_stage(copy: Copy) -> None:
    copy.edit("settings.yaml", "production.kubernetes:\n", "prodcution.kubernetes:\n")


def unread_variable(copy: Copy) -> None:
    copy.write("docker-compose.test.yaml", "BILLING_LOGS__LEVLE: DEBUG\nMY_BILLING_LOGS: 1\n")


def no_variable(copy: Copy) -> None:
    copy.edit("docker-compose.yaml", "BILLING_ENVIRONMENT", "BILING_ENVIRONMENT")


def other_port(copy: Copy) -> None:
    copy.edit(".flaskenv", "8080", "8090")


def other_exposed_port(copy: Copy) -> None:
    copy.edit("infra/docker/Dockerfile", "EXPOSE 8080 8081", "EXPOSE 8082 8081")


def other_metrics_port(copy: Copy) -> None:
    copy.edit("infra/docker/Dockerfile", "EXPOSE 8080 8081", "EXPOSE 8080 8082")


def other_published_port(copy: Copy) -> None:
    copy.edit("docker-compose.yaml", "8080}:8080", "8080}:8090")


def port_for_everybody(copy: Copy) -> None:
    copy.edit("docker-compose.yaml", "127.0.0.1:${METRICS_PORT:-8081}", "${METRICS_PORT:-8081}")


def no_port(copy: Copy) -> None:
    (copy.root / ".flaskenv").unlink()


def other_python(copy: Copy) -> None:
    copy.edit("bootstrap", "python3.13", "python3.12")


def unserved_health_path(copy: Copy) -> None:
    copy.edit("docker-compose.yaml", "/health/ready", "/health/raedy")


def unasked_health_path(copy: Copy) -> None:
    copy.edit("infra/docker/Dockerfile", "HEALTHCHECK", "# HEALTHCHECK")
    copy.edit("infra/docker/Dockerfile", "/health/live", "/health/ready")


def small_pool(copy: Copy) -> None:
    copy.edit("settings.yaml", "    name: billing_tests\n", "    name: x\n    pool_size: 7\n")


def too_many_calls(copy: Copy) -> None:
    copy.edit("settings.yaml", "  http:\n", "  calls:\n    at_a_time: 7\n  http:\n")


def folder_without_init(copy: Copy) -> None:
    copy.write("tests/planted/test_planted.py", "")


def second_head(copy: Copy) -> None:
    planted = 'revision = "planted"\ndown_revision = None\n'
    copy.write("migrations/versions/planted.py", planted)


def table_that_stays(copy: Copy) -> None:
    name = "migrations/versions/0001_create_tables.py"
    copy.edit(name, '("revoked_tokens", "known_places", ', '("revoked_tokens", ')


def table_without_migration(copy: Copy) -> None:
    name = "migrations/versions/0001_create_tables.py"
    copy.edit(name, '        "known_places",\n', '        "planted",\n')
    copy.edit(name, '"known_places", [', '"planted", [')
    copy.edit(name, '"revoked_tokens", "known_places", ', '"revoked_tokens", "planted", ')


FAULTS: list[tuple[str, Callable[[Copy], None], str]] = [
    (
        "every route has an access decision",
        undecided_route,
        r"POST /planted \(.*\) has no access decision",
    ),
    (
        "every setting that is read is declared",
        unknown_setting,
        r'billing/planted.py:2 reads settings\["database.hots"\]',
    ),
    ("every setting that is declared is read", unread_setting, "settings.yaml declares logs.levle"),
    (
        "every upstream service that is called is declared",
        undeclared_upstream,
        r'billing/planted.py:1 calls upstream.service\("mail"\)',
    ),
    (
        "every upstream service that is declared is called",
        uncalled_upstream,
        "settings.yaml declares upstream.mail",
    ),
    ("every environment has a known stage", unknown_stage, "section prodcution.kubernetes"),
    (
        "every environment variable in a file is read",
        unread_variable,
        r"docker-compose.test.yaml sets BILLING_LOGS__LEVLE.*declare the setting[^\n]*$",
    ),
    ("every environment variable in a file is read", no_variable, "No file sets a variable"),
    ("the ports are the same in all files", other_port, ".flaskenv has port 8090"),
    ("the ports are the same in all files", other_exposed_port, "Dockerfile .* has port 8082"),
    ("the ports are the same in all files", other_metrics_port, "Dockerfile .* has port 8082"),
    ("the ports are the same in all files", other_published_port, r"ports \[8081, 8090\]"),
    ("the ports are the same in all files", port_for_everybody, "on all interfaces: write 127"),
    ("the ports are the same in all files", no_port, ".flaskenv has 0 lines like"),
    ("bootstrap prefers the Python of the image", other_python, "bootstrap prefers 3.12"),
    ("health checks request what is served", unserved_health_path, "requests /health/raedy"),
    ("health checks request what is served", unasked_health_path, "requests /health/live: add it"),
    (
        "every thread of a worker can have a connection",
        small_pool,
        "settings.yaml, tests.local: database.pool_size is 7, but a uWSGI worker has 8 threads",
    ),
    (
        "calls of other services leave threads for other requests",
        too_many_calls,
        "calls.at_a_time is 7, but a uWSGI worker has 8 threads: lower it to 6",
    ),
    ("every folder of tests is a package", folder_without_init, "tests/planted has tests"),
    ("one migration is the newest", second_head, "2 migrations are the newest: 0002, planted"),
    ("every migration can be reverted", table_that_stays, "downgrade.. leaves known_places: "),
    (
        "every migration can be reverted",
        table_without_migration,
        "No migration creates the table known_places",
    ),
    (
        "the OpenAPI document is valid",
        lambda copy: copy.document().pop("info"),
        "not a valid OpenAPI document",
    ),
    (
        "the OpenAPI document names this service",
        lambda copy: copy.document()["info"].update(title="Planted"),
        "info.title in /openapi.json is 'Planted', the setting service.title is 'Billing'",
    ),
    (
        "the OpenAPI document names this service",
        lambda copy: copy.document()["info"].update(version=""),
        "info.version in /openapi.json is empty",
    ),
    (CONTRACT, other_contract, "differs from the code, first at info.version. Run .*api.document"),
    (CONTRACT, cut_contract, "openapi.json cannot be read: .* Run the task api.document"),
    (CONTRACT, reformatted_contract, "formatted otherwise. Run the task api.document"),
    (
        "every route of the API is documented",
        lambda copy: copy.document()["paths"].pop("/api/invoices/"),
        "POST /api/invoices/ is missing in",
    ),
    (
        "every route of the API is documented",
        lambda copy: copy.document()["paths"].update({"/planted/": {"get": {}}}),
        "GET /planted/ is in /openapi.json and not served",
    ),
    (
        "every required token is documented",
        lambda copy: copy.operation().pop("security"),
        "POST /api/invoices/ is for token, its security in /openapi.json is None",
    ),
    (
        "every required token is documented",
        lambda copy: copy.operation()["responses"].pop("401"),
        "does not document 401",
    ),
    (
        "every response is described",
        lambda copy: copy.operation().pop("summary"),
        "has no summary: write a docstring",
    ),
    (
        "every response is described",
        lambda copy: copy.operation()["responses"].pop("503"),
        "does not document 503",
    ),
    (
        "every response is described",
        lambda copy: copy.operation()["responses"]["201"].pop("content"),
        "response 201 has no schema",
    ),
    (
        "every response is described",
        lambda copy: copy.operation()["responses"]["201"].update(description=""),
        "response 201 has no description",
    ),
    (
        "every response is described",
        lambda copy: copy.operation()["responses"]["500"]["content"]["application/json"].update(
            schema={"$ref": "#/x/Invoice"}
        ),
        "error 500 has another schema than Error",
    ),
    (
        "every parameter and body is described",
        lambda copy: copy.operation().pop("requestBody"),
        "documents 415 and has no body",
    ),
    (
        "every parameter and body is described",
        lambda copy: copy.operation()["requestBody"].update(content={}),
        "has a body without a schema",
    ),
    (
        "every parameter and body is described",
        lambda copy: copy.operation()["responses"].pop("415"),
        "has a body and does not document 415",
    ),
    (
        "every parameter and body is described",
        lambda copy: copy.operation().update(parameters=[{"in": "path", "name": "planted"}]),
        "exactly the parameters of its path: planted",
    ),
]

AS_MODELS = "the migrations create what the models say"

DIFFERENCES = {
    'ALTER TABLE "invoices" ADD COLUMN planted integer': AS_MODELS,
    'CREATE INDEX planted ON "invoices" ((1))': AS_MODELS,
    "CREATE TABLE planted (id integer)": "the tables are those of the models",
    'ALTER TABLE "invoices" RENAME TO planted': "the tables are those of the models",
}
"""Statements after which a database differs from the models, and the rule that they break."""


@pytest.mark.parametrize(("rule", "plant", "message"), FAULTS)
def test_a_fault_is_found(
    copy: Copy, rule: str, plant: Callable[[Copy], None], message: str
) -> None:
    plant(copy)
    with pytest.raises(AssertionError, match=message):
        RULES[rule].check(copy.code)


@pytest.fixture
def changed(engine: Engine) -> Iterator[Callable[[str], Any]]:
    """Execute a statement, whose effect only the guards see; return what stands for the engine."""
    with engine.connect() as connection:

        def executes(statement: str) -> Any:
            connection.execute(text(statement))
            return connection

        yield executes
        connection.rollback()


@pytest.mark.parametrize("difference", DIFFERENCES)
def test_a_database_that_differs_from_the_models_is_found(
    copy: Copy, changed: Callable[[str], Any], difference: str
) -> None:
    connection = changed(difference)
    copy.fixtures["engine"] = SimpleNamespace(connect=lambda: nullcontext(connection))
    with pytest.raises(AssertionError, match=r"Models and migrations differ: .*planted"):
        RULES[AS_MODELS].check(copy.code)


@pytest.mark.parametrize(
    ("difference", "message"),
    [
        ("CREATE TABLE planted (id integer)", "create the table planted, which has no model"),
        ('DROP TABLE "invoices"', "The model of the table invoices has no migration"),
    ],
)
def test_tables_that_are_not_those_of_the_models_are_found(
    copy: Copy, changed: Callable[[str], Any], difference: str, message: str
) -> None:
    copy.fixtures["engine"] = changed(difference)
    with pytest.raises(AssertionError, match=message):
        RULES["the tables are those of the models"].check(copy.code)


def test_a_database_that_is_behind_is_found(settings: Settings) -> None:
    with migrations.empty_database(settings) as engine, engine.connect() as connection:
        [fault] = migrations.differences_to_models(BILLING / "migrations", connection)
    assert "not up to date" in fault


def test_an_index_that_only_some_servers_can_have_is_no_difference(
    changed: Callable[[str], Any],
) -> None:
    connection = changed('CREATE INDEX planted_trgm ON "invoices" ((1))')
    assert migrations.differences_to_models(BILLING / "migrations", connection) == []


def test_every_rule_has_a_planted_fault() -> None:
    planted = {rule for rule, _, _ in FAULTS} | set(DIFFERENCES.values())
    assert planted == set(RULES)


@pytest.mark.parametrize("text", ['x = environ["wsgi.input"]', 'row["text"]', "rows[0]"])
def test_what_is_no_setting_is_not_taken_for_one(copy: Copy, text: str) -> None:
    copy.write("billing/planted.py", text)
    RULES["every setting that is read is declared"].check(copy.code)


def test_a_service_may_have_no_migrations_yet(tmp_path: Path) -> None:
    (tmp_path / "env.py").touch()
    assert migrations.several_heads(tmp_path) == []
