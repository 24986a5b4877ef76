"""A service behind its own PgBouncer, where transactions of all clients share two connections."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import psycopg2  # type: ignore[import-untyped]
import pytest
import requests

from tasks.checks import thoughts, verdict
from tasks.checks.caller import Caller
from tasks.running_service import RunningService
from tests.full.pgbouncer import CONNECTIONS, pgbouncer, variables_of_pods
from tests.services import InstalledService

Call = Caller[RunningService]

CLIENTS = 8


@pytest.fixture(scope="module")
def call(
    rendered_service: InstalledService, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Call]:
    """The example service. Its migrations went to the server itself, as its Job's do."""
    service = RunningService(rendered_service.path, tmp_path_factory.mktemp("running"))
    try:
        service.server.start()
        service.prepare()
        with pgbouncer(service.folder, variables_of_pods(service)) as port:
            service.supplied["database.port"] = str(port)
            service.serve()
            try:
                yield Caller(service)
            finally:
                service.end()
    finally:
        service.stop()


def write(call: Call, text: str, key: str) -> requests.Response:
    """Write a thought with an idempotency key."""
    headers = call.ada | {"Idempotency-Key": key}
    url = f"{call.service.address}{call.own}"
    return requests.post(url, json={"text": text}, headers=headers, timeout=30)


def test_it_serves_all_that_the_demo_does(call: Call) -> None:
    assert verdict.passes(thoughts.CHECKS, call)


def test_clients_that_repeat_a_request_at_once_create_one(call: Call) -> None:
    """Of each key one is executed; the others are replayed, or told that it is being executed."""
    with ThreadPoolExecutor(CLIENTS) as threads:
        for number in range(5):
            key = f"key-{number}"
            text = f"Repeated behind PgBouncer {number}."
            given = list(threads.map(write, [call] * CLIENTS, [text] * CLIENTS, [key] * CLIENTS))
            statuses = Counter(each.status_code for each in given)
            assert statuses.keys() <= {201, 409}, statuses
            created = [each.json()["id"] for each in given if each.status_code == 201]
            assert len(created) >= 1
            assert len(set(created)) == 1
            # Once more, when all is done: the response is that of the first.
            again = write(call, text, key)
            assert (again.status_code, again.json()["id"]) == (201, created[0])
            found = call("GET", f"{call.all}?search={text}", 200).json()
            assert [each["id"] for each in found] == created[:1]
    assert write(call, "Another text.", "key-0").status_code == 422


def test_different_keys_at_once_do_not_wait_for_each_other_for_ever(call: Call) -> None:
    """More transactions than connections, each of several statements."""
    texts = [f"Written at once {number}." for number in range(4 * CLIENTS)]
    with ThreadPoolExecutor(CLIENTS) as threads:
        keys = [f"at-once-{number}" for number in range(len(texts))]
        given = list(threads.map(write, [call] * len(texts), texts, keys))
    assert Counter(each.status_code for each in given) == {201: len(texts)}
    found = call("GET", f"{call.all}?search=Written at once&limit=100", 200).json()
    assert {each["text"] for each in found} == set(texts)


def test_no_setting_of_a_transaction_stays_on_a_shared_connection(call: Call) -> None:
    """Searches and idempotent requests have time limits of their own, in their transactions."""
    for number in range(2 * CONNECTIONS):
        call("GET", f"{call.all}?search=once&count=true", 200)
        assert write(call, f"Limits {number}.", f"limits-{number}").status_code == 201
    given = call.service.variables()
    address = {
        "host": "127.0.0.1",
        "port": int(given["THOUGHTS_BACKEND_DATABASE__PORT"]),
        "user": "thoughts_backend",
        "password": given["THOUGHTS_BACKEND_DATABASE__PASSWORD"],
        "dbname": "thoughts_backend",
    }
    found = set()
    # Open transactions keep their connections: so each client sees another one.
    clients = [psycopg2.connect(**address) for _ in range(CONNECTIONS)]
    for client in clients:
        with client.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid(), current_setting('statement_timeout')")
            found.add(cursor.fetchone())
            cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'")
            assert cursor.fetchone() == (0,)
    for client in clients:
        client.close()
    assert len(found) == CONNECTIONS
    assert {timeout for _, timeout in found} == {"15s"}


def test_a_pool_whose_connections_the_server_ends_recovers(call: Call) -> None:
    server = call.service.server.url("postgres")
    with closing(psycopg2.connect(server)) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s",
            ("thoughts_backend",),
        )
    statuses = [
        requests.get(f"{call.service.address}{call.all}", timeout=30).status_code for _ in range(20)
    ]
    assert set(statuses) <= {200, 503}
    assert statuses[-1] == 200
