"""What is committed, and when. A lost database: see test_errors.py."""

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from {{ cookiecutter.package_name }}.chassis import database
from {{ cookiecutter.package_name }}.chassis.settings import Settings


@pytest.fixture(autouse=True)
def _table(probed: Flask) -> Iterator[None]:
    """Work in the application, with a table to write to."""
    with probed.app_context():
        with database.connection() as connection:
            connection.execute(text("CREATE TABLE probe (number integer UNIQUE)"))
        yield
        with database.connection() as connection:
            connection.execute(text("DROP TABLE probe"))


def write(*numbers: int) -> None:
    """Write numbers in one transaction; the same one twice is an error."""
    with database.transaction() as connection:
        for number in numbers:
            connection.execute(text("INSERT INTO probe VALUES (:number)"), {"number": number})


def written() -> list[int]:
    """Return what is committed."""
    with database.connection() as connection:
        return list(connection.scalars(text("SELECT number FROM probe ORDER BY number")))


def test_a_statement_is_committed_by_itself() -> None:
    with database.connection() as connection:
        connection.execute(text("INSERT INTO probe VALUES (1)"))
        assert written() == [1]


def test_statements_of_a_transaction_are_committed_together() -> None:
    write(1, 2)
    assert written() == [1, 2]


def test_an_error_takes_all_of_a_transaction_back() -> None:
    write(1)
    with pytest.raises(IntegrityError):
        write(2, 1)
    assert written() == [1]
    write(3)
    assert written() == [1, 3]


def test_a_transaction_leaves_nothing_behind_for_the_next_one() -> None:
    for _ in range(20):  # more often than there are connections
        with pytest.raises(ZeroDivisionError), database.transaction():
            raise ZeroDivisionError
    test_a_statement_is_committed_by_itself()


def test_what_a_caller_sent_stays_out_of_the_errors() -> None:
    write(4711)
    with pytest.raises(IntegrityError) as refused:
        write(4711)
    assert "4711" not in str(refused.value).partition("DETAIL")[0]


def test_the_database_knows_who_is_connected(settings: Settings) -> None:
    with database.connection() as connection:
        assert connection.scalar(text("SHOW application_name")) == settings["service.name"]
        assert connection.scalar(text("SHOW timezone")) == "UTC"
