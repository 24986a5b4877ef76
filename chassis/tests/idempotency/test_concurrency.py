"""Requests with one key at the same time, and workers that are killed."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest
from sqlalchemy import Engine, text

from flask_chassis.testing import Bearer

from .conftest import Send
from .domain import EXECUTED, HOOKS

Numbers = Callable[[], list[str]]
Keys = Callable[[], int]

ADVISORY_LOCKS = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'")

KILLED = """
import json, os, signal, sys
from tests import conftest
from flask_chassis import settings
from tests.idempotency import domain
from tests.idempotency.conftest import create

def kill(*_):
    os.kill(os.getpid(), signal.SIGKILL)

app = create(settings.load())
if sys.argv[1] == "before the commit":
    domain.HOOKS.append(kill)
else:
    app.after_request(kill)
headers = json.loads(sys.argv[2])
app.test_client().post("/bills/with_session/", json={"number": "2026-1"}, headers=headers)
"""
"""A worker that is killed while it serves a request."""


def test_a_repetition_while_the_first_is_running_is_told_to_come_back(
    send: Send, numbers: Numbers
) -> None:
    runs, may_end = Event(), Event()

    def block() -> None:
        runs.set()
        may_end.wait(10)

    HOOKS.append(block)
    with ThreadPoolExecutor() as pool:
        first = pool.submit(send)
        assert runs.wait(10)
        started = time.monotonic()
        second = send()
        seconds = time.monotonic() - started
        HOOKS.clear()
        others = [send(key="k2", number="2"), send(user="bob", number="3")]
        may_end.set()
        assert first.result().status_code == 201
    assert (second.status_code, second.headers["Retry-After"]) == (409, "1")
    assert second.json["message"].startswith("A request with this Idempotency-Key is still running")
    assert seconds < 5  # the first one runs for 10 seconds unless it is released
    assert [each.status_code for each in others] == [201, 201]
    assert send().headers["Idempotency-Replayed"] == "true"
    assert numbers() == ["2", "2026-1", "3"]


def test_many_requests_with_one_key_are_executed_once(
    send: Send, numbers: Numbers, keys: Keys
) -> None:
    def insist(_: int) -> bool:
        for _ in range(200):
            answer = send("with_all", number="1")
            if answer.status_code == 201:
                return "Idempotency-Replayed" in answer.headers
            assert answer.status_code == 409
            time.sleep(0.01)
        raise AssertionError

    with ThreadPoolExecutor(8) as pool:
        replayed = [*pool.map(insist, range(24))]
    assert sorted(replayed) == [False] + [True] * 23
    assert (len(EXECUTED), len(numbers()), keys()) == (1, 3, 1)


def test_many_different_requests_do_not_disturb_each_other(
    send: Send, numbers: Numbers, keys: Keys
) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = [*pool.map(lambda each: send(key=f"k{each}", number=f"{each:02}"), range(24))]
    assert {each.status_code for each in answers} == {201}
    assert (len(numbers()), keys()) == (24, 24)


@pytest.mark.parametrize(
    ("moment", "executed_again"), [("before the commit", True), ("after the commit", False)]
)
def test_a_request_whose_worker_is_killed_can_be_repeated(
    send: Send, numbers: Numbers, keys: Keys, bearer: Bearer, moment: str, executed_again: bool
) -> None:
    headers = json.dumps({**bearer("ada"), "Idempotency-Key": "k1"})
    folder = Path(__file__).parents[2]
    ended = subprocess.run(
        [sys.executable, "-c", KILLED, moment, headers], cwd=folder, env=os.environ, check=False
    )
    assert ended.returncode == -signal.SIGKILL
    deadline = time.monotonic() + 10
    answer = send()
    # Until the server notices that the connection is lost.
    while answer.status_code == 409 and time.monotonic() < deadline:
        time.sleep(0.05)
        answer = send()
    assert (answer.status_code, answer.json) == (201, {"number": "2026-1"})
    assert (len(EXECUTED) == 1) is executed_again
    assert ("Idempotency-Replayed" in answer.headers) is not executed_again
    assert (numbers(), keys()) == (["2026-1"], 1)


@pytest.mark.parametrize("way", ["with_session", "then_failing", "then_refusing"])
def test_a_connection_keeps_nothing_of_a_request(send: Send, engine: Engine, way: str) -> None:
    # Behind PgBouncer in transaction mode, the next transaction may be of another client.
    send(way)
    send(way)
    with engine.connect() as connection:
        assert connection.scalar(ADVISORY_LOCKS) == 0
        assert (
            connection.scalar(
                text(
                    "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'"
                )
            )
            == 0
        )
