"""Ordinary idioms of SQLAlchemy: one unit of work is committed as one, or not at all."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from sqlalchemy import Engine, create_engine, insert, select, text
from sqlalchemy.exc import IntegrityError, InvalidRequestError, OperationalError
from sqlalchemy.orm import registry
from sqlalchemy.orm.attributes import flag_modified
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import NotFound

from billing.bills import Bill, Item, Status
from flask_chassis.db import database
from flask_chassis.settings import Settings

from ..conftest import Make
from .conftest import backend, bill, count_items, item, stored

pytestmark = pytest.mark.usefixtures("context")

INSERT = insert(Bill).values(
    number="2026-9", customer="Ada", due_date=text("now()"), status=Status.DRAFT, revision=1
)


def test_a_session_commits_a_bill_with_its_items() -> None:
    with database.session() as session:
        session.add(bill(items=[item(1), item(2)]))
        session.flush()
        assert stored() == []
    assert stored() == ["2026-1"]
    assert count_items() == 2


def test_what_a_session_has_stored_can_be_read_after_it() -> None:
    with database.session() as session:
        written = bill()
        session.add(written)
    assert (written.number, written.status, written.revision) == ("2026-1", Status.DRAFT, 1)


def test_items_that_come_and_go_raise_the_revision_of_their_bill() -> None:
    """The ETag of a bill is its revision."""

    def change(items: Callable[[list[Item]], object]) -> int:
        with database.session() as session:
            [found] = session.scalars(select(Bill).with_for_update())
            items(found.items)
            session.flush()
            return found.revision

    with database.session() as session:
        session.add(bill(items=[item(1)]))
    assert change(lambda items: items.append(item(2))) == 2
    assert change(lambda items: items.pop()) == 3
    assert change(lambda items: items.clear()) == 4
    assert change(lambda items: items.clear()) == 4  # nothing has changed
    assert change(len) == 4
    # Of several at once, none is lost and none is refused.
    app = database.current_app._get_current_object()  # type: ignore[attr-defined]

    def add_elsewhere(position: int) -> int:
        with app.app_context():
            return change(lambda items: items.append(item(position)))

    with ThreadPoolExecutor(4) as callers:
        assert sorted(callers.map(add_elsewhere, range(4, 8))) == [5, 6, 7, 8]


def test_a_row_and_its_items_that_change_together_are_one_revision() -> None:
    with database.session() as session:
        session.add(bill(items=[]))
    with database.session() as session:
        [found] = session.scalars(select(Bill))
        assert found.items == []  # loaded before, as loading flushes
        found.status = Status.SENT
        found.items.append(item(2))
    with database.session() as session:
        [found] = session.scalars(select(Bill))
        assert (found.revision, found.status, len(found.items)) == (2, Status.SENT, 1)


def test_of_two_that_replace_the_items_the_second_is_refused() -> None:
    with database.session() as session:
        session.add(bill(items=[]))
    with pytest.raises(StaleDataError), database.session() as late:
        [seen] = late.scalars(select(Bill))
        assert seen.items == []
        with database.session() as early:
            [found] = early.scalars(select(Bill))
            found.items = [item(1)]
        seen.items = [item(2)]
    with database.session() as session:
        assert [each.position for each in session.scalars(select(Item))] == [1]


def test_an_item_changed_alone_raises_it_if_its_bill_is_flagged() -> None:
    """As the guides say."""

    def change(*, flags: bool) -> int:
        with database.session() as session:
            [found] = session.scalars(select(Bill))
            found.items[0].position += 1
            if flags:
                flag_modified(found, "status")
            session.flush()
            return found.revision

    with database.session() as session:
        session.add(bill(items=[item(1)]))
    assert change(flags=False) == 1
    assert change(flags=True) == 2


@pytest.mark.parametrize("for_update", [False, True])
def test_an_object_is_got_by_its_primary_key(for_update: bool) -> None:
    with database.session() as session:
        session.add(bill())
    with database.session() as session:
        [key] = session.scalars(select(Bill.id))
        assert database.get_or_404(session, Bill, key, for_update=for_update).number == "2026-1"


@pytest.mark.parametrize("id", [0, 5, 2**63, 10**30])
def test_an_object_that_is_not_there_is_404(id: int) -> None:
    with (
        database.session() as session,
        pytest.raises(NotFound, match=f"Bill {id} not found.") as refused,
    ):
        database.get_or_404(session, Bill, id)
    assert refused.value.code == 404


def test_the_name_of_a_model_is_said_in_words() -> None:
    class PaidBill:
        """A second model of the same table."""

    registry().map_imperatively(PaidBill, Bill.__table__)
    with database.session() as session, pytest.raises(NotFound, match=r"Paid bill 5 not found\."):
        database.get_or_404(session, PaidBill, 5)


def test_an_object_that_is_locked_for_a_change_is_waited_for() -> None:
    with database.session() as session:
        session.add(bill())
    with database.session() as session:
        [key] = session.scalars(select(Bill.id))
        database.get_or_404(session, Bill, key, for_update=True)
        with pytest.raises(OperationalError, match="lock timeout"), database.session() as other:
            other.execute(text("SET LOCAL lock_timeout = '100ms'"))
            database.get_or_404(other, Bill, key, for_update=True)


def test_a_task_has_a_session_without_an_application(settings: Settings) -> None:
    def task(*, fails: bool = False) -> str:
        with database.task_session(settings) as session:
            session.add(bill("2026-2" if fails else "2026-1"))
            session.flush()
            if fails:
                raise ZeroDivisionError
            return str(session.scalar(text("SHOW statement_timeout")))

    with ThreadPoolExecutor(1) as thread:  # it has no application context
        assert thread.submit(task).result() == "0"
        with pytest.raises(ZeroDivisionError):
            thread.submit(task, fails=True).result()
    assert stored() == ["2026-1"]


def test_a_session_whose_block_raises_stores_nothing() -> None:
    with pytest.raises(ZeroDivisionError), database.session() as session:
        session.add(bill())
        session.flush()
        raise ZeroDivisionError
    assert stored() == []


def test_an_error_in_one_item_stores_nothing_of_the_bill() -> None:
    with pytest.raises(IntegrityError), database.session() as session:
        session.add(bill(items=[item(1), item(1)]))
    assert (stored(), count_items()) == ([], 0)


def test_a_session_that_is_rolled_back_stores_nothing() -> None:
    with database.session() as session:
        session.add(bill())
        session.flush()
        session.rollback()
    assert stored() == []


def test_a_session_cannot_be_committed_in_parts() -> None:
    with pytest.raises(InvalidRequestError), database.session() as session:
        session.add(bill())
        session.commit()
        session.add(bill("2026-2"))
        session.flush()
    assert stored() == ["2026-1"]


def test_a_savepoint_may_fail_alone() -> None:
    with database.session() as session:
        session.add(bill())
        session.flush()
        with pytest.raises(IntegrityError), session.begin_nested():
            session.add(bill())
        session.add(bill("2026-2"))
    assert stored() == ["2026-1", "2026-2"]


def test_a_session_within_a_session_is_a_transaction_of_its_own() -> None:
    with pytest.raises(ZeroDivisionError), database.session() as outer:
        outer.add(bill())
        outer.flush()
        with database.session() as inner:
            inner.add(bill("2026-2"))
        raise ZeroDivisionError
    assert stored() == ["2026-2"]


def test_a_transaction_is_committed_as_one() -> None:
    with database.transaction() as connection:
        connection.execute(INSERT)
        assert stored() == []
    assert stored() == ["2026-9"]


def test_a_transaction_whose_block_raises_stores_nothing() -> None:
    with pytest.raises(ZeroDivisionError), database.transaction() as connection:
        connection.execute(INSERT)
        raise ZeroDivisionError
    assert stored() == []


def test_a_transaction_that_the_code_begins_on_the_engine_is_rolled_back(context: Flask) -> None:
    engine: Engine = context.extensions["database"]
    with engine.connect() as connection, pytest.raises(ZeroDivisionError), connection.begin():
        connection.execute(INSERT)
        raise ZeroDivisionError
    with engine.connect() as connection:
        connection.execute(INSERT)  # without commit
    assert stored() == []


def test_autocommit_commits_each_statement() -> None:
    with pytest.raises(ZeroDivisionError), database.autocommit() as connection:
        connection.execute(INSERT)
        assert stored() == ["2026-9"]
        raise ZeroDivisionError
    assert stored() == ["2026-9"]


def test_both_modes_share_the_connections_of_one_pool(make: Make) -> None:
    with make(database__pool_size=1).app_context():
        mine = backend()
        with database.transaction() as connection:
            assert connection.scalar(text("SELECT pg_backend_pid()")) == mine
        test_a_transaction_whose_block_raises_stores_nothing()
        assert backend() == mine


def test_a_transaction_that_is_begun_in_sql_does_not_outlive_its_block(make: Make) -> None:
    with make(database__pool_size=1).app_context():
        with database.autocommit() as connection:
            connection.execute(text("BEGIN"))
            connection.execute(INSERT)
        assert stored() == []
        test_autocommit_commits_each_statement()


def test_a_statement_in_autocommit_is_all_that_is_sent(engine: Engine) -> None:
    """PostgreSQL keeps the last statement of a connection, which would be COMMIT or SET."""
    seen = text("SELECT query FROM pg_stat_activity WHERE pid = :pid")
    with database.autocommit() as connection:
        process = pid(connection)
        connection.execute(text("SELECT 4711"))
    with engine.connect() as watching:
        assert watching.scalar(seen, {"pid": process}) == "SELECT 4711"


# A connection may be lost at any point. The pool must not lose its place then.


def after_begin(kill: Callable[[int], None]) -> None:
    with database.transaction() as connection:
        kill(pid(connection))
        connection.execute(text("SELECT 1"))


def before_commit(kill: Callable[[int], None]) -> None:
    with database.transaction() as connection:
        connection.execute(INSERT)
        kill(pid(connection))


def before_rollback(kill: Callable[[int], None]) -> None:
    with database.transaction() as connection:
        kill(pid(connection))
        raise ZeroDivisionError


def unnoticed(kill: Callable[[int], None]) -> None:
    with database.transaction() as connection:
        own = pid(connection)
    kill(own)


def in_autocommit(kill: Callable[[int], None]) -> None:
    with database.autocommit() as connection:
        kill(pid(connection))
        connection.execute(text("SELECT 1"))


def after_autocommit(kill: Callable[[int], None]) -> None:
    with database.autocommit() as connection:
        kill(pid(connection))


def in_a_session(kill: Callable[[int], None]) -> None:
    with database.session() as session:
        session.add(bill())
        session.flush()
        kill(pid(session.connection()))


def in_a_serializable_session(kill: Callable[[int], None]) -> None:
    with database.session() as session:
        session.connection(execution_options={"isolation_level": "SERIALIZABLE"})
        session.add(bill())
        session.flush()
        kill(pid(session.connection()))


def pid(connection: object) -> int:
    return int(connection.scalar(text("SELECT pg_backend_pid()")))  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "phase",
    [
        after_begin,
        before_commit,
        before_rollback,
        unnoticed,
        in_autocommit,
        after_autocommit,
        in_a_session,
        in_a_serializable_session,
    ],
)
def test_a_connection_that_is_lost_leaves_its_place_in_the_pool(
    make: Make, engine: Engine, phase: Callable[[Callable[[int], None]], None]
) -> None:
    app = make(database__pool_size=1, database__connect_timeout_seconds=1)
    administrator = create_engine(engine.url, isolation_level="AUTOCOMMIT")

    def kill(process: int) -> None:
        with administrator.connect() as connection:
            connection.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": process})
        time.sleep(0.02)

    with app.app_context():
        for _ in range(5):  # more often than there are connections
            try:
                phase(kill)
            except (OperationalError, ZeroDivisionError):
                continue
        assert app.extensions["database"].pool.checkedout() == 0
        try:
            backend()
        except OperationalError:  # the loss was not noticed yet
            backend()
        test_a_transaction_whose_block_raises_stores_nothing()
        test_a_session_commits_a_bill_with_its_items()
    administrator.dispose()
