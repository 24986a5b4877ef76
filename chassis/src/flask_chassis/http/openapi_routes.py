"""Finds the declared operations of an application, and the errors that each may answer."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from flask import Flask
from pydantic import BaseModel, Field

from flask_chassis.auth.access import decision
from flask_chassis.http.operations import Operation, declared_on

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


class Error(BaseModel):
    """What every error answers with."""

    message: str = Field(description="What is wrong")


class Invalid(BaseModel):
    """What a request that is not valid is answered with."""

    message: str = Field(description="What is wrong")
    errors: dict[str, str] = Field(
        default={},
        description="A sentence for each field that is wrong, by its place",
        examples=[{"items.0.quantity": "Must be at least 1."}],
    )


MEANINGS = {
    400: "The request is not valid",
    401: "A valid token is required",
    403: "The token lacks the scope",
    404: "Not found",
    409: "It exists already",
    412: "It was changed in the meantime: `If-Match` has another revision",
    413: "The body is too large",
    414: "The address is too long",
    415: "The body has a type that is not supported",
    428: "The header `If-Match` is required",
    429: "Too many failures; `Retry-After` says in how many seconds to come back",
    500: "Something unexpected went wrong",
    503: "Something that the service needs cannot be reached; try again in a moment",
}
"""What errors mean where an operation says nothing else."""

CHANGED = "It was changed by another request at the same time"
"""What 409 means for an operation with an optional `If-Match`."""

IDEMPOTENCY_MEANINGS = {
    409: (
        "a request with the same `Idempotency-Key` is still running; `Retry-After` says in how "
        "many seconds to repeat this one"
    ),
    422: "the `Idempotency-Key` was used for a request with another body or query string",
}
"""What errors of idempotent operations mean, after what the operation says about the status."""

ANYWHERE = (400, 414, 500, 503)
"""What every operation may answer: 400 and 414 are for the address, too."""

HEADERS = {
    201: {"Location": "The address of what was created, if it has one"},
    401: {"WWW-Authenticate": "The scheme of tokens, and what is wrong with the one that was sent"},
    429: {"Retry-After": "In how many seconds to come back"},
    503: {"Retry-After": "In how many seconds to come back"},
}
"""Headers of responses, by status."""


@dataclass(frozen=True)
class Route:
    """A method of a path, with the view that serves it."""

    method: str
    rule: str
    view: Callable[..., Any]
    declared: Operation
    access: str
    name: str
    tag: str

    def statuses(self) -> dict[int, str]:
        """Return the errors that the operation may answer, with what each means."""
        declared = self.declared
        found = set(ANYWHERE)
        if self.access == "token":
            found.add(401)
        elif self.access.startswith("scope "):
            found |= {401, 403}
        if "<" in self.rule:
            found.add(404)
        if declared.body:
            found |= {413, 415}
        # What is created has an ETag afterwards, and none to match before.
        if declared.has_etag and self.method != "GET" and declared.status != HTTPStatus.CREATED:
            found |= {412}
            # Without If-Match, a change between the read and the write is a conflict.
            found |= set() if 428 in declared.errors else {409}
        meanings = {status: _meaning(status, "") for status in found}
        if 409 in meanings:
            meanings[409] = CHANGED
        meanings |= {status: _meaning(status, said) for status, said in declared.errors.items()}
        if declared.idempotent:
            for status, meaning in IDEMPOTENCY_MEANINGS.items():
                own = meanings.get(status)
                meanings[status] = f"{own.rstrip('.')}; or {meaning}" if own else _sentence(meaning)
        return dict(sorted(meanings.items()))


def routes_of(app: Flask, tags: Mapping[type, str]) -> Iterator[Route]:
    """Yield all that is declared; `tags` are the names of the namespaces of resources."""
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        resource = getattr(view, "view_class", None)
        for method in set(METHODS) & set(rule.methods or ()):
            handler = getattr(resource, method.lower(), None) or view
            if (declared := declared_on(handler)) is None:
                continue
            yield Route(
                method=method,
                rule=rule.rule,
                view=handler,
                declared=declared,
                access=decision(handler) or decision(view) or "",
                name=resource.__name__ if resource else "",
                tag=(tags.get(resource) if resource else None) or rule.endpoint.partition(".")[0],
            )


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:]


def _meaning(status: int, said: str) -> str:
    return said or MEANINGS.get(status, HTTPStatus(status).phrase)
