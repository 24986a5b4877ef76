"""What a service serves, for the tests of the chassis: one of each sort."""

import time
from collections.abc import Callable

from flask import Blueprint, Flask, Response, abort, request

from {{ cookiecutter.package_name }}.chassis import responses
from {{ cookiecutter.package_name }}.chassis.access import public
from {{ cookiecutter.package_name }}.chassis.settings import Settings

PLACES = ("/probes",)
SECRET = "postgresql://user:s3cret@host"  # pragma: allowlist secret


def free() -> Response:
    """Answer anyone."""
    return responses.json({"free": True})


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


PROBES: dict[str, Callable[[], Response]] = {
    probe.__name__: probe for probe in (free, echo, refuse, fail, wait)
}

FAILURES = {"fail": "500", "refuse": "418"}
"""Probes that fail, and the status of their answer where 418 is asked for."""

blueprint = Blueprint("probes", __name__)


@blueprint.route("/probes/<name>/", methods=["GET", "POST"])
@public
def call(name: str) -> Response:
    """Call a probe."""
    return PROBES[name]()


def init_app(app: Flask, settings: Settings) -> None:
    """Serve the probes, as `domain.init_app` serves what the service is about."""
    app.extensions["csrf"].exempt(blueprint)
    app.register_blueprint(blueprint)
