"""Connections and transactions. For a lost database, see test_lost_database.py."""

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from flask_chassis.db import database
from flask_chassis.settings import Settings


@pytest.fixture(autouse=True)
def _table(probed: Flask) -> Iterator[None]:
    """Push an application context and create a table."""
    with probed.app_context():
        with database.autocommit() as connection:
            connection.execute(text("CREATE TABLE probe (number integer UNIQUE)"))
        yield
        with database.autocommit() as connection:
            connection.execute(text("DROP TABLE probe"))


def write(*numbers: int) -> None:
    """Write numbers in one transaction; writing a number twice is an error."""
    with database.transaction() as connection:
        for number in numbers:
            connection.execute(text("INSERT INTO probe VALUES (:number)"), {"number": number})


def written() -> list[int]:
    """Return the committed numbers."""
    with database.autocommit() as connection:
        return list(connection.scalars(text("SELECT number FROM probe ORDER BY number")))


def test_a_single_statement_is_committed() -> None:
    with database.autocommit() as connection:
        connection.execute(text("INSERT INTO probe VALUES (1)"))
        assert written() == [1]


def test_statements_of_a_transaction_are_committed_together() -> None:
    write(1, 2)
    assert written() == [1, 2]


def test_an_error_rolls_back_the_whole_transaction() -> None:
    write(1)
    with pytest.raises(IntegrityError):
        write(2, 1)
    assert written() == [1]
    write(3)
    assert written() == [1, 3]


def test_a_failed_transaction_does_not_affect_the_next_one() -> None:
    for _ in range(20):  # more often than there are connections
        with pytest.raises(ZeroDivisionError), database.transaction():
            raise ZeroDivisionError
    test_a_single_statement_is_committed()


def test_error_messages_contain_no_values_from_callers() -> None:
    write(4711)
    with pytest.raises(IntegrityError) as refused:
        write(4711)
    assert "4711" not in str(refused.value).partition("DETAIL")[0]


def test_connections_have_the_application_name_and_time_zone(settings: Settings) -> None:
    with database.autocommit() as connection:
        assert connection.scalar(text("SHOW application_name")) == settings["service.name"]
        assert connection.scalar(text("SHOW timezone")) == "UTC"
