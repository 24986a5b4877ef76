"""The key and what the view writes are committed together, or neither is."""

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from flask import Flask
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from flask_chassis.db import database

from .conftest import Send
from .domain import EXECUTED, HOOKS

Numbers = Callable[[], list[str]]
Keys = Callable[[], int]


def test_nothing_is_committed_before_the_view_has_returned(
    send: Send, numbers: Numbers, keys: Keys
) -> None:
    seen = []
    HOOKS.append(lambda: seen.append((numbers(), keys())))
    assert send("with_all", number="1").status_code == 201
    assert seen == [([], 0)]
    assert (len(numbers()), keys()) == (3, 1)


@pytest.mark.parametrize(
    ("way", "status"),
    [
        ("then_raising", 404),
        ("then_failing", 500),
        ("then_refusing", 409),
        ("then_committing", 500),
        ("then_rolling_back", 500),
        ("deferred", 400),
        ("streaming", 500),
    ],
)
def test_a_request_that_fails_stores_nothing_and_can_be_repeated(
    send: Send, numbers: Numbers, keys: Keys, way: str, status: int
) -> None:
    for attempt in (1, 2):
        failed = send(way)
        assert failed.status_code == status
        assert "Idempotency-Replayed" not in failed.headers
        assert (len(EXECUTED), numbers(), keys()) == (attempt, [], 0)


def test_a_body_that_is_not_valid_stores_nothing(send: Send, keys: Keys) -> None:
    assert send(json={}).status_code == 400
    assert keys() == 0
    assert send().status_code == 201


def test_a_value_that_the_database_refuses_can_be_mended_with_the_same_key(
    send: Send, numbers: Numbers
) -> None:
    assert send(number="x" * 30).status_code == 400
    assert send(number="x").status_code == 201
    assert numbers() == ["x"]


def test_a_taken_number_is_a_conflict_every_time(send: Send, keys: Keys) -> None:
    send(key=None)
    for _ in range(2):
        refused = send()
        assert (refused.status_code, refused.json["errors"].keys()) == (409, {"number"})
        assert "Retry-After" not in refused.headers
    assert keys() == 0


def test_a_block_may_fail_alone(send: Send, numbers: Numbers, keys: Keys) -> None:
    assert send("with_savepoints").status_code == 201
    assert (numbers(), keys()) == (["2026-1"], 1)


def test_a_session_may_be_rolled_back(send: Send, numbers: Numbers, keys: Keys) -> None:
    assert send("session_rolled_back").status_code == 201
    assert (numbers(), keys()) == ([], 1)


def test_a_connection_that_is_lost_stores_nothing(send: Send, numbers: Numbers, keys: Keys) -> None:
    def lose() -> None:
        with database.transaction() as connection:
            connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

    HOOKS.append(lose)
    assert send().status_code == 503
    HOOKS.clear()
    assert (numbers(), keys()) == ([], 0)
    assert send().status_code == 201


def test_blocks_of_a_joint_transaction_see_each_other_and_are_undone_together(
    idempotent: Flask, send: Send, numbers: Numbers
) -> None:
    insert = text("INSERT INTO bills (number, customer, due, status, revision) VALUES "
                  "(:number, :number, now(), 'draft', 1)")  # fmt: skip
    with idempotent.app_context():
        with pytest.raises(ZeroDivisionError), database.joint_transaction():
            with database.session() as session:
                session.execute(insert, {"number": "1"})
            with database.transaction() as connection:
                assert connection.scalar(text("SELECT count(*) FROM bills")) == 1
            with pytest.raises(IntegrityError), database.autocommit() as connection:
                connection.execute(insert, {"number": "1"})
            with database.joint_transaction() as connection:
                assert connection.scalar(text("SELECT count(*) FROM bills")) == 1
            raise ZeroDivisionError
        assert numbers() == []
        with database.transaction() as connection:
            connection.execute(insert, {"number": "2"})
    assert numbers() == ["2"]


@pytest.mark.parametrize(
    ("end", "message"),
    [(Connection.commit, r"take commit\(\) out"), (Connection.rollback, r"raise an exception")],
)
@pytest.mark.parametrize("part", [database.transaction, database.autocommit])
def test_a_joint_transaction_is_not_ended_by_a_part_of_it(
    idempotent: Flask,
    send: Send,
    part: Callable[[], AbstractContextManager[Connection]],
    end: Callable[[Connection], None],
    message: str,
) -> None:
    with (
        idempotent.app_context(),
        pytest.raises(RuntimeError, match=message),
        database.joint_transaction(),
        part() as connection,
    ):
        connection.execute(text("SELECT 1"))
        end(connection)
