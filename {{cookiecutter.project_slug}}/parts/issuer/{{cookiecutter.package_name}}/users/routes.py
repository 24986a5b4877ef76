"""The public API: log in, log out."""

from flask import Response, request
from flask_restx import Namespace, Resource
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Unauthorized

from ..chassis import api, bodies, client_addresses, issuing, responses, revocation
from ..chassis.access import public
from ..chassis.authentication import caller, token_required
from . import login, schemas

namespace = Namespace("login", description="Log in and out", path="/api")
for model in (schemas.CREDENTIALS, schemas.LOGGED_IN, api.ERROR, api.INVALID):
    namespace.add_model(model.name, model)

NOT_KEPT = {"Cache-Control": "no-store"}


@namespace.route("/login/")
class Login(Resource):
    """The way to a token."""

    @public
    @namespace.doc("log_in")
    @namespace.expect(schemas.CREDENTIALS)
    @namespace.response(200, "Logged in", schemas.LOGGED_IN)
    @api.errors(namespace, 400, 401, 413, 415, 429)
    def post(self) -> Response:
        """Log in."""
        sent = bodies.read(schemas.CREDENTIALS)
        client = client_addresses.client_of(request.remote_addr)
        user = login.log_in(sent["username"], sent["password"], client)
        if user is None:
            raise Unauthorized(
                "The name or the password is wrong.", www_authenticate=WWWAuthenticate("bearer")
            )
        authorization = issuing.authorization_for(str(user.id), user.name, user.scope)
        return responses.json({"Authorized": authorization}, headers=NOT_KEPT)


@namespace.route("/logout/")
class Logout(Resource):
    """The way out."""

    @token_required
    @namespace.doc("log_out", security=api.BEARER)
    @namespace.response(204, "Logged out")
    @api.errors(namespace, 401)
    def post(self) -> Response:
        """Log out: the token of the request is of no use from now on."""
        revocation.revoke(caller())
        return responses.no_content()
