"""Renders the files of a resource from the templates beside this module."""

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from . import lines, words
from .fields import Field
from .formatting import formatted
from .spec import Spec

LONGEST_IDENTIFIER = 63
"""Of PostgreSQL, in bytes."""


FILTERS = ("column", "stored", "new", "change", "shown", "check")
"""The functions of `lines` that templates use."""


@dataclass(frozen=True, slots=True)
class Index:
    """An index of the resource's table."""

    table: str
    columns: tuple[str, ...]

    @property
    def name(self) -> str:
        """Its name by the naming convention of the chassis."""
        return f"ix_{self.table}_{'_'.join(self.columns)}"

    @property
    def arguments(self) -> str:
        """The arguments of `Index` in the model; a name that is too long is left to SQLAlchemy."""
        name = repr(self.name) if len(self.name) <= LONGEST_IDENTIFIER else "None"
        return ", ".join([name, *map(repr, self.columns)])

    @property
    def code(self) -> str:
        """The name in the migration, as code."""
        return f'op.f(f"ix_{{TABLE}}_{"_".join(self.columns)}")'


def render(
    spec: Spec,
    package: str,
    folder: Path,
    revision: str,
    after: str | None,
    *,
    is_idempotent: bool,
) -> dict[str, str]:
    """Return the texts of the new files by their path below the service's folder.

    With `is_idempotent`, the resource accepts an `Idempotency-Key` where one is created.
    """
    values = _values(spec) | {
        "revision": revision,
        "down_revision": after,
        "is_idempotent": is_idempotent,
    }
    kind = "_owned" if spec.is_owned else ""
    home, tests = f"{package}/{spec.plural}", f"tests/{spec.plural}"
    files = {
        f"{home}/__init__.py": "init",
        f"{home}/model.py": "model",
        f"{home}/schemas.py": "schemas",
        f"{home}/queries.py": "queries",
        f"{home}/routes.py": f"routes{kind}",
        f"migrations/versions/{revision}_create_{spec.plural}.py": "migration",
        f"{tests}/__init__.py": "tests_init",
        f"{tests}/test_routes.py": f"test_routes{kind}",
    }
    if spec.is_owned:
        files[f"{home}/administration.py"] = "administration"
        files[f"{tests}/test_administration.py"] = "test_administration"
    return {
        name: formatted(
            _environment().get_template(f"{template}.py.jinja").render(values),
            name,
            folder,
            unused_imports=False,
        )
        for name, template in files.items()
    }


@cache
def _environment() -> Environment:
    # Python code is rendered, no HTML.
    environment = Environment(  # noqa: S701
        loader=PackageLoader(__package__, "templates"),
        keep_trailing_newline=True,
        lstrip_blocks=True,
        trim_blocks=True,
        undefined=StrictUndefined,
    )
    environment.filters |= {"words": words.words_of, "article": words.article}
    environment.filters |= {name: getattr(lines, name) for name in FILTERS}
    return environment


def _values(spec: Spec) -> dict[str, Any]:
    searched = [each for each in spec.fields if each.is_searched]
    search_parameters = {
        each.name: "search" if len(searched) == 1 else f"{each.name}_contains" for each in searched
    }
    filters = [
        (each.name + suffix, name, each.name)
        for each in spec.fields
        for suffix, name in each.filters.items()
    ]
    filters += [(search_parameters[each.name], "contains", each.name) for each in searched]
    owners = [spec.fields, *([spec.child.fields] if spec.child else [])]
    first, second = _body(spec, 0), _body(spec, 1)
    return {
        "spec": spec,
        "child": spec.child,
        "words_plural": words.words_of(spec.plural),
        "reader": "public" if spec.reader == "public" else "token_required",
        "listed": f"{spec.class_name}{'Summary' if spec.child else 'Details'}",
        "enum_names": [each.enum for fields in owners for each in fields if each.kind == "enum"],
        "indexes": _indexes(spec),
        "trigram_indexes": {each.name: _trigram_index(spec, each) for each in searched},
        "searched": searched,
        "search_parameters": search_parameters,
        "filters": filters,
        "sorts": [each.name for each in spec.fields if each.is_sorted],
        "uniques": [each.name for each in spec.fields if each.is_unique],
        "names": [each.name for each in spec.fields],
        "required": [each.name for each in spec.fields if not each.is_optional],
        "optional": [each.name for each in spec.fields if each.is_optional],
        "has_optional": any(each.is_optional for each in spec.fields),
        "first": first,
        "second": second,
        "form": {name: _as_text(value) for name, value in first.items()},
        "filter_cases": [
            (
                {
                    parameter: _as_text(
                        (second if name in {"at_least", "before"} else first)[column]
                    )
                },
                [1] if name == "at_least" else [0],
            )
            for parameter, name, column in filters
        ],
    }


def _indexes(spec: Spec) -> list[Index]:
    owned = [Index(spec.plural, ("username", "id"))] if spec.is_owned else []
    # A unique field has an index.
    return owned + [
        Index(spec.plural, (each.name, "id"))
        for each in spec.fields
        if each.is_sorted and not each.is_unique
    ]


def _trigram_index(spec: Spec, field: Field) -> str:
    """Return the name of the index for a search, as code; it ends with `_trgm`."""
    name = f"ix_{spec.plural}_{field.name}"
    if len(f"{name}_trgm") <= LONGEST_IDENTIFIER:
        return f'f"ix_{{TABLE}}_{field.name}_trgm"'
    # As SQLAlchemy does, so that two long names stay different.
    digest = hashlib.sha256(name.encode()).hexdigest()[:4]
    return repr(f"{name[: LONGEST_IDENTIFIER - 10]}_{digest}_trgm")


def _body(spec: Spec, index: int) -> dict[str, object]:
    """Return the first or second valid body of a request."""
    body = {each.name: each.value(index) for each in spec.fields}
    if spec.child:
        body[spec.child.plural] = [
            {each.name: each.value(number) for each in spec.child.fields}
            for number in range(index + 1)
        ]
    return body


def _as_text(value: object) -> str:
    """Return a value as forms and query strings have it."""
    return str(value).lower() if isinstance(value, bool) else str(value)
