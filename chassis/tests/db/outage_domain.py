"""What the service of the tests about outages serves: a read and a write, in each way."""

from datetime import date

from flask import Blueprint, Flask
from flask.typing import ResponseReturnValue
from sqlalchemy import func, insert, select, text

from billing.bills import Bill, Status
from flask_chassis.auth.access import public
from flask_chassis.db import database
from flask_chassis.http import openapi, responses
from flask_chassis.settings import Settings

WAYS = ("session", "transaction", "autocommit")

blueprint = Blueprint("outages", __name__)

VALUES = {"due_date": date(2026, 12, 1), "status": Status.DRAFT, "revision": 1}


@blueprint.post("/write/<way>/<number>/")
@public
def write(way: str, number: str) -> ResponseReturnValue:
    """Store a bill."""
    with getattr(database, way)() as opened:
        opened.execute(insert(Bill).values(number=number, customer=number, **VALUES))
    return responses.json({"number": number}, 201)


@blueprint.get("/read/<way>/")
@public
def read(way: str) -> ResponseReturnValue:
    """Count the bills."""
    with getattr(database, way)() as opened:
        return responses.json({"bills": opened.scalar(select(func.count()).select_from(Bill))})


@blueprint.get("/raise/<state>/")
@public
def fail(state: str) -> ResponseReturnValue:
    """Have PostgreSQL raise an error with an SQLSTATE."""
    with database.session() as session:
        session.execute(text(f"DO $$ BEGIN RAISE SQLSTATE '{state}'; END $$"))
    return responses.json({})


@blueprint.get("/backend/")
@public
def backend() -> ResponseReturnValue:
    """Return the server's process that the next connection of the pool has."""
    with database.session() as session:
        return responses.json({"pid": session.scalar(text("SELECT pg_backend_pid()"))})


def init_app(app: Flask, settings: Settings) -> None:
    """Serve it."""
    app.register_blueprint(blueprint)
    openapi.init_app(app, settings, "1.0", [])
