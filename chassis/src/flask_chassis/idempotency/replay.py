"""Executes a request with an `Idempotency-Key` once, and replays its response.

The key is stored in the transaction of the view: either both are committed or neither.
"""

import functools
import json
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any

from flask import Response, current_app, request
from sqlalchemy import Connection
from werkzeug.datastructures import Headers
from werkzeug.exceptions import Conflict, UnprocessableEntity

from flask_chassis.auth.authentication import caller
from flask_chassis.db import database
from flask_chassis.exceptions import ConfigurationError
from flask_chassis.idempotency import header, store
from flask_chassis.idempotency.check import EXTENSION, mark

RETRY_AFTER_SECONDS = 1

NOT_STORED = frozenset({"content-length", "set-cookie"})
"""Headers that belong to the first response alone. All others that the view sets are replayed."""


class StillRunning(Conflict):
    """Another request with the same key is being executed: 409 with Retry-After."""

    description = (
        f"A request with this {header.KEY} is still running. Repeat yours after the number of "
        "seconds in Retry-After: it then gets the response of the other one."
    )

    def get_headers(self, *args: Any, **kwargs: Any) -> list[tuple[str, str]]:
        """Return the headers of the response."""
        return [*super().get_headers(*args, **kwargs), ("Retry-After", str(RETRY_AFTER_SECONDS))]


def idempotent(view: Callable[..., Any], *, required: bool) -> Callable[..., Any]:
    """Execute requests of a view once for each key; `required` refuses those without one.

    A request without a key is as before. With one, everything that the view writes through
    `flask_chassis.db.database` is one transaction, which is committed after the view has returned.
    A view that raises, or returns a status from 400, commits and stores nothing.
    """

    @functools.wraps(view)
    def executed_once(*args: Any, **kwargs: Any) -> Any:
        key = header.key_of_request(required=required)
        if key is None:
            return view(*args, **kwargs)
        return _replay_or_execute(key, functools.partial(view, *args, **kwargs))

    return mark(executed_once)


def _replay_or_execute(key: str, execute: Callable[[], Any]) -> Response:
    keep_for = _keep_for()
    scope = _digest(caller().subject, request.method, request.path, key)
    fingerprint = _digest(sorted(request.args.lists()), _body())
    with database.joint_transaction() as connection:
        if not store.lock(connection, scope):
            raise StillRunning
        stored = store.find(connection, scope)
        if stored is None:
            response = current_app.make_response(execute())
            _store(connection, scope, fingerprint, response, keep_for)
            return response
    if stored.fingerprint != fingerprint:
        raise UnprocessableEntity(
            f"This {header.KEY} was used for a request with another body or query string. Send a "
            "new key with a new request, and the same request when you repeat it."
        )
    replayed = Response(stored.body, stored.status)
    # Instead of Flask's own: a response without a body has no Content-Type.
    replayed.headers = Headers([*stored.headers, (header.REPLAYED, "true")])
    return replayed


def _store(
    connection: Connection,
    scope: str,
    fingerprint: str,
    response: Response,
    keep_for: timedelta,
) -> None:
    """Store a response that is a success; undo what the view has written otherwise."""
    if response.status_code >= 400:
        connection.rollback()
        return
    if response.is_streamed or response.direct_passthrough:
        raise RuntimeError(
            f"{request.endpoint} is idempotent and returns a streamed response, which cannot be "
            "stored. Return a whole one, or take `idempotent` out of @operation."
        )
    headers = [(name, value) for name, value in response.headers if name.lower() not in NOT_STORED]
    whole = store.Stored(fingerprint, response.status_code, headers, response.get_data())
    if not store.add(connection, scope, whole, keep_for):
        raise StillRunning


def _keep_for() -> timedelta:
    try:
        keep_for: timedelta = current_app.extensions[EXTENSION]
    except KeyError:
        raise ConfigurationError(
            f"{request.endpoint} is idempotent, and was added after the check of all routes: call "
            "`middleware.init_app(app, settings)` after everything else has added its routes."
        ) from None
    return keep_for


def _body() -> str:
    """Return the body, alike for each way to write the same JSON or form."""
    body = request.get_data()
    if request.form and not request.files:
        return json.dumps(sorted(request.form.lists()))
    if request.is_json:
        try:
            return json.dumps(json.loads(body, parse_float=Decimal), sort_keys=True, default=repr)
        except (ValueError, RecursionError):
            pass
    return body.hex()


def _digest(*parts: object) -> str:
    return sha256(json.dumps(parts).encode()).hexdigest()
