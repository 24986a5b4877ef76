"""The pytest plugin, in this run and in runs of its own on other services."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from flask import Flask, has_app_context
from flask.testing import FlaskClient
from sqlalchemy import Engine, text

from flask_chassis.http.url_parameters import path_of
from flask_chassis.settings import Settings, environment_variable, load, variable_for
from flask_chassis.testing import Bearer, changed, free_port
from flask_chassis.testing.openapi import ResponseRecorder, is_documented
from flask_chassis.testing.tokens import sign

SITE = {
    "settings.yaml": "default: {}\ntests.local:\n",
    "pyproject.toml": "",
    "site_of_tests/__init__.py": "",
    "site_of_tests/app.py": """
from flask import Flask, g
from flask_chassis import settings as settings_of_chassis

def create_app(settings=None):
    app = Flask(__name__)
    app.add_url_rule("/", view_func=lambda: settings.environment, endpoint="home")
    return app
""",
    "conftest.py": """
from pathlib import Path
from flask_chassis import project
project.use("site_of_tests", Path(__file__).parent / "site_of_tests")
""",
}
"""A service without a database, tokens and an API."""


def pytest_in(folder: Path, test: str, files: dict[str, str], *without: str) -> str:
    """Run a test in a process of its own, in which some libraries are missing."""
    for name, content in (files | {"test_it.py": test}).items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(content)
    # Only the plugins that a service has: others take seconds to import.
    plugins = ["-p", "pytest_flask.plugin", "-p", "flask_chassis.testing.plugin"]
    words = ["-q", "-p", "no:cacheprovider", "-W", "error", *plugins]
    program = f"""
import sys
for name in {without}:
    sys.modules[name] = None
import pytest
sys.exit(pytest.main({words}))
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": "", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done.stdout + done.stderr


def test_client_reaches_the_service(client: FlaskClient, bearer: Bearer) -> None:
    created = client.post("/api/invoices/", json={"text": "x"}, headers=bearer("ada"))
    assert created.status_code == 201
    assert client.get("/api/invoices/", headers=bearer("ada")).json == [created.json]


def test_tables_are_empty_before_each_test(app: Flask, engine: Engine) -> None:
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM invoices")) == 0


def test_a_stranger_s_token_is_refused(
    client: FlaskClient, settings: Settings, other_key: Path
) -> None:
    headers = Bearer(settings, other_key)("ada")
    assert client.get("/api/invoices/", headers=headers).status_code == 401


def test_tokens_have_the_scopes_that_are_asked_for(
    service: Flask, settings: Settings, key: Path
) -> None:
    claims = service.extensions["tokens"].verify(sign(settings, key, "ada", "read admin", 60))
    assert (claims.username, claims.scopes) == ("ada", {"read", "admin"})


def test_settings_are_in_variables_for_tasks(settings: Settings) -> None:
    assert os.environ[environment_variable()] == settings.environment == "tests.local"
    assert os.environ[variable_for("database.port")] == str(settings["database.port"])
    assert load().values == settings.values


def test_settings_can_be_changed(settings: Settings) -> None:
    found = changed(settings, "production.kubernetes", logs__level="DEBUG")
    assert (found.stage, found["logs.level"]) == ("production", "DEBUG")
    assert settings["logs.level"] == "INFO"


def test_requests_of_a_test_do_not_share_a_context(client: FlaskClient) -> None:
    assert not has_app_context()


def test_a_free_port_can_be_listened_on() -> None:
    assert 20_000 <= free_port() < 32_000


def test_responses_are_compared_with_the_document(service: Flask) -> None:
    recorder = ResponseRecorder(service)
    client = service.test_client()
    client.get("/api/invoices/")
    assert recorder.take_undocumented() == []
    del recorder.document["paths"]["/api/invoices/"]["get"]["responses"]["401"]
    client.get("/api/invoices/")
    assert recorder.take_undocumented() == [("GET", "/api/invoices/", 401)]
    assert recorder.take_undocumented() == []


