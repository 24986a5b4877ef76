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

A connection instead of a session reads the columns of the schema alone, for a third of the CPU:

        with database.autocommit() as connection:
            return INVOICES.respond(connection, page, InvoiceSummary)

Besides its filters a list has the query parameters `sort`, `limit`, `after` and `count`. The next
page's address is in the header `Link`. Give each sort column an index that ends with the primary
key: `Index("ix_invoices_due_id", "due", "id")`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote, urlencode

from flask import Flask, Response, current_app, request
from pydantic import BaseModel
from sqlalchemy import ColumnElement, Connection, Select
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
from flask_chassis.http.list_rows import Rows
from flask_chassis.http.list_selections import Selection, Selections
from flask_chassis.http.schemas import Schema, all_of
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
        self._selections = Selections(mapper)
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
        source: Session | Connection,
        page: PageRequest,
        schema: type[Schema],
        *,
        filter_by: Mapping[str, Any] | None = None,
        where: ColumnElement[bool] | None = None,
        base: Select[Any] | None = None,
    ) -> Response:
        """Return the response with a page: a JSON array of `schema`.

        `source` is a session, of whose objects the schema is made, or a connection, from which only
        the columns of the schema are read. No objects are made then, and no events of sessions are
        called. A page needs no transaction: `database.autocommit()` saves two round trips.

        `filter_by` restricts the list to rows with these values, by attribute:
        `filter_by={"owner": caller().username}`. `where` is any other condition:
        `where=Invoice.due < today`. `base` is the statement to take the rows from, for joins and
        for relations that the schema shows: it needs a session, and selects the model alone:
        `base=select(Invoice).options(selectinload(Invoice.items))`.

        Raises Invalid if a search exceeds `pagination.search_timeout_seconds`; ConfigurationError
        for a connection and a schema with fields that are not columns; TypeError for a connection
        with a `base`; RuntimeError if a session is in autocommit mode and the list is searched.
        """
        selection = self._selection(source, page.order, schema, filter_by or {}, base)
        statement = selection.statement
        for name, value in page.filters.items():
            statement = statement.where(self._filters[name].condition(value))
        if where is not None:
            statement = statement.where(where)
        rows = Rows(source.execute, statement, selection.parameters)
        searches = [name for name in page.filters if self._filters[name].is_search]
        if not searches:
            return self._respond(rows, selection, page, schema)
        seconds = _limits().search_timeout_seconds
        try:
            with time_limit(source, seconds) as limited:
                rows = replace(rows, execute=limited.execute)
                return self._respond(rows, selection, page, schema)
        except TimeLimitError:
            raise Invalid(dict.fromkeys(searches, TOO_SLOW.format(seconds=seconds))) from None

    def _selection(
        self,
        source: Session | Connection,
        order: Order,
        schema: type[Schema],
        filter_by: Mapping[str, Any],
        base: Select[Any] | None,
    ) -> Selection:
        if not isinstance(source, Connection):
            return self._selections.objects(order, filter_by, base)
        if base is not None:
            raise TypeError(
                "A list with a `base` reads objects: pass a session, of `database.session()`."
            )
        return self._selections.columns(order, filter_by, schema)

    def _respond(
        self, rows: Rows, selection: Selection, page: PageRequest, schema: type[Schema]
    ) -> Response:
        found = rows.page(page.order.parts_after(page.after), page.limit + 1)
        shown, is_last = found[: page.limit], len(found) <= page.limit
        following = None
        if not is_last:
            following = self._cursors[page.order.name].write(selection.position(shown[-1]))
        headers = {"Link": _links(following)}
        if page.is_counted:
            most = _limits().count_up_to
            is_whole = is_last and page.after is None
            total = len(shown) if is_whole else rows.count(most + 1)
            headers["X-Total-Count"] = str(min(total, most))
            headers["X-Total-Count-Relation"] = "eq" if total <= most else "gte"
        return responses.json(all_of(schema, selection.sources(shown)), headers=headers)


def _limits() -> Limits:
    try:
        limits: Limits = current_app.extensions["listing"]
    except KeyError:
        raise ConfigurationError(
            "The settings of lists are not read: call `listing.init_app(app, settings)` where the "
            "application is created."
        ) from None
    return limits


def _links(following: str | None) -> str:
    """Return the header Link, with paths: scheme and host are those that the caller used."""
    # The root is the prefix that a proxy has taken away.
    path = quote(request.script_root + request.path)
    sent = {name: value for name, value in request.args.items() if name != "after"}
    links = f'<{_address(path, sent)}>; rel="first"'
    if following is not None:
        links += f', <{_address(path, {**sent, "after": following})}>; rel="next"'
    return links


def _address(path: str, query: Mapping[str, str]) -> str:
    return f"{path}?{urlencode(query)}" if query else path
