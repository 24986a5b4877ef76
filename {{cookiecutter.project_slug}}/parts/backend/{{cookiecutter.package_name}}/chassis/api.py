"""The REST API on Flask-RESTX: the Swagger UI at `/`, the OpenAPI document at `/swagger.json`.

Flask-RESTX documents; it does not handle errors, check bodies or make responses, each of which it
does differently from the rest of the application.
"""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import flask_restx
from flask import Flask
from flask_restx import Model, Namespace, fields
from werkzeug.wrappers import Response

from .access import public
from .settings import Settings

BEARER = "bearer"

OWN_ENDPOINTS = ("doc", "root", "specs", "restx_doc.static")
"""What Flask-RESTX serves of its own: the Swagger UI with its files, and the document."""

ERROR = Model("Error", {"message": fields.String(required=True, description="What is wrong")})
INVALID = ERROR.inherit(
    "Invalid",
    {
        "errors": fields.Raw(description="A sentence for each field that is wrong, by field"),
    },
)


class Api(flask_restx.Api):
    """Flask-RESTX's Api, leaving errors to the application's handlers.

    It would otherwise answer errors of its own routes itself, and other ones when testing.
    """

    def error_router(
        self, original_handler: Callable[[Exception], Response], e: Exception
    ) -> Response:
        """Hand the error to Flask, wherever it comes from."""
        return original_handler(e)


def init_app(app: Flask, settings: Settings, version: str, namespaces: Iterable[Namespace]) -> None:
    """Serve the namespaces and their document. `version` is the API's own, not the build's."""
    # Masks let a caller pick fields with a header; nothing here goes through them.
    app.config["RESTX_MASK_SWAGGER"] = False
    app.config["SWAGGER_UI_DOC_EXPANSION"] = "list"
    api = Api(
        app,
        version=version,
        title=settings["service.title"],
        description=settings["service.description"],
        contact=settings["service.contact"],
        contact_email=settings["service.contact"],
        # Without it, the document would have a `null` there, which is not valid.
        contact_url=f"mailto:{settings['service.contact']}",
        doc="/",
        authorizations={
            BEARER: {
                "type": "apiKey",
                "in": "header",
                "name": "Authorization",
                "description": "`Bearer ` and the token",
            }
        },
    )
    for namespace in namespaces:
        api.add_namespace(namespace)
    for endpoint in OWN_ENDPOINTS:
        # A bound method cannot carry the mark; what wraps it can.
        app.view_functions[endpoint] = public(partial(app.view_functions[endpoint]))


def errors(namespace: Namespace, *statuses: int) -> Callable[[Any], Any]:
    """Document the errors that an operation answers, besides those that all may answer."""

    def decorator(operation: Any) -> Any:
        for status in (*statuses, *ANYWHERE):
            model = INVALID if status == 400 else ERROR
            operation = namespace.response(status, MEANINGS[status], model)(operation)
        return operation

    return decorator


ANYWHERE = (400, 414, 500, 503)
"""What every operation may answer: 400 and 414 are for the address, too."""

MEANINGS = {
    400: "The request is not valid",
    401: "A valid token is required",
    403: "The token lacks the scope",
    404: "There is no such thing",
    409: "It exists already",
    413: "The body is too large",
    414: "The address is too long",
    415: "The body is neither JSON nor a form",
    429: "Too many failures; `Retry-After` says in how many seconds to come back",
    500: "Something unexpected went wrong",
    503: "Something that the service needs cannot be reached; try again in a moment",
}
