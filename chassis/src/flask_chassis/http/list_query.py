"""The query parameters of a list, as a schema."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import Field, create_model

from flask_chassis.exceptions import ConfigurationError
from flask_chassis.http import column_types, cursor
from flask_chassis.http.filters import Filter
from flask_chassis.http.schemas import Schema

DEFAULT_LIMIT = 20
LARGEST_LIMIT = 100

RESPONSE_HEADERS = {
    "Link": 'RFC 8288: the addresses of the first page (rel="first") and the next (rel="next")',
    "X-Total-Count": "With `count=true`: how many there are on all pages",
    "X-Total-Count-Relation": (
        "With `count=true`: `eq` if the count is exact, `gte` if there are more than that"
    ),
}


def model_for(
    name: str, filters: Mapping[str, Filter], orders: Sequence[str], default_order: str
) -> type[Schema]:
    """Return the schema of a list's query parameters: `InvoiceListQuery` for the name `Invoice`.

    Raises ConfigurationError if a filter has the name of a parameter that every list has.
    """
    own: dict[str, Any] = {
        "sort": _parameter(
            Literal[tuple(orders)],
            "How to sort them; with `-`, in descending order",
            default_order,
        ),
        "limit": _parameter(
            column_types.whole_number(1, LARGEST_LIMIT), "How many to return", DEFAULT_LIMIT
        ),
        "after": _parameter(
            Annotated[str, Field(min_length=1, max_length=cursor.LONGEST)],
            "Return the next page: the cursor that the previous page's header `Link` has",
        ),
        "count": _parameter(
            bool, "Whether to count those on all pages, in the header `X-Total-Count`", False
        ),
    }
    if taken := sorted(own.keys() & filters.keys()):
        raise ConfigurationError(
            f"A filter cannot be called {taken[0]!r}: every list has this parameter. Rename it."
        )
    wanted = {key: _parameter(each.type, each.description) for key, each in filters.items()}
    # The types are known at run time only.
    made: type[Schema] = create_model(f"{name}ListQuery", __base__=Schema, **wanted, **own)
    return made


def _parameter(value_type: Any, description: str, default: Any = None) -> Any:
    def without_null(schema: dict[str, Any]) -> None:
        if default is None:
            schema.pop("default", None)

    # A parameter is left out or has a value: there is no null in an address.
    field = Field(default=default, description=description, json_schema_extra=without_null)
    return value_type, field
