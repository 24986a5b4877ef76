"""The REST API on Flask-RESTX: OpenAPI 3.1 at `/openapi.json`, Swagger UI at `/`.

Flask-RESTX has namespaces and resources. The document is made of the operations that
`flask_chassis.http.operations` declares, on resources and on plain Flask views; Flask-RESTX's own,
in Swagger 2.0, knows nothing of them and is not served.
"""

from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Any

import flask_restx
from flask import Flask, Response, request
from flask_restx import Namespace
from werkzeug.wrappers import Response as AnyResponse

from flask_chassis.auth import access
from flask_chassis.http import openapi_document, responses, swagger_ui
from flask_chassis.settings import Settings

PATH = "/openapi.json"
"""The path of the document."""

OLD_ASSETS = "restx_doc.static"


class Api(flask_restx.Api):
    """Flask-RESTX's Api, leaving errors and documents to the application.

    It would otherwise answer errors of its own routes itself, and other ones when testing.
    """

    def error_router(
        self, original_handler: Callable[[Exception], AnyResponse], e: Exception
    ) -> AnyResponse:
        """Hand the error to Flask, wherever it comes from."""
        return original_handler(e)


class Document:
    """The OpenAPI document of an application, made when it is first asked for."""

    def __init__(
        self, app: Flask, settings: Settings, version: str, namespaces: Iterable[Namespace]
    ) -> None:
        self._app = app
        self._settings = settings
        self._version = version
        self._namespaces = [*namespaces]

    @cached_property
    def content(self) -> dict[str, Any]:
        """The document."""
        settings = self._settings
        information = {
            "title": settings["service.title"],
            "description": settings["service.description"],
            "version": self._version,
            "contact": {"email": settings["service.contact"]},
        }
        tags = {
            route.resource: namespace.name
            for namespace in self._namespaces
            for route in namespace.resources
        }
        return openapi_document.build(self._app, information, tags, _token_help(settings))


def init_app(app: Flask, settings: Settings, version: str, namespaces: Iterable[Namespace]) -> None:
    """Serve the namespaces and their document. `version` is the API's own, not the build's."""
    namespaces = [*namespaces]
    api = Api()
    api.init_app(app, add_specs=False)
    for namespace in namespaces:
        api.add_namespace(namespace)
    app.view_functions["root"] = access.public(swagger_ui.page)
    # Flask-RESTX's own Swagger UI, which no page uses, and the ingress does not route to.
    access.decide(app, OLD_ASSETS, access.internal)
    swagger_ui.init_app(app)
    document = Document(app, settings, version, namespaces)
    app.extensions["openapi"] = document
    app.add_url_rule(PATH, "openapi", access.public(lambda: _served(document)))


def _served(document: Document) -> Response:
    # Paths begin here: below the prefix of a trusted proxy that says which it takes away.
    servers = [{"url": request.script_root or "/"}]
    response = responses.json({**document.content, "servers": servers})
    # Documents are read by pages and tools of other hosts, and have no secret.
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.add_etag()
    responses.make_conditional(response)
    return response


def _token_help(settings: Settings) -> str:
    """Tell how to get a token."""
    issuer = settings.values.get("tokens.issuer")
    if not issuer:
        return "The header `Authorization: Bearer <token>`."
    return (
        "The header `Authorization: Bearer <token>`. To get a token, log in at the service that "
        f"issues them, {issuer}: `POST /api/login/` with `username` and `password`. On a "
        "developer's machine, the task `token.issue` prints one. Enter it here without `Bearer `."
    )
