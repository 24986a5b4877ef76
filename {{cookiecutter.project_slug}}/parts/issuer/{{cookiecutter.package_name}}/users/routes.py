"""The public API: log in, log out, and the current user."""

from flask import Response, request
from flask_chassis.auth.access import public
from flask_chassis.auth.authentication import caller, token_required
from flask_chassis.http import client_address
from flask_chassis.http.operations import operation
from flask_chassis.http.responses import no_content, ok
from flask_chassis.issuer import issuing, revocation
from flask_restx import Namespace, Resource
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Unauthorized

from . import login
from .schemas import Credentials, LoggedIn, TokenDetails

namespace = Namespace("login", description="Log in and out", path="/api")

NOT_KEPT = {"Cache-Control": "no-store"}


@namespace.route("/login/")
class Login(Resource):
    """Logging in."""

    @public
    @operation(
        body=Credentials,
        response=LoggedIn,
        description="Logged in",
        errors={401: "The name or the password is wrong", 429: ""},
    )
    def post(self, body: Credentials) -> Response:
        """Log in."""
        client = client_address.client_of(request.remote_addr)
        user = login.log_in(body.username, body.password, client)
        if user is None:
            raise Unauthorized(
                "The name or the password is wrong.", www_authenticate=WWWAuthenticate("bearer")
            )
        authorization = issuing.authorization_for(str(user.id), user.name, user.scope)
        return ok(LoggedIn(Authorized=authorization), headers=NOT_KEPT)


@namespace.route("/logout/")
class Logout(Resource):
    """Logging out."""

    @token_required
    @operation(description="Logged out")
    def post(self) -> Response:
        """Log out: the token of the request is of no use from now on."""
        revocation.revoke(caller())
        return no_content()


@namespace.route("/me/")
class Me(Resource):
    """The user of the token."""

    @token_required
    @operation(response=TokenDetails)
    def get(self) -> Response:
        """Return what a token says; 401 once it has been logged out."""
        return ok(TokenDetails.of(caller()), headers=NOT_KEPT)
