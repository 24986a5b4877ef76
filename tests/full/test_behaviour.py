"""The running service as its operators know it: its logs, its metrics, its database, its end."""

import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any

import psycopg2  # type: ignore[import-untyped]
import pytest
import requests

from tasks.checks.caller import Caller
from tasks.ports import free_port
from tasks.running_service import RunningService
from tests.full.metrics import ID, counted, counted_since
from tests.full.programs import Finished, run
from tests.services import InstalledService, clean_environment
from tests.waiting import eventually, soon

THREADS = 8
REQUESTS = 400

Record = dict[str, Any]


def records(service: RunningService) -> list[Record]:
    """Return what a service has logged so far; each line must be a JSON object."""
    whole, _, _ = service.log.read_text("utf-8").rpartition("\n")
    found: list[Record] = [json.loads(line) for line in whole.splitlines()]
    for record in found:
        assert record.keys() >= {"timestamp", "level", "logger", "message"}, record
    return found


def logged(service: RunningService, identifier: str) -> list[Record]:
    """Return the records of a request, once it is logged that it was answered."""

    def found() -> list[Record]:
        return [one for one in records(service) if one.get("request_id") == identifier]

    eventually(lambda: any(record["logger"] == "access" for record in found()))
    return found()


@contextmanager
def database(service: RunningService) -> Iterator[Any]:
    """Lend a transaction in the service's database, which is taken back in the end."""
    with closing(psycopg2.connect(service.database)) as connection, connection.cursor() as cursor:
        yield cursor


def answered(
    call: Caller[RunningService], method: str, path: str, **more: Any
) -> requests.Response:
    """Return the answer to a request, whatever it is."""
    return requests.request(method, f"{call.service.address}{path}", timeout=30, **more)


def stored(service: RunningService) -> set[int]:
    """Return the ids of all that is stored."""
    with database(service) as cursor:
        cursor.execute(f'SELECT id FROM "{service.resources}"')  # noqa: S608  (its own name)
        return {row[0] for row in cursor.fetchall()}


# Metrics and logs.