def test_operations_that_the_document_lacks_count_as_documented() -> None:
    document = {"paths": {"/a/": {"get": {"responses": {"200": {}}}}}}
    assert is_documented(document, ("GET", "/a/", 200))
    assert not is_documented(document, ("GET", "/a/", 418))
    assert is_documented(document, ("POST", "/a/", 418))
    assert is_documented(document, ("GET", "/b/", 418))


@pytest.mark.parametrize(
    ("rule", "path"),
    [
        ("/a/", "/a/"),
        ("/a/<id>", "/a/{id}"),
        ("/a/<int(max=9):id>/b/<path:rest>", "/a/{id}/b/{rest}"),
    ],
)
def test_paths_are_written_as_in_openapi(rule: str, path: str) -> None:
    assert path_of(rule) == path


def test_an_undocumented_response_fails_a_test(tmp_path: Path) -> None:
    files = SITE | {
        "site_of_tests/app.py": """
from flask import Flask

def create_app(settings=None):
    app = Flask(__name__)
    document = {"paths": {"/": {"get": {"responses": {"200": {}}}}}}
    app.add_url_rule("/openapi.json", view_func=lambda: document, endpoint="specs")
    app.add_url_rule("/", view_func=lambda: ("", 418), endpoint="home")
    return app
"""
    }
    test = "def test_it(client):\n    assert client.get('/').status_code == 418\n"
    out = pytest_in(tmp_path, test, files)
    assert "The OpenAPI document does not describe these responses." in out
    assert "GET /: 418" in out
    assert "1 passed, 1 error" in out


def test_a_service_without_a_database_needs_neither_sqlalchemy_nor_jwt(tmp_path: Path) -> None:
    test = """
import pytest

def test_page(client):
    assert client.get("/").text == "tests.local"

def test_engine(request):
    with pytest.raises(pytest.fail.Exception, match="settings.yaml declares none"):
        request.getfixturevalue("engine")
"""
    missing = ("alembic", "flask_restx", "jwt", "psycopg2", "sqlalchemy")
    out = pytest_in(tmp_path, test, SITE, *missing)
    assert "2 passed" in out, out


def test_a_postgresql_that_does_not_start_is_an_error_without_a_traceback(tmp_path: Path) -> None:
    files = SITE | {
        "settings.yaml": "default:\n  database:\n    host: 127.0.0.1\ntests.local:\n",
        "conftest.py": SITE["conftest.py"] + "import os\nos.geteuid = lambda: 54321\n",
    }
    out = pytest_in(tmp_path, "def test_it(settings):\n    pass\n", files)
    assert "1 error" in out, out
    assert "does not run as the user 54321, who has no entry in /etc/passwd" in out
    assert "embedded_postgres.py" not in out


def test_an_environment_that_is_not_for_tests_is_ignored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SITE_OF_TESTS_ENVIRONMENT", "production.kubernetes")
    test = "def test_it(settings):\n    assert settings.environment == 'tests.local'\n"
    assert "1 passed" in pytest_in(tmp_path, test, SITE)


def test_an_application_that_is_no_service_is_left_alone(tmp_path: Path) -> None:
    """pytest-flask's context around each test is there, as its documentation says."""
    test = """
import pytest
from flask import Flask, g, url_for

@pytest.fixture
def app():
    app = Flask("other")
    app.add_url_rule("/here/", "here", lambda: "")
    return app

def test_context(client):
    assert url_for("here") == "/here/"
    g.something = 1
"""
    out = pytest_in(tmp_path, test, {})
    assert "1 passed" in out, out


def test_tests_without_flask_are_left_alone(tmp_path: Path) -> None:
    test = "import sys\n\ndef test_it():\n    assert 'flask_chassis.settings' not in sys.modules\n"
    assert "1 passed" in pytest_in(tmp_path, test, {})
