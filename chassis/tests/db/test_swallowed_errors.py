"""A block that catches the error of a statement does not pass for one that was stored."""

from contextlib import suppress

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DataError, IntegrityError, PendingRollbackError

from billing.bills import Bill
from flask_chassis.db import database
from flask_chassis.settings import Settings

from .conftest import bill, stored

pytestmark = pytest.mark.usefixtures("context")

NOTHING = text("SELECT 1 / 0")

ADVICE = r"begin_nested\(\)"


def test_a_flush_that_failed_is_reported_at_the_end() -> None:
    with pytest.raises(PendingRollbackError, match=ADVICE), database.session() as session:
        session.add(bill("1"))
        session.flush()
        with suppress(IntegrityError):
            session.add(bill("1"))
            session.flush()
    assert stored() == []


def test_a_statement_of_a_session_that_failed_is_reported_at_the_end() -> None:
    with pytest.raises(PendingRollbackError, match=ADVICE), database.session() as session:
        session.add(bill("1"))
        session.flush()
        with suppress(DataError):
            session.execute(NOTHING)
    assert stored() == []


def test_a_statement_of_a_transaction_that_failed_is_reported_at_the_end() -> None:
    def swallow() -> None:
        with database.transaction() as connection, suppress(DataError):
            connection.execute(NOTHING)

    with pytest.raises(PendingRollbackError, match=ADVICE):
        swallow()


def test_a_task_is_told_as_well(settings: Settings) -> None:
    def swallow() -> None:
        with database.task_session(settings) as session, suppress(DataError):
            session.execute(NOTHING)

    with pytest.raises(PendingRollbackError, match=ADVICE):
        swallow()


def test_a_part_of_a_larger_transaction_is_undone_alone() -> None:
    with database.joint_transaction():
        with database.session() as session:
            session.add(bill("1"))
        with pytest.raises(PendingRollbackError), database.session() as session:
            session.add(bill("2"))
            session.flush()
            with suppress(DataError):
                session.execute(NOTHING)
    assert stored() == ["1"]


def test_a_part_that_may_fail_alone_is_a_savepoint() -> None:
    with database.session() as session:
        session.add(bill("1"))
        with suppress(IntegrityError), session.begin_nested():
            session.add(bill("1"))
    with database.transaction() as connection:
        with suppress(DataError), connection.begin_nested():
            connection.execute(NOTHING)
        connection.execute(text("UPDATE bills SET customer = 'Bob'"))
    with database.session() as session:
        assert session.scalars(select(Bill.customer)).all() == ["Bob"]


def test_a_block_may_end_its_transaction_itself() -> None:
    with database.session() as session:
        session.add(bill("1"))
        session.commit()
    with database.session() as session:
        session.add(bill("2"))
        session.rollback()
    with database.session():
        pass
    assert stored() == ["1"]
