"""What a service serves, for the tests of the chassis: one of each sort, twice.

Once as plain Flask views, once through Flask-RESTX: both must behave alike.
"""

import time
from collections.abc import Callable
from typing import Annotated, Literal

from flask import Blueprint, Flask, Response, abort, request
from flask_restx import Namespace, Resource
from pydantic import Field
from sqlalchemy import text

from flask_chassis.auth.access import public
from flask_chassis.auth.authentication import caller, scope_required, token_required
from flask_chassis.db import database
from flask_chassis.http import openapi, responses, validation
from flask_chassis.http.schemas import Schema
from flask_chassis.settings import Settings

PLACES = ("/probes", "/api/probes")
SECRET = "postgresql://user:s3cret@host"  # pragma: allowlist secret
API_VERSION = "7.8"


Texts = Annotated[list[str], Field(min_length=1)]


class ProbeBody(Schema):
    """What the probe `read` takes."""

    text: str = Field(min_length=2, max_length=5, pattern="^[a-z]+$")
    number: Annotated[int, Field(ge=1, le=9)] | None = None
    choice: Literal["one", "two"] | None = None
    list: Texts | None = None


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
    body = validation.request_body(ProbeBody)
    return responses.ok(body.model_dump(exclude_unset=True))


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
    openapi.init_app(app, settings, API_VERSION, [namespace])
