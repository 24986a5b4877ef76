"""Lists: declared filters and sort orders, keyset pages, and counting if it is asked for.

    INVOICES = Listing(
        Invoice,
        filters={"status": equals(Invoice.status), "customer": contains(Invoice.customer)},
        sort={"due": Invoice.due, "number": Invoice.number},
        default_sort="-id",
    )

    @public
    @operation(query=INVOICES, response=list[InvoiceSummary])
    def get(self, page: PageRequest) -> Response:
        \"\"\"List invoices.\"\"\"
        with database.session() as session:
            return INVOICES.respond(session, page, InvoiceSummary)

Besides its filters a list has the query parameters `sort`, `limit`, `after` and `count`. The next
page's address is in the header `Link`. Give each sort column an index that ends with the primary
key: `Index("ix_invoices_due_id", "due", "id")`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from flask import Flask, Response, current_app, request
from pydantic import BaseModel
from sqlalchemy import ColumnElement, Executable, Result, Row, Select, func, literal, select
from sqlalchemy import inspect as inspected
from sqlalchemy.orm import Mapper, Session

from flask_chassis.db.keyset import Order, Position
from flask_chassis.db.time_limit import TimeLimitError, time_limit
from flask_chassis.exceptions import ConfigurationError
from flask_chassis.http import list_query, responses, validation
from flask_chassis.http.cursor import CursorError, Cursors
from flask_chassis.http.errors import Invalid
from flask_chassis.http.filters import Column, Filter
from flask_chassis.http.list_orders import orders_of
from flask_chassis.http.schemas import Schema
from flask_chassis.settings import Settings

WRONG_CURSOR = (
    "Is not the cursor of a page of this list in this order. Follow the header Link of the "
    "previous page as it is, or leave `after` out to start at the first page."
)
TOO_SLOW = (
    "The search takes longer than {seconds:g} s. Search for a longer or rarer text, or narrow the "
    "list with another filter."
)


@dataclass(frozen=True, slots=True)
class Limits:
    """What the settings say about lists."""

    count_up_to: int
    search_timeout_seconds: float


@dataclass(frozen=True, slots=True)
class PageRequest:
    """The requested page of a list."""

    limit: int
    order: Order
    after: Position | None
    """The position of the previous page's last row; None for the first page."""

    is_counted: bool
    filters: Mapping[str, Any]
    """The values of the filters that are asked for, by parameter."""


def init_app(app: Flask, settings: Settings) -> None:
    """Read the settings `pagination.count_up_to` and `pagination.search_timeout_seconds`."""
    app.extensions["listing"] = Limits(
        settings["pagination.count_up_to"],
        min(
            settings["pagination.search_timeout_seconds"],
            settings["database.statement_timeout_seconds"],
        ),
    )


