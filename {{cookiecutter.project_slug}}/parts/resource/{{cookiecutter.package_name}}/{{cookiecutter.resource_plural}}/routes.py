"""The public API: anyone reads and searches, a user with a token writes."""

from collections.abc import Iterable
from typing import Any

from flask import Response, request
from flask_restx import Namespace, Resource
from sqlalchemy import Executable
from werkzeug.exceptions import NotFound

from ..chassis import api, bodies, database, pagination, responses
from ..chassis.access import public
from ..chassis.authentication import caller, token_required
from ..chassis.errors import Invalid
from . import queries, schemas

namespace = Namespace(
    "{{ cookiecutter.resource_plural }}",
    description="Read, search and write {{ cookiecutter.resource_plural }}",
    path="/api",
)
for model in (schemas.NEW, schemas.STORED, api.ERROR, api.INVALID):
    namespace.add_model(model.name, model)

LONGEST_SEARCH = 200
ID = f"<int(max={pagination.LARGEST_ID}):id>"
SEARCH = {
    "description": "Return those with this text in them, in upper or lower case",
    "maxLength": LONGEST_SEARCH,
    "pattern": bodies.TEXT,
}


@namespace.route("/me/{{ cookiecutter.resource_plural }}/")
class Own(Resource):
    """The caller's own."""

    @token_required
    @namespace.doc("list_own", security=api.BEARER, params=pagination.PARAMETERS)
    @namespace.response(200, "Newest first", [schemas.STORED], headers=pagination.HEADERS)
    @api.errors(namespace, 400, 401)
    def get(self) -> Response:
        """List the caller's own, newest first."""
        username = {"username": caller().username}
        return _listed([queries.OWN], queries.COUNT_OWN, username)

    @token_required
    @namespace.doc("write", security=api.BEARER)
    @namespace.expect(schemas.NEW)
    @namespace.response(201, "Written", schemas.STORED)
    @api.errors(namespace, 400, 401, 413, 415)
    def post(self) -> Response:
        """Write one."""
        values = {"username": caller().username, "text": bodies.read(schemas.NEW)["text"]}
        with database.connection() as connection:
            [written] = database.as_objects(connection.execute(queries.NEW, values).all())
        return responses.json(written, 201)


@namespace.route("/{{ cookiecutter.resource_plural }}/")
class All(Resource):
    """Everybody's."""

    @public
    @namespace.doc("list", params={"search": SEARCH} | pagination.PARAMETERS)
    @namespace.response(200, "Newest first", [schemas.STORED], headers=pagination.HEADERS)
    @api.errors(namespace, 400)
    def get(self) -> Response:
        """List everybody's, newest first, or those that a search finds."""
        search = request.args.get("search", "")
        if len(search) > LONGEST_SEARCH or not bodies.is_text(search):
            raise Invalid({"search": f"Must be a text of at most {LONGEST_SEARCH} characters."})
        if not search:
            return _listed([queries.ALL], queries.COUNT_ALL, {})
        pattern = {"pattern": queries.pattern_for(search)}
        matching = [queries.MATCHING_NEWEST, queries.MATCHING]
        return _listed(matching, queries.COUNT_MATCHING, pattern)


@namespace.route(f"/{{ cookiecutter.resource_plural }}/{ID}/")
@namespace.param("id", "Which one", type="integer")
class One(Resource):
    """A single one."""

    @public
    @namespace.doc("get")
    @namespace.response(200, "Found", schemas.STORED)
    @api.errors(namespace, 404)
    def get(self, id: int) -> Response:
        """Show one."""
        with database.connection() as connection:
            found = database.as_objects(connection.execute(queries.ONE, {"id": id}).all())
        if not found:
            raise NotFound(f"There is none with the id {id}.")
        return responses.json(found[0])


def _listed(
    statements: Iterable[Executable], counting: Executable, values: dict[str, Any]
) -> Response:
    """Return a page: of the first statement that fills it, else of the last."""
    page = pagination.requested()
    values |= {"before": page.before, "fetch": page.fetch}
    values["count_up_to"] = pagination.count_up_to()
    with database.connection() as connection:
        for statement in statements:
            rows = connection.execute(statement, values).all()
            if len(rows) == page.fetch:
                break
        return pagination.respond(page, rows, lambda: connection.scalar(counting, values) or 0)
