"""The administrators' API, which the public ingress does not route to."""

import logging

from flask import Response, current_app
from flask_restx import Namespace, Resource
from werkzeug.exceptions import Conflict

from ..chassis import api, bodies, database, responses
from ..chassis.authentication import caller, scope_required
from ..chassis.errors import Invalid
from ..chassis.passwords import Passwords
from . import registration, schemas

namespace = Namespace("administration", description="For administrators", path="/admin")
for model in (schemas.NEW_USER, schemas.USER, api.ERROR, api.INVALID):
    namespace.add_model(model.name, model)

log = logging.getLogger(__name__)


@namespace.route("/users/")
class Users(Resource):
    """All users."""

    @scope_required("admin")
    @namespace.doc("create_user", security=api.BEARER)
    @namespace.expect(schemas.NEW_USER)
    @namespace.response(201, "Created", schemas.USER)
    @api.errors(namespace, 400, 401, 403, 409, 413, 415)
    def post(self) -> Response:
        """Create a user."""
        wanted = bodies.read(schemas.NEW_USER)
        if faults := registration.faults_in(wanted["username"], wanted["password"]):
            raise Invalid(faults)
        passwords: Passwords = current_app.extensions["passwords"]
        values = registration.values_for(passwords, **wanted)
        with database.connection() as connection:
            user = registration.create(connection, values)
        if user is None:
            raise Conflict("There is a user of this name already.")
        log.info("user %s was created by %s", user["id"], caller().subject)
        return responses.json(user, 201)
