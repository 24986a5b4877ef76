"""The types of fields: the column, the schema, and the values that tests send."""

from dataclasses import dataclass

LONGEST_TEXT = 10_000
LARGEST_INT = 2**31 - 1


@dataclass(frozen=True, slots=True)
class FieldType:
    """A type of fields. `{length}` and `{choices}` are those of the field."""

    python: str
    """The type of the model's attribute."""

    column: str
    """Its SQLAlchemy type, as the model writes it; empty if it follows from the Python type."""

    stored: str
    """The SQLAlchemy type in the migration, after `sa.`."""

    schema: str
    """The type of the schema's field."""

    shown: str = ""
    """The type in responses, if it is another: what is stored is shown, whatever the limits."""

    limits: str = ""
    """The arguments of the schema's `Field`."""

    values: tuple[object, object] = ("", "")
    """Two valid values as JSON, in the order in which lists sort them."""

    bad: tuple[str, ...] = ()
    """Invalid values, as Python code of the tests."""

    modifiers: frozenset[str] = frozenset()
    """The modifiers that fields of the type can have, besides `optional`."""

    filters: tuple[tuple[str, str], ...] = ()
    """The suffix of the query parameter, and the filter of the chassis, of a filterable field."""

    is_filtered: bool = False
    """Whether lists filter by it without being asked."""


_EQUALS = (("", "equals"),)
_RANGE = (("_from", "at_least"), ("_before", "before"))
_ORDERED = frozenset(("unique", "filter", "sort"))

TYPES = {
    "str": FieldType(
        "str",
        "String({length})",
        "String({length})",
        "ShortText",
        "str",
        "max_length={length}",
        bad=('""', '"x" * {too_long}', '"a\\0b"', "5"),
        modifiers=_ORDERED | {"search"},
        filters=_EQUALS,
    ),
    "text": FieldType(
        "str",
        "Text",
        "Text()",
        "Text",
        "str",
        values=("Hello", "Good morning"),
        bad=('""', f'"x" * {LONGEST_TEXT + 1:_}', '"a\\0b"', '"\\ud800"', "5", '["a"]'),
        modifiers=frozenset({"search"}),
    ),
    "int": FieldType(
        "int",
        "",
        "Integer()",
        "int",
        "",
        f"ge={-LARGEST_INT - 1}, le={LARGEST_INT}",
        (1, 2),
        ('"5"', "1.5", "2**31"),
        _ORDERED,
        _EQUALS,
    ),
    "decimal": FieldType(
        "Decimal",
        "Numeric(14, 4)",
        "Numeric(14, 4)",
        "Decimal",
        "",
        "max_digits=14, decimal_places=4",
        ("1.5000", "2.2500"),
        ('"x"', '"NaN"', '"0.00001"', '"10000000000"'),
        _ORDERED,
        (("_from", "at_least"), ("_to", "at_most")),
    ),
    "money": FieldType(
        "Decimal",
        "Numeric(14, 2)",
        "Numeric(14, 2)",
        "Money",
        "",
        "",
        ("5.00", "19.99"),
        ('"x"', '"NaN"', '"0.001"', '"1000000000000"'),
        _ORDERED,
        (("_from", "at_least"), ("_to", "at_most")),
    ),
    "currency": FieldType(
        "str",
        "String(3)",
        "String(3)",
        "Currency",
        "str",
        "",
        ("EUR", "USD"),
        ('"eur"', '"XXX"', "5"),
        frozenset({"filter"}),
        _EQUALS,
    ),
    "bool": FieldType(
        "bool",
        "",
        "Boolean()",
        "bool",
        "",
        "",
        (True, False),
        ('"maybe"', "1"),
        frozenset({"filter"}),
        _EQUALS,
        is_filtered=True,
    ),
    "date": FieldType(
        "date",
        "",
        "Date()",
        "date",
        "",
        "",
        ("2026-01-01", "2026-01-02"),
        ('"2026-02-31"', '"yesterday"', "5"),
        _ORDERED,
        _RANGE,
        is_filtered=True,
    ),
    "datetime": FieldType(
        "datetime",
        "",
        "DateTime(timezone=True)",
        "UtcDatetime",
        "",
        "",
        ("2026-01-01T12:00:00+00:00", "2026-01-02T12:00:00+00:00"),
        ('"2026-01-01T12:00:00"', '"yesterday"', "5"),
        _ORDERED,
        _RANGE,
        is_filtered=True,
    ),
    "uuid": FieldType(
        "UUID",
        "",
        "Uuid()",
        "UUID",
        "",
        "",
        ("00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002"),
        ('"x"', "5"),
        _ORDERED,
        _EQUALS,
    ),
    "url": FieldType(
        "str",
        "String(2083)",
        "String(2083)",
        "HttpUrl",
        "str",
        "",
        ("https://example.com/1", "https://example.com/2"),
        ('"x"', '"ftp://example.com/"', "5"),
        frozenset({"unique", "search"}),
    ),
    "enum": FieldType(
        "{enum}",
        'choice({enum}, "{name}")',
        "String(40)",
        "{enum}",
        bad=('"unknown value"', "5"),
        modifiers=frozenset({"filter"}),
        filters=_EQUALS,
        is_filtered=True,
    ),
}
