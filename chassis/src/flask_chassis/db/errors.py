"""Exception handlers: errors of the database become HTTP responses.

| error                                            | status                                      |
|--------------------------------------------------|---------------------------------------------|
| unique or exclusion constraint                   | 409 with the fields                         |
| foreign key: the referenced row is missing       | 400 with the fields, or 404 if the address  |
|                                                  | names the row, and no field of the body     |
| foreign key: other rows still refer to this one  | 409 with the fields                         |
| NOT NULL, CHECK                                  | 400 with the fields                         |
| a value is out of range or of the wrong form     | 400                                         |
| optimistic locking (`version_id_col`)            | 412 if the request has If-Match, else 409   |
| deadlock, serialization failure                  | 503 with Retry-After                        |
| lost, slow, full, restarting or read-only        | 503 with Retry-After                        |
| database, no connection                          |                                             |
| anything else, such as wrong SQL                 | 500                                         |

Fields are the attributes of the models, which the names of the constraints lead to. Neither
responses nor these log records contain values.
"""

import logging
from collections.abc import Iterator, Mapping

from flask import Flask, current_app, request
from flask.typing import ResponseReturnValue
from sqlalchemy import ForeignKeyConstraint
from sqlalchemy.exc import (
    DataError,
    DBAPIError,
    IntegrityError,
    InterfaceError,
    InternalError,
    OperationalError,
)
from sqlalchemy.exc import TimeoutError as NoFreeConnection
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import (
    Conflict,
    HTTPException,
    InternalServerError,
    NotFound,
    PreconditionFailed,
    ServiceUnavailable,
)

from flask_chassis.db import constraints
from flask_chassis.db import sqlstate as codes
from flask_chassis.db.sqlstate import sqlstate
from flask_chassis.http.errors import Invalid

RETRY_AFTER_SECONDS = 2

UNREACHABLE = "The service cannot reach its database."

log = logging.getLogger(__name__)


class ConflictingFields(Conflict):
    """A request that contradicts what is stored: 409, with a sentence for each field."""

    def __init__(self, message: str, errors: dict[str, str]) -> None:
        """`errors` is empty if the fields are not known."""
        super().__init__(message)
        self.errors = errors


def init_app(app: Flask) -> None:
    """Register the handlers, for Flask's own routes and for Flask-RESTX's alike."""
    app.register_error_handler(NoFreeConnection, no_free_connection)
    for kind in (OperationalError, InterfaceError, InternalError):
        app.register_error_handler(kind, failed)
    app.register_error_handler(IntegrityError, violation)
    app.register_error_handler(DataError, invalid_value)
    app.register_error_handler(StaleDataError, changed_meanwhile)


def failed(error: OperationalError | InterfaceError | InternalError) -> ResponseReturnValue:
    """Respond 503 if the request may succeed later, by the error code, else 500.

    psycopg2's exceptions do not tell: it raises OperationalError for a statement that is too
    complex, and InternalError on a standby. An error without a code is libpq's, of the connection.
    """
    state = sqlstate(error)
    if state in codes.INVALID_VALUES:
        return _invalid(state)
    if state in codes.CONCURRENCY:
        log.warning("transaction cancelled because of a concurrent one: SQLSTATE %s", state)
        return _respond(_retry_later("The request collided with another one."))
    log.error("database error", exc_info=error)
    if state in {codes.QUERY_CANCELED, codes.LOCK_NOT_AVAILABLE}:
        return _respond(_retry_later("The database took too long."))
    if state == codes.READ_ONLY:
        return _respond(_retry_later("The service's database is read-only at the moment."))
    if codes.is_unavailable(state) or not (state or isinstance(error, InternalError)):
        return _respond(_retry_later(UNREACHABLE))
    return _respond(_defect(error))


def no_free_connection(error: NoFreeConnection) -> ResponseReturnValue:
    """Respond 503: all connections of the pool are in use."""
    log.error("database error", exc_info=error)
    return _respond(_retry_later(UNREACHABLE))


def invalid_value(error: DataError) -> ResponseReturnValue:
    """Respond 400 for a value that PostgreSQL does not accept, 500 for wrong SQL."""
    state = sqlstate(error)
    if state and state not in codes.INVALID_VALUES:
        log.error("database error", exc_info=error)
        return _respond(_defect(error))
    return _invalid(state)


def _invalid(state: str) -> ResponseReturnValue:
    log.info("database refused a value: SQLSTATE %s", state or "none")
    refused = Invalid({})
    refused.description = "A value is too large, too long, or not of the right form."
    return _respond(refused)


