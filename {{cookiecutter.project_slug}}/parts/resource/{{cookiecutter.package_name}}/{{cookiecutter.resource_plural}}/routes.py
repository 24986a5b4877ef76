"""The public API: anyone reads and searches, a user with a token writes."""

from flask import Response, url_for
from flask_chassis.auth.access import public
from flask_chassis.auth.authentication import caller, token_required
from flask_chassis.db import database
from flask_chassis.http.listing import PageRequest
from flask_chassis.http.operations import operation
from flask_chassis.http.responses import created, no_content, ok
from flask_restx import Namespace, Resource
from sqlalchemy.orm import Session
from werkzeug.exceptions import Forbidden, NotFound

from . import queries, schemas
from .model import {{ cookiecutter.__resource_class }}

ID = f"<int(max={2**63 - 1}):id>"
"""The id in a path: at most what its column can hold."""

ONE = "{{ cookiecutter.resource_name }}_resource"
"""The endpoint of one {{ cookiecutter.resource_name|replace('_', ' ') }}."""

namespace = Namespace(
    "{{ cookiecutter.resource_plural }}",
    description="Read, search and write {{ cookiecutter.resource_plural|replace('_', ' ') }}",
    path="/api",
)


@namespace.route("/me/{{ cookiecutter.resource_plural }}/")
class Own{{ cookiecutter.__resource_class }}List(Resource):
    """The caller's own {{ cookiecutter.resource_plural|replace('_', ' ') }}."""

    @token_required
    @operation(
        query=queries.OWN_{{ cookiecutter.resource_plural|upper }},
        response=list[schemas.{{ cookiecutter.__resource_class }}Details],
    )
    def get(self, page: PageRequest) -> Response:
        """List the caller's own {{ cookiecutter.resource_plural|replace('_', ' ') }}, newest first."""
        with database.autocommit() as connection:
            return queries.OWN_{{ cookiecutter.resource_plural|upper }}.respond(
                connection,
                page,
                schemas.{{ cookiecutter.__resource_class }}Details,
                filter_by={"username": caller().username},
            )

    @token_required
    @operation(
        body=schemas.New{{ cookiecutter.__resource_class }},
        response=schemas.{{ cookiecutter.__resource_class }}Details,
        status=201,
        idempotent=True,
    )
    def post(self, body: schemas.New{{ cookiecutter.__resource_class }}) -> Response:
        """Create {{ cookiecutter.__resource_article }} {{ cookiecutter.resource_name|replace('_', ' ') }}."""
        values = {"username": caller().username, **body.columns()}
        # A single statement needs no transaction around it.
        with database.autocommit() as connection:
            new = connection.execute(queries.INSERT, values).mappings().one()
            return created(
                schemas.{{ cookiecutter.__resource_class }}Details.of(new),
                url_for(ONE, id=new["id"]),
            )


@namespace.route("/{{ cookiecutter.resource_plural }}/")
class {{ cookiecutter.__resource_class }}List(Resource):
    """All {{ cookiecutter.resource_plural|replace('_', ' ') }}."""

    @public
    @operation(
        query=queries.{{ cookiecutter.resource_plural|upper }},
        response=list[schemas.{{ cookiecutter.__resource_class }}Details],
    )
    def get(self, page: PageRequest) -> Response:
        """List all {{ cookiecutter.resource_plural|replace('_', ' ') }}, newest first."""
        with database.autocommit() as connection:
            return queries.{{ cookiecutter.resource_plural|upper }}.respond(
                connection,
                page,
                schemas.{{ cookiecutter.__resource_class }}Details,
            )


@namespace.route(f"/{{ cookiecutter.resource_plural }}/{ID}/", endpoint=ONE)
class {{ cookiecutter.__resource_class }}Resource(Resource):
    """One {{ cookiecutter.resource_name|replace('_', ' ') }}."""

    @public
    @operation(response=schemas.{{ cookiecutter.__resource_class }}Details)
    def get(self, id: int) -> Response:
        """Show {{ cookiecutter.__resource_article }} {{ cookiecutter.resource_name|replace('_', ' ') }}."""
        with database.session() as session:
            found = session.get({{ cookiecutter.__resource_class }}, id)
            if found is None:
                raise NotFound(f"{{ cookiecutter.resource_name|replace('_', ' ')|capitalize }} {id} not found.")
            return ok(schemas.{{ cookiecutter.__resource_class }}Details.of(found))

    @token_required
    @operation(
        body=schemas.{{ cookiecutter.__resource_class }}Changes,
        response=schemas.{{ cookiecutter.__resource_class }}Details,
        errors={
            403: "The {{ cookiecutter.resource_name|replace('_', ' ') }} is somebody else's",
        },
    )
    def patch(self, id: int, body: schemas.{{ cookiecutter.__resource_class }}Changes) -> Response:
        """Change {{ cookiecutter.__resource_article }} {{ cookiecutter.resource_name|replace('_', ' ') }} of the caller."""
        with database.session() as session:
            own = _own(session, id)
            body.apply_to(own)
            session.flush()
            return ok(schemas.{{ cookiecutter.__resource_class }}Details.of(own))

    @token_required
    @operation(
        description="Deleted",
        errors={
            403: "The {{ cookiecutter.resource_name|replace('_', ' ') }} is somebody else's",
        },
    )
    def delete(self, id: int) -> Response:
        """Delete {{ cookiecutter.__resource_article }} {{ cookiecutter.resource_name|replace('_', ' ') }} of the caller."""
        with database.session() as session:
            session.delete(_own(session, id))
        return no_content()


def _own(session: Session, id: int) -> {{ cookiecutter.__resource_class }}:
    """Return one of the caller's, locked for a change; raises NotFound or Forbidden."""
    found = session.get({{ cookiecutter.__resource_class }}, id, with_for_update=True)
    if found is None:
        raise NotFound(f"{{ cookiecutter.resource_name|replace('_', ' ')|capitalize }} {id} not found.")
    if found.username != caller().username:
        raise Forbidden(f"{{ cookiecutter.resource_name|replace('_', ' ')|capitalize }} {id} is somebody else's.")
    return found
