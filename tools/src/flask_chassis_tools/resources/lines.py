"""The lines of code that declare a field, in models, schemas and migrations."""

from .fields import Field


def column(field: Field) -> str:
    """Return the attribute of a model."""
    mapped = f" = mapped_column({field.column})" if field.column else ""
    return f"{field.name}: Mapped[{field.annotation}]{mapped}"


def stored(field: Field) -> str:
    """Return the column of a migration."""
    return f'sa.Column("{field.name}", {field.stored}, nullable={field.is_optional})'


def new(field: Field) -> str:
    """Return the field of the schema for what is created."""
    return _with_limits(field, _optional(field), "None" if field.is_optional else "")


def change(field: Field) -> str:
    """Return the field of the schema for what is changed."""
    kind = _optional(field) if field.is_optional else f"Omittable[{_type(field)}]"
    return _with_limits(field, kind, "None")


def shown(field: Field) -> str:
    """Return the field of the schema for what is shown."""
    kind = (field.type.shown or _type(field)) + (" | None" if field.is_optional else "")
    return f'{field.name}: {kind} = Field(description="{field.label}")'


def check(field: Field) -> str:
    """Return the condition of an enum's constraint."""
    return f"{field.name} IN ({', '.join(repr(each) for each in field.choices)})"


def _with_limits(field: Field, kind: str, default: str) -> str:
    arguments = [
        f"default={default}" if default else "",
        field.filled(field.type.limits),
        f'description="{field.label}"',
    ]
    return f"{field.name}: {kind} = Field({', '.join(each for each in arguments if each)})"


def _type(field: Field) -> str:
    return field.filled(field.type.schema)


def _optional(field: Field) -> str:
    return _type(field) + (" | None" if field.is_optional else "")
