"""Declares what an operation takes and answers; the OpenAPI document is made of that.

    @namespace.route("/")
    class InvoiceList(Resource):
        @scope_required("invoices:write")
        @operation(body=NewInvoice, response=InvoiceDetails, status=201, errors={409: "It exists"})
        def post(self, body: NewInvoice) -> Response:
            \"\"\"Create an invoice with its items.\"\"\"

Below the access decorator, so that a caller without a token gets 401 before 400. For methods of
Flask-RESTX resources and for plain Flask views.
"""

import functools
import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Literal, Protocol, TypeVar, runtime_checkable

from pydantic import BaseModel

from flask_chassis.auth.access import decision
from flask_chassis.http import validation

View = TypeVar("View", bound=Callable[..., Any])


@runtime_checkable
class Listing(Protocol):
    """What a declared list brings: the schema of its query, and the page that a query asks for."""

    query_model: type[BaseModel]

    def page_of(self, query: Any) -> Any:
        """Return the requested page, which the view gets as `page`."""


@dataclass(frozen=True)
class Operation:
    """What an operation takes and answers."""

    body: type[BaseModel] | None
    query: type[BaseModel] | None
    response: Any
    status: int
    description: str
    errors: Mapping[int, str]
    headers: Mapping[str, str]
    has_etag: bool
    idempotent: bool | Literal["required"]
    operation_id: str
    page_of: Callable[[Any], Any] | None

    def arguments(self) -> dict[str, Any]:
        """Return the validated arguments of the request; raises Invalid if one is wrong."""
        arguments: dict[str, Any] = {}
        if self.query:
            query = validation.request_query(self.query)
            if self.page_of:
                arguments["page"] = self.page_of(query)
            else:
                arguments["query"] = query
        if self.body:
            arguments["body"] = validation.request_body(self.body)
        return arguments

    @property
    def argument_names(self) -> set[str]:
        """Return the names of the arguments that the view gets."""
        query = ("page" if self.page_of else "query") if self.query else None
        return {name for name in (query, "body" if self.body else None) if name}


def operation(
    *,
    body: type[BaseModel] | None = None,
    query: type[BaseModel] | Listing | None = None,
    response: Any = None,
    status: int | None = None,
    description: str = "",
    errors: Mapping[int, str] | Iterable[int] = (),
    headers: Mapping[str, str] | None = None,
    etag: bool = False,
    idempotent: bool | Literal["required"] = False,
    operation_id: str = "",
) -> Callable[[View], View]:
    """Validate requests, pass `body`, `query` or `page` to the view, and document the operation.

    `response` is what a success answers with: a schema, `list[Schema]`, or None for no body.
    `status` and `description` are those of the success: by default 200, or 204 without a body.
    `errors` are those that the view itself raises, with what each means: `{409: "It exists"}`, or
    statuses alone. Those of the access decision, of the body and of the service are added.
    `etag` documents `ETag`, `If-Match` and what follows from them.
    `idempotent` executes a request with the header `Idempotency-Key` once, and replays its response
    to a caller that repeats it: see `flask_chassis.idempotency`. "required" refuses requests
    without one.
    The summary in the document is the first line of the view's docstring.

    Raises TypeError at import for a view that lacks an argument, or has its access decision below,
    and ValueError for another value of `idempotent`.
    """
    if idempotent not in (False, True, "required"):
        raise ValueError(f'idempotent is {idempotent!r}: set it to True, False or "required".')
    brings_page = hasattr(query, "query_model")
    declared = Operation(
        body=body,
        query=query.query_model if brings_page else query,  # type: ignore[union-attr, arg-type]
        response=response,
        status=status or (204 if response is None else 200),
        description=description,
        errors=_described(errors),
        headers={**getattr(query, "response_headers", {}), **(headers or {})},
        has_etag=etag,
        idempotent=idempotent,
        operation_id=operation_id,
        page_of=getattr(query, "page_of", None) if brings_page else None,
    )

    def decorator(view: View) -> View:
        _check(view, declared)
        if idempotent:
            # Here, as it needs the extra `database`.
            from flask_chassis.idempotency import replay

            view = replay.idempotent(view, required=idempotent == "required")  # type: ignore[assignment]
        if not declared.argument_names:
            view._operation = declared  # type: ignore[attr-defined]
            return view

        @functools.wraps(view)
        def validated(*args: Any, **kwargs: Any) -> Any:
            return view(*args, **kwargs, **declared.arguments())

        validated._operation = declared  # type: ignore[attr-defined]
        return validated  # type: ignore[return-value]  # without the arguments that it is passed

    return decorator


def declared_on(view: Callable[..., Any]) -> Operation | None:
    """Return the operation that a view is declared as, through decorators around it."""
    return getattr(view, "_operation", None)


def _described(errors: Mapping[int, str] | Iterable[int]) -> dict[int, str]:
    """Return errors with what each means; raises ValueError for a number that is not a status."""
    if isinstance(errors, Mapping):
        return {HTTPStatus(status).value: meaning for status, meaning in errors.items()}
    return {HTTPStatus(status).value: "" for status in errors}


def _check(view: Callable[..., Any], declared: Operation) -> None:
    name = getattr(view, "__qualname__", repr(view))
    if decision(view) is not None:
        raise TypeError(
            f"{name}: @operation stands above the access decorator, so that 400 would come before "
            "401. Move @operation below it."
        )
    parameters = inspect.signature(view).parameters
    if any(each.kind is each.VAR_KEYWORD for each in parameters.values()):
        return
    for argument in sorted(declared.argument_names - parameters.keys()):
        raise TypeError(
            f"{name} has no argument `{argument}`, which @operation passes: add it to the view, or "
            "take it out of @operation."
        )
