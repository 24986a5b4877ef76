"""What a service serves, for the tests of the chassis: one of each sort, twice.

Once as plain Flask views, once through Flask-RESTX: both must behave alike.
"""

import time
from collections.abc import Callable

from flask import Blueprint, Flask, Response, abort, request
from flask_restx import Model, Namespace, Resource, fields
from sqlalchemy import text

from {{ cookiecutter.package_name }}.chassis import api, bodies, database, responses
from {{ cookiecutter.package_name }}.chassis.access import public
from {{ cookiecutter.package_name }}.chassis.authentication import (
    caller,
    scope_required,
    token_required,
)
from {{ cookiecutter.package_name }}.chassis.settings import Settings

PLACES = ("/probes", "/api/probes")
SECRET = "postgresql://user:s3cret@host"  # pragma: allowlist secret
API_VERSION = "7.8"

BODY = Model(
    "ProbeBody",
    {
        "text": fields.String(required=True, min_length=2, max_length=5, pattern="^[a-z]+$"),
        "number": fields.Integer(min=1, max=9),
        "choice": fields.String(enum=["one", "two"]),
        "list": fields.List(fields.String(), min_items=1),
    },
)


def free() -> Response:
    """Answer anyone."""
    return responses.json({"free": True})


@token_required
def mine() -> Response:
    """Answer who asks."""
    claims = caller()
    return responses.json(
        {"subject": claims.subject, "username": claims.username, "scopes": sorted(claims.scopes)}
    )


@scope_required("admin")
def administer() -> Response:
    """Answer an administrator."""
    return free()


@token_required
def read() -> Response:
    """Answer with the body that was read."""
    return responses.json(bodies.read(BODY))


def echo() -> Response:
    """Answer with the body as it came, all of it."""
    request.get_data()
    request.stream.read(1)
    return responses.json(request.get_json())


def refuse() -> Response:
    """Answer with the status that is asked for."""
    abort(int(request.args["status"]))


def fail() -> Response:
    """Fail in a way that nobody foresaw, with a secret at hand."""
    raise RuntimeError(SECRET)


def wait() -> Response:
    """Keep a worker busy for a moment."""
    time.sleep(0.05)
    return free()


def query() -> Response:
    """Ask the database anything."""
    database.ping()
    return free()


def linger() -> Response:
    """Ask the database something that takes longer than it may."""
    with database.transaction() as connection:
        connection.execute(text("SET LOCAL statement_timeout = 50"))
        connection.execute(text("SELECT pg_sleep(10)"))
    return free()


def lose() -> Response:
    """Lose the connection to the database in the middle of a transaction."""
    with database.transaction() as connection:
        connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
    return free()


PROBES: dict[str, Callable[[], Response]] = {
    probe.__name__: probe
    for probe in (free, mine, administer, read, refuse, fail, wait, query, linger, lose, echo)
}

FAILURES = {"fail": "500", "linger": "503", "mine": "401", "refuse": "418"}
"""Probes that fail, and the status of their answer where 418 is asked for."""

blueprint = Blueprint("probes", __name__)
namespace = Namespace("probes", path="/api")
namespace.add_model(BODY.name, BODY)


@blueprint.route("/probes/<name>/", methods=["GET", "POST"])
@public
def call(name: str) -> Response:
    """Call a probe."""
    return PROBES[name]()


@namespace.route("/probes/<name>/")
class Called(Resource):
    """Calls a probe."""

    @public
    def get(self, name: str) -> Response:
        """Call it."""
        return PROBES[name]()

    @public
    def post(self, name: str) -> Response:
        """Call it with a body."""
        return PROBES[name]()


def init_app(app: Flask, settings: Settings) -> None:
    """Serve the probes, as `domain.init_app` serves what the service is about."""
    app.register_blueprint(blueprint)
    api.init_app(app, settings, API_VERSION, [namespace])
