"""Real services of three versions, and an application that calls them."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any

from flask import Flask, Response
from flask_chassis.auth.access import public
from flask_chassis.clients import upstream
from flask_chassis.http import errors, openapi_document, responses
from flask_chassis.http.operations import operation
from flask_chassis.http.schemas import Schema
from flask_chassis.observability import health
from flask_chassis.settings import Settings
from pydantic import create_model
from werkzeug.serving import make_server

PATH = "/api/bills/"


def service(sent: dict[str, Any], received: dict[str, Any], answer: dict[str, Any]) -> Flask:
    """Return a service whose schemas have these fields, and that answers with these values."""
    app = Flask("bills")
    errors.init_app(app, Settings("tests.local", {"http.max_body_bytes": 100_000}))
    body: Any = create_model("NewBill", __base__=Schema, **sent)
    response: Any = create_model("Bill", __base__=Schema, **received)

    @public
    @operation(response=list[response])
    def get() -> Response:
        """List bills."""
        return responses.ok([response(**answer)])

    @public
    @operation(body=body, response=response, status=201)
    def post(body: Any) -> Response:
        """Write a bill."""
        return responses.created(response(**{**answer, "title": body.title}), PATH)

    app.add_url_rule(PATH, "bills", get, methods=["GET"])
    app.add_url_rule(PATH, "new", post, methods=["POST"])
    return app


def document_of(app: Flask) -> dict[str, Any]:
    """Return the document of a service."""
    return openapi_document.build(app, {"title": "Bills", "version": "1.0"}, {}, "")


@contextmanager
def running(app: Flask) -> Iterator[str]:
    """Serve an application over HTTP, and yield its address."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def caller(url: str) -> Flask:
    """Return an application that calls a service `bills`."""
    app = Flask("caller")
    calls = {
        "connect_timeout_seconds": 5.0,
        "read_timeout_seconds": 5.0,
        "total_timeout_seconds": 5.0,
        "attempts": 2,
        "max_answer_bytes": 100_000,
        "pool_size": 2,
        "at_a_time": 2,
        "breaker_failures": 0,
        "breaker_seconds": 60.0,
    }
    values: dict[str, Any] = {f"calls.{name}": value for name, value in calls.items()}
    values |= {"upstream.bills.url": url, "upstream.bills.minimum_version": "v1.0"}
    settings = Settings("tests.local", values)
    health.init_app(app, settings)
    upstream.init_app(app, settings)
    return app