def changed_meanwhile(error: StaleDataError) -> ResponseReturnValue:
    """Respond 412 if the caller named a version with If-Match, else 409."""
    message = "Changed by somebody else in the meantime. Read it again, then repeat the change."
    return _respond(
        PreconditionFailed(message) if "If-Match" in request.headers else Conflict(message)
    )


def violation(error: IntegrityError) -> ResponseReturnValue:
    """Respond 400 or 409, with the fields of the constraint."""
    state, name = sqlstate(error), _diagnosed(error, "constraint_name")
    log.info("constraint %s violated: SQLSTATE %s", name or "without a name", state)
    if state == codes.NOT_NULL:
        return _respond(Invalid(_required(error)))
    table = constraints.table(_diagnosed(error, "schema_name"), _diagnosed(error, "table_name"))
    constraint = constraints.find(table, name) if table is not None else None
    fields = constraints.fields(constraint) if constraint is not None else []
    own_message = constraint.info.get("message") if constraint is not None else None
    if state == codes.CHECK:
        return _respond(Invalid(dict.fromkeys(fields, own_message or "Is not allowed.")))
    if state in {codes.FOREIGN_KEY, codes.RESTRICT}:
        if state == codes.FOREIGN_KEY and _writes(error, _diagnosed(error, "table_name")):
            if not own_message and _is_addressed(error, constraint) and not _are_sent(fields):
                return _respond(NotFound("What this belongs to was deleted in the meantime."))
            return _respond(Invalid(dict.fromkeys(fields, own_message or "Does not exist.")))
        referred = (
            constraints.referred_fields(constraint)
            if isinstance(constraint, ForeignKeyConstraint)
            else []
        )
        message = "Something else still refers to this. Change or delete that first."
        return _respond(
            ConflictingFields(message, dict.fromkeys(referred, "Is still referred to."))
        )
    taken = {field: own_message or _is_taken(field, fields) for field in fields}
    return _respond(ConflictingFields("This conflicts with what is stored already.", taken))


def _is_addressed(error: IntegrityError, constraint: object) -> bool:
    """Return whether the foreign key has a value of the request's path."""
    if not isinstance(constraint, ForeignKeyConstraint):
        return False
    columns = {each.name for each in constraint.columns}
    rows = error.params if isinstance(error.params, (list, tuple)) else [error.params]
    # SQLAlchemy appends `__0`, `__1` when a statement inserts several rows.
    values = [
        value
        for row in rows
        if isinstance(row, Mapping)
        for name, value in row.items()
        if name.partition("__")[0] in columns
    ]
    return any(each in values for each in (request.view_args or {}).values())


def _are_sent(fields: list[str]) -> bool:
    """Return whether the request's body has one of the fields, at any depth.

    Callers may know a field by another name: `invoiceId` for `invoice_id`.
    """
    sent = {*request.form, *_keys(request.get_json(silent=True))}
    return not {_plain(each) for each in fields}.isdisjoint(map(_plain, sent))


def _keys(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        yield from value
    if isinstance(value, (dict, list)):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _keys(each)


def _plain(name: str) -> str:
    return name.replace("_", "").casefold()


def _is_taken(field: str, fields: list[str]) -> str:
    others = ", ".join(other for other in fields if other != field)
    return f"Is taken already in combination with {others}." if others else "Is taken already."


def _required(error: IntegrityError) -> dict[str, str]:
    table = constraints.table(_diagnosed(error, "schema_name"), _diagnosed(error, "table_name"))
    name = _diagnosed(error, "column_name")
    columns = table.columns if table is not None else ()
    return {constraints.field(each): "Is required." for each in columns if each.name == name}


def _writes(error: IntegrityError, table: str | None) -> bool:
    """Return whether the statement writes rows with the foreign key, not the rows it refers to.

    PostgreSQL reports both with the same code and the same table. A constraint that is checked at
    the commit has no statement; it is then about rows that were written.
    """
    words = (error.statement or "INSERT").split(maxsplit=2)
    verb = words[0].upper()
    if verb != "UPDATE":
        return verb == "INSERT"
    return words[1].rpartition(".")[2].strip('"') == table


def _diagnosed(error: DBAPIError, field: str) -> str | None:
    """Return what PostgreSQL says besides the message, which does not depend on its language."""
    found: str | None = getattr(getattr(error.orig, "diag", None), field, None)
    return found


def _retry_later(message: str) -> HTTPException:
    return ServiceUnavailable(f"{message} Try again in a moment.", retry_after=RETRY_AFTER_SECONDS)


def _defect(error: Exception) -> HTTPException:
    return InternalServerError("Internal server error.", original_exception=error)


def _respond(error: HTTPException) -> ResponseReturnValue:
    """Respond as the application's handler of HTTP errors does, in JSON or in HTML."""
    return current_app.handle_user_exception(error)
