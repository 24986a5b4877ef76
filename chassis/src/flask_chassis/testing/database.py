"""The tables of the service under test."""

from sqlalchemy import Engine, text

from flask_chassis.db.models import metadata

__all__ = ["empty_tables", "metadata"]


def empty_tables(engine: Engine) -> None:
    """Delete all rows of all models' tables, and restart their sequences."""
    if names := [f'"{table.name}"' for table in metadata().sorted_tables]:
        with engine.begin() as connection:
            connection.execute(text(f"TRUNCATE {', '.join(names)} RESTART IDENTITY CASCADE"))
