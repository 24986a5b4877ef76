"""An application with idempotent operations that cannot store their keys does not start."""

import subprocess
import sys
from pathlib import Path

import pytest
from flask import Flask, Response, g

from flask_chassis.auth.access import public
from flask_chassis.auth.authentication import scope_required, token_required
from flask_chassis.auth.tokens import Claims
from flask_chassis.db import database
from flask_chassis.exceptions import ConfigurationError
from flask_chassis.http import errors, middleware
from flask_chassis.http.operations import operation
from flask_chassis.observability import health
from flask_chassis.settings import Settings
from flask_chassis.testing import changed

SERVICE = """
import sys
from pathlib import Path
from flask import Flask
from flask_chassis import project, settings
from flask_chassis.auth.authentication import token_required
from flask_chassis.db import database
from flask_chassis.http import errors, middleware
from flask_chassis.http.operations import operation
from flask_chassis.observability import health
{imports}
project.use("shop", Path(__file__).parent)
app = Flask("shop", static_folder=None)

@app.post("/orders/")
@token_required
@operation(idempotent=True)
def order():
    return ""

values = settings.load()
for part in (errors, health):
    part.init_app(app, values)
database.init_app(app, values)
middleware.init_app(app, values)
print("started")
"""

SETTINGS = """
default:
  service:
    title: Shop
  database:
    name: shop
    user: shop
    host: 127.0.0.1
    password: shop
development.local: {}
"""


def view() -> Response:
    """Do something."""
    return Response()


def made(settings: Settings, method: str, decorator: object, *, with_database: bool) -> Flask:
    """Create an application with one idempotent operation."""
    app = Flask("shop", static_folder=None)
    errors.init_app(app, settings)
    health.init_app(app, settings)
    if with_database:
        database.init_app(app, settings)
    decorated = decorator(operation(idempotent=True)(view))
    app.add_url_rule("/orders/", "orders", decorated, methods=[method])
    return app


@pytest.mark.parametrize(
    ("method", "decorator", "with_database", "message"),
    [
        ("POST", token_required, False, r"call `database\.init_app\(app, settings\)`"),
        ("GET", token_required, True, r"^GET /orders/ is idempotent, which is for POST and PATCH"),
        ("DELETE", token_required, True, r"take `idempotent` out of @operation"),
        ("POST", public, True, r"decorate the view with @token_required or @scope_required"),
    ],
)
def test_what_cannot_work_is_refused_at_the_start(
    settings: Settings, method: str, decorator: object, with_database: bool, message: str
) -> None:
    app = made(settings, method, decorator, with_database=with_database)
    with pytest.raises(ConfigurationError, match=message):
        middleware.init_app(app, settings)


@pytest.mark.parametrize("decorator", [token_required, scope_required("orders")])
@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_callers_with_a_token_can_have_keys(
    settings: Settings, method: str, decorator: object
) -> None:
    middleware.init_app(made(settings, method, decorator, with_database=True), settings)


def test_keys_are_kept_for_an_hour_at_least(settings: Settings) -> None:
    none = changed(settings, **{"database.keep_idempotency_keys_hours": 0})
    with pytest.raises(ConfigurationError, match=r"keep_idempotency_keys_hours is 0: set it to 1"):
        middleware.init_app(made(none, "POST", token_required, with_database=True), none)


def test_a_word_that_is_not_known_is_refused_at_import() -> None:
    with pytest.raises(ValueError, match="idempotent is 'require': set it to True, False or"):
        operation(idempotent="require")  # type: ignore[arg-type]


def test_an_operation_that_is_added_later_says_what_to_do() -> None:
    app = Flask("shop", static_folder=None)
    with app.test_request_context(method="POST", headers={"Idempotency-Key": "k"}):
        g.caller = Claims("ada", "ada", frozenset(), 0)
        with pytest.raises(ConfigurationError, match=r"call `middleware\.init_app"):
            operation(idempotent=True)(view)()


@pytest.mark.parametrize(
    ("imports", "error"),
    [
        ("", "The service has no table for the idempotency keys of POST /orders/"),
        ("from flask_chassis.idempotency import tables", ""),
    ],
)
def test_a_service_needs_the_table_among_its_models(
    tmp_path: Path, imports: str, error: str
) -> None:
    (tmp_path / "shop.py").write_text(SERVICE.format(imports=imports))
    (tmp_path / "settings.yaml").write_text(SETTINGS)
    ended = subprocess.run(
        [sys.executable, "shop.py"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    if not error:
        assert ended.stdout == "started\n", ended.stderr
        return
    assert error in ended.stderr
    assert "from flask_chassis.idempotency import tables" in ended.stderr
    assert "db.revision" in ended.stderr
