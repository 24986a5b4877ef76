"""The declarative base class of a service's models, its types, and the names of its constraints."""

import enum
from datetime import datetime

from sqlalchemy import DateTime, Enum, MetaData
from sqlalchemy.orm import DeclarativeBase

LONGEST_CHOICE = 40
"""Length of the column of an enum, so that a longer value needs no other type later."""

NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
"""Names of constraints and indexes that the models do not name themselves.

With these names, migrations can drop them again, and errors can name the columns. All columns are
part of the name, so that two constraints of a table can start with the same column.
"""


def _values(kind: type[enum.Enum]) -> list[str]:
    return [str(member.value) for member in kind]


class Base(DeclarativeBase):
    """The declarative base class of the service's models.

    `Mapped[datetime]` is a time with time zone. `Mapped[Status]`, with an enum `Status`, is a text
    column that holds the values of the enum, with the constraint `ck_<table>_status`: unlike a
    native enum of PostgreSQL, values can be removed, and a migration adds them in a transaction.

    A `CheckConstraint` needs a name, which becomes `ck_<table>_<name>`. So does a second column of
    the same enum: `Mapped[Status] = mapped_column(choice(Status, "former_status"))`.
    """

    metadata = MetaData(naming_convention=NAMING_CONVENTION)
    type_annotation_map = {  # noqa: RUF012  (SQLAlchemy declares it so)
        datetime: DateTime(timezone=True),
        enum.Enum: Enum(
            enum.Enum,
            native_enum=False,
            create_constraint=True,
            length=LONGEST_CHOICE,
            values_callable=_values,
        ),
    }


def choice(kind: type[enum.Enum], name: str) -> Enum:
    """Return the type of a column that holds the values of an enum, with the constraint's name."""
    return Enum(
        kind,
        name=name,
        native_enum=False,
        create_constraint=True,
        length=LONGEST_CHOICE,
        values_callable=_values,
    )