def test_metrics_and_logs_count_what_was_asked_under_load(call: Caller[RunningService]) -> None:
    one, removed = f"{call.all}{ID}/", f"{call.admin}{ID}/"
    text = {"text": "x"}
    # What is asked, and how it is counted.
    kinds: list[tuple[tuple[str, str, dict[str, Any]], tuple[str, str, int]]] = [
        (("GET", call.all, {}), ("GET", call.all, 200)),
        (("GET", f"{call.all}?search=x&limit=5", {}), ("GET", call.all, 200)),
        (("GET", f"{call.all}?limit=0", {}), ("GET", call.all, 400)),
        (("GET", f"{call.all}{2**62}/", {}), ("GET", one, 404)),
        (("GET", call.own, {"headers": call.ada}), ("GET", call.own, 200)),
        (("GET", call.own, {}), ("GET", call.own, 401)),
        (("POST", call.own, {"headers": call.ada, "json": text}), ("POST", call.own, 201)),
        (("POST", call.own, {"headers": call.ada, "json": {}}), ("POST", call.own, 400)),
        (("DELETE", f"{call.admin}1/", {"headers": call.ada}), ("DELETE", removed, 403)),
        (("BREW", "/nowhere/at/all", {}), ("other", "unmatched", 404)),
    ]
    load = kinds * (REQUESTS // len(kinds))
    service = call.service
    counted_before, logged_before = counted(service), len(records(service))
    stored_before = stored(service)
    with ThreadPoolExecutor(THREADS) as threads:
        asked = [
            threads.submit(answered, call, method, path, **more) for (method, path, more), _ in load
        ]
        answers = [answer.result() for answer in asked]
    assert [answer.status_code for answer in answers] == [status for _, (_, _, status) in load]
    expected = dict(Counter(label for _, label in load))
    assert soon(lambda: counted_since(counted_before, service), expected) == expected
    identifiers = {answer.headers["X-Request-ID"] for answer in answers}
    assert len(identifiers) == len(load)

    def identifiers_in_the_log() -> list[str]:
        new = records(service)[logged_before:]
        return sorted(record["request_id"] for record in new if record["logger"] == "access")

    assert soon(identifiers_in_the_log, sorted(identifiers)) == sorted(identifiers)
    made = {answer.json()["id"] for answer in answers if answer.status_code == 201}
    assert stored(service) - stored_before == made


def test_a_request_is_logged_with_its_identifier_and_without_its_query(
    call: Caller[RunningService],
) -> None:
    headers = call.ada | {"X-Request-ID": "order-17"}
    answer = answered(call, "GET", f"{call.own}?limit=7", headers=headers)
    assert answer.headers["X-Request-ID"] == "order-17"
    [record] = logged(call.service, "order-17")
    assert (record["method"], record["path"], record["route"]) == ("GET", call.own, call.own)
    assert record["status"] == 200
    assert record["duration_ms"] > 0
    assert "limit" not in json.dumps(record)


@pytest.fixture
def broken(running: RunningService) -> Iterator[None]:
    """A service whose table has gone."""
    table, away = f'"{running.resources}"', '"elsewhere"'
    with database(running) as cursor:
        cursor.execute(f"ALTER TABLE {table} RENAME TO {away}; COMMIT")
        yield
        cursor.execute(f"ALTER TABLE {away} RENAME TO {table}; COMMIT")


@pytest.mark.usefixtures("broken")
def test_an_unforeseen_error_is_told_to_operators_and_not_to_callers(
    call: Caller[RunningService],
) -> None:
    query = {"search": "S3cretSearch"}
    headers = {"X-Request-ID": "unforeseen"}
    answer = answered(call, "GET", call.all, params=query, headers=headers)
    assert (answer.status_code, answer.json()) == (500, {"message": "Internal server error."})
    error, access = logged(call.service, "unforeseen")
    assert (error["level"], access["status"]) == ("ERROR", 500)
    assert "UndefinedTable" in error["exc_info"]
    assert "S3cret" not in json.dumps(error)


def test_no_secret_is_logged(call: Caller[RunningService]) -> None:
    """Neither from where it belongs, nor from where a caller puts it by mistake."""
    token = call.ada["Authorization"].removeprefix("Bearer ")
    password = {"password": "S3cretPassword"}
    for method, path, more in (
        ("GET", call.own, {"headers": call.ada}),
        ("GET", f"{call.own}?token={token}", {}),
        ("GET", f"{call.own}?password=S3cretPassword", {"headers": {"Authorization": token}}),
        ("GET", f"{call.all}?search=S3cretSearch", {}),
        ("GET", f"{call.all}?search=S3cretSearch&limit=0", {}),
        ("GET", f"{call.all.rstrip('/')}?search=S3cretSearch", {"allow_redirects": False}),
        ("GET", f"{call.own}?token=" + "S3cretToken" * 900, {}),
        ("POST", call.own, {"headers": call.ada, "json": {"text": "S3cretText"}}),
        ("POST", call.own, {"headers": call.ada, "json": password}),
        ("POST", call.own, {"headers": call.ada, "data": password}),
        ("GET", call.own, {"headers": {"Authorization": f"Basic {token}"}}),
        ("GET", call.own, {"headers": call.ada | {"Cookie": "session=S3cretCookie" * 1200}}),
    ):
        answered(call, method, path, **more)
    # Its headers are too large together: it is not answered.
    with suppress(requests.ConnectionError):
        answered(call, "GET", call.own, headers={"Cookie": "session=S3cretCookie" * 2000})
    answered(call, "GET", call.all, headers={"X-Request-ID": "the-last"})
    assert logged(call.service, "the-last")
    everything = call.service.log.read_text("utf-8")
    for secret in (token, token.split(".")[2], "S3cret", secret_of_the_database(call.service)):
        assert secret not in everything


def secret_of_the_database(service: RunningService) -> str:
    """Return the password that the service was given."""
    variables = service.variables()
    [password] = [value for name, value in variables.items() if name.endswith("DATABASE__PASSWORD")]
    return password


# Its database.


def test_a_lost_database_is_503_and_no_acknowledged_write_is_lost(
    call: Caller[RunningService],
) -> None:
    service, numbers, is_over = call.service, count(), threading.Event()
    statuses: set[int] = set()
    acknowledged: set[int] = set()

    def write() -> None:
        while not is_over.is_set():
            text = {"text": f"Written while it comes and goes {next(numbers)}"}
            answer = answered(call, "POST", call.own, headers=call.ada, json=text)
            statuses.add(answer.status_code)
            if answer.status_code == 201:
                acknowledged.add(answer.json()["id"])
            else:
                assert answer.json()["message"]
                time.sleep(0.05)

    with ThreadPoolExecutor(THREADS) as threads:
        writers = [threads.submit(write) for _ in range(THREADS)]
        try:
            eventually(lambda: len(acknowledged) > 50)
            service.server.stop()
            try:
                eventually(lambda: 503 in statuses)
                lost = answered(call, "GET", call.all)
                assert (lost.status_code, lost.headers["Retry-After"]) == (503, "2")
                assert lost.json().keys() == {"message"}
                assert "127.0.0.1" not in lost.text
                unready = answered(call, "GET", "/health/ready")
                assert (unready.status_code, unready.json()["checks"]) == (
                    503,
                    {"database": "unreachable", "token_keys": "ok"},
                )
                assert answered(call, "GET", "/health/live").status_code == 200
                # A refusal needs no database.
                assert answered(call, "POST", call.own, json={}).status_code == 401
            finally:
                service.server.start()
            so_far = len(acknowledged)
            eventually(service.is_ready)
            eventually(lambda: len(acknowledged) > so_far + 50)
        finally:
            is_over.set()
        for writer in writers:
            writer.result()
    assert statuses == {201, 503}
    assert acknowledged <= stored(service)


# The keys of the tokens.


def test_keys_come_and_go_without_a_restart(call: Caller[RunningService]) -> None:
    service = call.service
    keys = service.private / "keys"
    [first] = (keys / "public").iterdir()
    service.run("keys.generate", "--kid", "second", "--folder", str(keys))
    (keys / "private" / "signing-kid").write_text("second")
    second = {"Authorization": f"Bearer {service.token('ada')}"}
    assert_all_workers_answer(call, second, 200)
    assert_all_workers_answer(call, call.ada, 200)
    away = first.rename(keys / first.name)
    assert_all_workers_answer(call, call.ada, 401)
    assert_all_workers_answer(call, second, 200)
    away.rename(first)
    assert_all_workers_answer(call, call.ada, 200)


def assert_all_workers_answer(
    call: Caller[RunningService], headers: dict[str, str], status: int
) -> None:
    """See that a token is soon answered so, by whichever worker it comes to."""
    with ThreadPoolExecutor(THREADS) as threads:

        def statuses() -> set[int]:
            asked = [
                threads.submit(answered, call, "GET", call.own, headers=headers)
                for _ in range(5 * THREADS)
            ]
            return {answer.result().status_code for answer in asked}

        assert soon(statuses, {status}) == {status}


# Its start and its end.


def test_its_end_lets_a_running_request_finish_and_is_logged_to_the_last(
    rendered_service: InstalledService, tmp_path: Path
) -> None:
    service = RunningService(rendered_service.path, tmp_path)
    try:
        service.start()
        call = Caller(service)
        with ThreadPoolExecutor() as threads, database(service) as cursor:
            cursor.execute(f'LOCK TABLE "{service.resources}" IN EXCLUSIVE MODE')
            text = {"text": "Slow"}
            slow = threads.submit(answered, call, "POST", call.own, headers=call.ada, json=text)
            eventually(lambda: is_waiting(service))
            end = threads.submit(service.end)
            eventually(lambda: "gracefully" in service.log.read_text("utf-8"))
            assert not slow.done()
            assert not end.done()
            cursor.execute("COMMIT")
            assert slow.result().status_code == 201
            assert end.result() == 0
        assert slow.result().json()["id"] in stored(service)
        assert service.log.read_text("utf-8").endswith("}\n")
        found = records(service)
        assert [one["status"] for one in found if one["logger"] == "access"][-1] == 201
        assert not [one for one in found if "Traceback" in json.dumps(one)]
    finally:
        service.stop()


def is_waiting(service: RunningService) -> bool:
    """Whether a statement waits for a lock."""
    with database(service) as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
        row = cursor.fetchone()
        return row is not None and row[0] > 0


Supplied = dict[str, str]


@pytest.fixture
def supplied(running: RunningService) -> Supplied:
    """All that production needs, in environment variables."""
    given = running.variables()
    return {key: value for key, value in given.items() if key not in clean_environment()}


def start(running: RunningService, supplied: Supplied) -> Finished:
    """Start a service that must not start, as the container does."""
    command = running.folder / ".venv" / "bin" / running.service.command
    ports = ["--port", str(free_port()), "--metrics-port", str(free_port())]
    refused = run([command, "run", *ports], running.folder, supplied, seconds=60)
    assert refused.returncode != 0
    for line in refused.stdout.splitlines():
        json.loads(line)
    return refused


def test_it_does_not_start_without_saying_which_version_it_is(
    running: RunningService, supplied: Supplied
) -> None:
    for missing in ("VERSION_NAME", "VERSION_SHA"):
        refused = start(running, supplied | {missing: ""})
        assert f"{missing} not set" in refused.stdout + refused.stderr


def test_it_does_not_start_without_public_keys(
    running: RunningService, supplied: Supplied, tmp_path: Path
) -> None:
    [name] = [name for name in supplied if name.endswith("PUBLIC_KEYS_FOLDER")]
    private = running.private / "keys" / "private"
    for folder, sentence in (
        (tmp_path / "nowhere", "There is no folder of public keys"),
        (tmp_path, "There is no usable public key"),
        (private, "There is no usable public key"),
    ):
        refused = start(running, supplied | {name: str(folder)})
        assert sentence in refused.stdout + refused.stderr


def test_it_does_not_start_without_what_is_required(
    running: RunningService, supplied: Supplied
) -> None:
    needed = [name for name in supplied if "__" in name]
    refused = start(running, {k: v for k, v in supplied.items() if k not in needed})
    said = refused.stdout + refused.stderr
    assert "Traceback" not in said
    for key in ("database.host", "database.password"):
        assert f"{key} is missing: set " in said


def test_it_does_not_start_in_an_unknown_environment(
    running: RunningService, supplied: Supplied
) -> None:
    [name] = [name for name in supplied if name.endswith("_ENVIRONMENT")]
    refused = start(running, supplied | {name: "production.moon"})
    assert refused.stderr.strip() == (
        f"{name} is 'production.moon', which settings.yaml has no section for. Known environments: "
        "development.compose, development.kubernetes, development.local, production.kubernetes, "
        "staging.kubernetes, tests.compose, tests.local."
    )
