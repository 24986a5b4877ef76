"""Keys expire, and the table does not grow for ever."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from invoke import Context, Exit
from sqlalchemy import Engine, text

from flask_chassis.idempotency import store
from flask_chassis.tasks import database as tasks

from .conftest import Send
from .domain import EXECUTED

Keys = Callable[[], int]

EXPIRE = text("UPDATE idempotency_keys SET expires = now() - interval '1 second'")
DAY = timedelta(days=1)


def stored(fingerprint: str = "f") -> store.Stored:
    """Return a response."""
    return store.Stored(fingerprint, 201, [], b"{}")


def expire(engine: Engine) -> None:
    """Let all keys expire."""
    with engine.begin() as connection:
        connection.execute(EXPIRE)


def test_a_key_is_kept_for_the_hours_of_the_setting(send: Send, engine: Engine) -> None:
    send()
    with engine.connect() as connection:
        left = connection.scalar(text("SELECT expires - now() FROM idempotency_keys"))
    assert timedelta(hours=23, minutes=59) < left <= DAY


def test_an_expired_key_is_new_again(send: Send, engine: Engine, keys: Keys) -> None:
    send(number="1")
    expire(engine)
    assert send(number="2").status_code == 201
    assert len(EXECUTED) == 2
    assert send(number="2").headers["Idempotency-Replayed"] == "true"
    assert keys() == 1


def test_each_new_key_removes_a_few_expired_ones(send: Send, engine: Engine, keys: Keys) -> None:
    with engine.begin() as connection:
        for number in range(store.REMOVED_AT_ONCE + 5):
            store.add(connection, f"{number:064}", stored(), DAY)
    expire(engine)
    send()
    assert keys() == 5 + 1
    send(key="k2", number="2")
    assert keys() == 2


def test_expired_keys_that_another_transaction_removes_are_not_waited_for(
    send: Send, engine: Engine
) -> None:
    send(number="1")
    expire(engine)
    with engine.begin() as connection:
        assert store.remove_expired(connection, 10) == 1
        assert send(key="k2", number="2").status_code == 201


def test_a_scope_has_one_response_even_without_its_lock(send: Send, engine: Engine) -> None:
    with engine.begin() as connection:
        assert store.add(connection, "0" * 64, stored("first"), DAY)
        assert not store.add(connection, "0" * 64, stored("second"), DAY)
        found = store.find(connection, "0" * 64)
    assert found is not None
    assert found.fingerprint == "first"


def test_the_task_removes_all_that_have_expired(
    send: Send,
    engine: Engine,
    keys: Keys,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(tasks, "FORGOTTEN_AT_ONCE", 2)
    for number in range(6):
        send(key=f"k{number}", number=str(number))
    expire(engine)
    with engine.begin() as connection:
        connection.execute(
            text(
                "UPDATE idempotency_keys SET expires = now() + interval '1 day' "
                "WHERE ctid = (SELECT min(ctid) FROM idempotency_keys)"
            )
        )
    capsys.readouterr()
    tasks.forget_idempotency_keys(Context())
    assert capsys.readouterr().out == "Expired idempotency keys removed: 5.\n"
    assert keys() == 1


def test_the_task_says_so_if_there_is_no_table(send: Send, engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE idempotency_keys RENAME TO hidden"))
    try:
        with pytest.raises(Exit, match=r"no table idempotency_keys: .* Run db\.migrate"):
            tasks.forget_idempotency_keys(Context())
    finally:
        with engine.begin() as connection:
            connection.execute(text("ALTER TABLE hidden RENAME TO idempotency_keys"))