class Listing:
    """A list of a model's rows in pages."""

    query_model: type[BaseModel]
    """The query parameters: validates them, and describes them in the OpenAPI document."""

    response_headers: Mapping[str, str] = list_query.RESPONSE_HEADERS
    """The descriptions of the response's headers, by name, for the OpenAPI document."""

    def __init__(
        self,
        model: type[Any],
        *,
        filters: Mapping[str, Filter] | None = None,
        sort: Mapping[str, Column] | None = None,
        default_sort: str = "-id",
    ) -> None:
        """Declare a list.

        `filters` and `sort` are by name as callers write it; each order is offered in both
        directions. `default_sort` is one of them or the primary key's attribute, with `-` for
        descending. Raises ConfigurationError for declarations that cannot work.
        """
        self._model = model
        self._filters = dict(filters or {})
        mapper: Mapper[Any] = inspected(model)
        self._orders = orders_of(mapper, sort or {}, default_sort)
        self._cursors = {
            name: Cursors(str(mapper.local_table), order) for name, order in self._orders.items()
        }
        self.query_model = list_query.model_for(
            model.__name__, self._filters, list(self._orders), default_sort
        )

    def requested(self) -> PageRequest:
        """Return the page that the current request asks for; raises Invalid."""
        return self.page_of(validation.request_query(self.query_model))

    def page_of(self, query: BaseModel) -> PageRequest:
        """Return the page that validated query parameters ask for.

        `query` is a `query_model`. Raises Invalid if `after` is not a cursor of this list.
        """
        values = {name: getattr(query, name) for name in type(query).model_fields}
        sort, cursor = values["sort"], values["after"]
        try:
            after = None if cursor is None else self._cursors[sort].read(cursor)
        except CursorError:
            raise Invalid({"after": WRONG_CURSOR}) from None
        filters = {name: values[name] for name in self._filters}
        return PageRequest(
            limit=values["limit"],
            order=self._orders[sort],
            after=after,
            is_counted=values["count"],
            filters={
                name: value
                for name, value in filters.items()
                # An empty text is in every text.
                if value is not None and not (value == "" and self._filters[name].is_search)
            },
        )

    def respond(
        self,
        session: Session,
        page: PageRequest,
        schema: type[Schema],
        *,
        where: ColumnElement[bool] | None = None,
        base: Select[Any] | None = None,
    ) -> Response:
        """Return the response with a page: a JSON array of `schema`, made of the model's objects.

        `where` restricts the list further: `where=Invoice.owner == caller().username`. `base` is
        the statement to take the rows from, for joins and for relations that the schema shows:
        `base=select(Invoice).options(selectinload(Invoice.items))`. It selects the model alone.

        Raises Invalid if a search exceeds `pagination.search_timeout_seconds`, RuntimeError if the
        session is in autocommit mode and the list is searched.
        """
        statement = select(self._model) if base is None else base
        for name, value in page.filters.items():
            statement = statement.where(self._filters[name].condition(value))
        if where is not None:
            statement = statement.where(where)
        searches = [name for name in page.filters if self._filters[name].is_search]
        if not searches:
            return self._respond(session.execute, statement, page, schema)
        seconds = _limits().search_timeout_seconds
        try:
            with time_limit(session, seconds) as limited:
                return self._respond(limited.execute, statement, page, schema)
        except TimeLimitError:
            raise Invalid(dict.fromkeys(searches, TOO_SLOW.format(seconds=seconds))) from None

    def _respond(
        self,
        execute: Callable[[Executable], Result[Any]],
        statement: Select[Any],
        page: PageRequest,
        schema: type[Schema],
    ) -> Response:
        rows = _rows(execute, statement, page)
        shown, is_last = rows[: page.limit], len(rows) <= page.limit
        following = None
        if not is_last:
            following = self._cursors[page.order.name].write(shown[-1][1:])
        headers = {"Link": _links(following)}
        if page.is_counted:
            is_whole = is_last and page.after is None
            headers |= _counted(len(shown) if is_whole else None, execute, statement)
        return responses.json([schema.of(row[0]) for row in shown], headers=headers)


def _limits() -> Limits:
    try:
        limits: Limits = current_app.extensions["listing"]
    except KeyError:
        raise ConfigurationError(
            "The settings of lists are not read: call `listing.init_app(app, settings)` where the "
            "application is created."
        ) from None
    return limits


def _rows(
    execute: Callable[[Executable], Result[Any]], statement: Select[Any], page: PageRequest
) -> Sequence[Row[Any]]:
    """Return the page's rows and one more, if there are: the object, then the sort values."""
    ordered = statement.add_columns(*page.order.selected())
    ordered = ordered.order_by(None).order_by(*page.order.by())
    rows: list[Row[Any]] = []
    for part in page.order.parts_after(page.after):
        within = ordered if part is None else ordered.where(part)
        rows += execute(within.limit(page.limit + 1 - len(rows))).all()
        if len(rows) > page.limit:
            break
    return rows


def _counted(
    known: int | None, execute: Callable[[Executable], Result[Any]], statement: Select[Any]
) -> dict[str, str]:
    limit, total = _limits().count_up_to, known
    if total is None:
        counted = statement.with_only_columns(literal(1), maintain_column_froms=True)
        found = counted.order_by(None).limit(limit + 1).subquery()
        total = execute(select(func.count()).select_from(found)).scalar_one()
    return {
        "X-Total-Count": str(min(total, limit)),
        "X-Total-Count-Relation": "eq" if total <= limit else "gte",
    }


def _links(following: str | None) -> str:
    """Return the header Link, with paths: scheme and host are those that the caller used."""
    sent = {name: value for name, value in request.args.items() if name != "after"}
    links = [f'<{_address(sent)}>; rel="first"']
    if following is not None:
        links.append(f'<{_address(sent | {"after": following})}>; rel="next"')
    return ", ".join(links)


def _address(query: Mapping[str, str]) -> str:
    # The root is the prefix that a proxy has taken away.
    path = quote(request.script_root + request.path)
    return f"{path}?{urlencode(query)}" if query else path
