"""What a resource consists of: its names, fields, children, and who may do what."""

import re
from dataclasses import dataclass

from . import fields, words
from .faults import ResourceError
from .fields import Field

READERS = ("token", "public")

# What else the classes of a resource are called: an enum or a child cannot have these names.
CLASSES = ("Changes", "Details", "List", "ListQuery", "Resource", "Summary")


@dataclass(frozen=True, slots=True)
class Child:
    """What a resource has many of: rows of a table of their own, written and shown with it."""

    name: str
    plural: str
    parent: str
    fields: tuple[Field, ...]

    @property
    def class_name(self) -> str:
        """The name of the model."""
        return words.class_name(f"{self.parent}_{self.name}")

    @property
    def table(self) -> str:
        """The name of the table."""
        return f"{self.parent}_{self.plural}"


@dataclass(frozen=True, slots=True)
class Spec:
    """A resource."""

    name: str
    plural: str
    fields: tuple[Field, ...]
    child: Child | None = None
    is_owned: bool = False
    reader: str = "token"
    scope: str = ""

    @property
    def class_name(self) -> str:
        """The name of the model."""
        return words.class_name(self.name)

    @property
    def classes(self) -> list[str]:
        """The names of all models and enums."""
        owners: list[tuple[str, tuple[Field, ...]]] = [(self.class_name, self.fields)]
        if self.child:
            owners.append((self.child.class_name, self.child.fields))
        return [
            name
            for owner, owned in owners
            for name in (owner, *(each.enum for each in owned if each.kind == "enum"))
        ]

    @property
    def tables(self) -> list[str]:
        """The names of all tables, the parent's first."""
        return [self.plural, *([self.child.table] if self.child else [])]


def read(
    name: str,
    texts: list[str],
    *,
    plural: str = "",
    has_many: str = "",
    child_texts: list[str] | None = None,
    is_owned: bool = False,
    reader: str = "token",
    scope: str = "",
) -> Spec:
    """Return what the options describe; raises ResourceError with one sentence."""
    words.require_noun("The name", name)
    plural = plural or words.plural_of(name)
    words.require_plural(plural, name)
    if not texts:
        raise ResourceError(f"{name} has no fields. Add --field. {fields.HINT}.")
    if reader not in READERS:
        raise ResourceError(f"--read={reader} is not known: use {' or '.join(READERS)}.")
    if is_owned and (has_many or scope or reader != "token"):
        raise ResourceError(
            "--owned goes without --has-many, --read and --write-scope: anyone reads, owners write."
        )
    scope = scope or f"{plural}:write"
    if not re.fullmatch(r"[A-Za-z0-9:._-]{1,100}", scope):
        raise ResourceError(
            f"--write-scope={scope!r} is not a scope: use letters, digits and : . _ -, such as "
            f"{plural}:write."
        )
    found = fields.read_all(texts, words.class_name(name), is_owned=is_owned)
    child = _child(name, has_many, child_texts or [])
    spec = Spec(name, plural, found, child, is_owned, reader, scope)
    _require_different_names(spec)
    return spec


def _child(parent: str, given: str, texts: list[str]) -> Child | None:
    name, _, listed = given.partition(":")
    if not name:
        if texts:
            raise ResourceError("--item-field needs --has-many, such as --has-many=item.")
        return None
    texts = [each for each in listed.split(",") if each] + texts
    # Both --has-many=item and --has-many=items are understood.
    singular = words.singular_of(name)
    plural = words.plural_of(singular)
    words.require_field("The child", singular, is_owned=False)
    words.require_field("The child's plural", plural, is_owned=False)
    if not texts:
        raise ResourceError(
            f"{plural} have no fields. Write --has-many={singular} --item-field=name:str, or "
            f"--has-many={singular}:name:str,quantity:decimal."
        )
    owner = words.class_name(f"{parent}_{singular}")
    found = fields.read_all(texts, owner, is_child=True)
    if f"{parent}_id" in {each.name for each in found}:
        raise ResourceError(f"The field {parent}_id of {plural} leads to its {parent}: rename it.")
    return Child(singular, plural, parent, found)


def _require_different_names(spec: Spec) -> None:
    names = [each.name for each in spec.fields]
    if spec.child and spec.child.plural in names:
        raise ResourceError(f"{spec.child.plural} is a field and a child: rename one.")
    taken = [spec.class_name + ending for ending in CLASSES] + [f"New{spec.class_name}"]
    if spec.child:
        taken += [f"New{spec.child.class_name}", f"{spec.child.class_name}Details"]
    for name in spec.classes:
        if words.is_in_code(name):
            raise ResourceError(
                f"The class {name} would have the name of another in the service's code: rename "
                "the field or the child."
            )
        if [*taken, *spec.classes].count(name) > 1:
            raise ResourceError(
                f"The class {name} would be there twice: rename the field or the child."
            )
    parameters = [
        name + suffix
        for each in spec.fields
        for name, suffixes in ((each.name, each.filters),)
        for suffix in suffixes
    ] + (["search"] if any(each.is_searched for each in spec.fields) else [])
    for parameter in parameters:
        if parameter in words.PARAMETERS_OF_LISTS or parameters.count(parameter) > 1:
            raise ResourceError(
                f"The list would have two parameters {parameter}: rename the field."
            )
