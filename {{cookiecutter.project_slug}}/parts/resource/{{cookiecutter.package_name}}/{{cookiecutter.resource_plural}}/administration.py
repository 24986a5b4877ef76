"""The administrators' API, which the public ingress does not route to."""

from flask import Response
from flask_restx import Namespace, Resource
from werkzeug.exceptions import NotFound

from ..chassis import api, database, responses
from ..chassis.authentication import scope_required
from . import queries
from .routes import ID

namespace = Namespace("administration", description="For administrators", path="/admin")


@namespace.route(f"/{{ cookiecutter.resource_plural }}/{ID}/")
@namespace.param("id", "Which one", type="integer")
class Administered(Resource):
    """A single one, whoever wrote it."""

    @scope_required("admin")
    @namespace.doc("remove", security=api.BEARER)
    @namespace.response(204, "Removed")
    @api.errors(namespace, 401, 403, 404)
    def delete(self, id: int) -> Response:
        """Remove one."""
        with database.connection() as connection:
            removed = connection.execute(queries.REMOVE, {"id_to_remove": id}).rowcount
        if not removed:
            raise NotFound(f"There is none with the id {id}.")
        return responses.no_content()
