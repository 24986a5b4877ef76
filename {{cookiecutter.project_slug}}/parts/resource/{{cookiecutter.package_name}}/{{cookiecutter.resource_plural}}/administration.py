"""The API for administrators, which the public ingress does not expose."""

from flask import Response
from flask_chassis.auth.authentication import scope_required
from flask_chassis.db import database
from flask_chassis.http.operations import operation
from flask_chassis.http.responses import no_content
from flask_restx import Namespace, Resource
from werkzeug.exceptions import NotFound

from .model import {{ cookiecutter.__resource_class }}
from .routes import ID

namespace = Namespace(
    "{{ cookiecutter.resource_plural }}_administration",
    description="For administrators",
    path="/admin",
)


@namespace.route(f"/{{ cookiecutter.resource_plural }}/{ID}/")
class Any{{ cookiecutter.__resource_class }}(Resource):
    """One {{ cookiecutter.resource_name|replace('_', ' ') }} of any user."""

    @scope_required("admin")
    @operation(description="Deleted")
    def delete(self, id: int) -> Response:
        """Delete {{ cookiecutter.__resource_article }} {{ cookiecutter.resource_name|replace('_', ' ') }} of any user."""
        with database.session() as session:
            found = session.get({{ cookiecutter.__resource_class }}, id)
            if found is None:
                raise NotFound(f"{{ cookiecutter.resource_name|replace('_', ' ')|capitalize }} {id} not found.")
            session.delete(found)
        return no_content()
