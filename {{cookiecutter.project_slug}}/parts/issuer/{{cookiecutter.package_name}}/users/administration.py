"""The API for administrators, which the public ingress does not expose."""

import logging

from flask import Response, current_app
from flask_chassis.auth.authentication import caller, scope_required
from flask_chassis.db import database
from flask_chassis.http.errors import Invalid
from flask_chassis.http.operations import operation
from flask_chassis.http.responses import created
from flask_chassis.issuer.passwords import Passwords
from flask_restx import Namespace, Resource
from werkzeug.exceptions import Conflict

from . import registration
from .schemas import NewUser, UserDetails

namespace = Namespace("administration", description="For administrators", path="/admin")

log = logging.getLogger(__name__)


@namespace.route("/users/")
class UserList(Resource):
    """All users."""

    @scope_required("admin")
    @operation(
        body=NewUser,
        response=UserDetails,
        status=201,
        errors={409: "There is a user of this name already, or of one that looks like it"},
    )
    def post(self, body: NewUser) -> Response:
        """Create a user."""
        if faults := registration.faults_in(body.username, body.password):
            raise Invalid(faults)
        passwords: Passwords = current_app.extensions["passwords"]
        values = registration.values_for(passwords, **body.columns())
        with database.autocommit() as connection:
            user = registration.create(connection, values)
        if user is None:
            raise Conflict("There is a user of this name already, or of one that looks like it.")
        log.info("user %s was created by %s", user["id"], caller().subject)
        return created(UserDetails.of(user))
