"""The cached keys of the issuer: kept fresh, and the issuer spared. A real server, real threads.

The clock is the test's own: nothing here waits for time to pass.
"""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from flask_chassis.auth import jwks_client
from flask_chassis.auth.jwks import Keys
from flask_chassis.auth.public_keys import KeysUnavailableError, PublicKeys
from flask_chassis.auth.remote_keys import Bounds, RemoteKeys

from ..jwks_server import JwksServer

PATIENT = 30
"""Seconds that are longer than anything takes here, so that only what hangs runs into them."""


class Clock:
    """A clock that goes on when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    """A clock that stands still."""
    return Clock()


@pytest.fixture(scope="session")
def first(key: Path) -> RSAPublicKey:
    """A public key."""
    return PublicKeys(key.parent.parent / "public").all()["tests"]


@pytest.fixture(scope="session")
def second(other_key: Path) -> RSAPublicKey:
    """Another public key."""
    return PublicKeys(other_key.parent.parent / "public").all()["other"]


@pytest.fixture
def server(first: RSAPublicKey) -> Iterator[JwksServer]:
    """An issuer that publishes the key `first`."""
    with JwksServer() as made:
        made.publish({"first": first})
        yield made


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the server be silent for as long as it takes on a busy machine."""
    monkeypatch.setattr(jwks_client, "SILENCE_SECONDS", float(PATIENT))


Make = Callable[..., RemoteKeys]


@pytest.fixture
def make(server: JwksServer, clock: Clock) -> Make:
    """Make keys that are fetched from the server; `wait` is long where nothing else is said."""

    def makes(wait: float = PATIENT, **bounds: float) -> RemoteKeys:
        fetch = partial(jwks_client.fetch, server.url, timeout_seconds=PATIENT)
        return RemoteKeys(fetch, Bounds(wait=wait, **bounds), clock)

    return makes


def settle(keys: RemoteKeys) -> None:
    """Wait until the attempt that runs has ended."""
    assert keys._newest is not None
    assert keys._newest.ended.wait(PATIENT)


def test_keys_are_fetched_when_they_are_needed_and_then_kept(
    make: Make, server: JwksServer, first: RSAPublicKey
) -> None:
    keys = make()
    assert server.asked == 0
    assert [keys.get("first") for _ in range(100)] == [first] * 100
    assert server.asked == 1


def test_keys_are_fetched_at_the_start(make: Make, server: JwksServer) -> None:
    keys = make()
    keys.warm_up()
    assert keys.is_ready()
    assert server.asked == 1


def test_an_old_cache_is_refreshed_and_a_removed_key_is_gone(
    make: Make, server: JwksServer, clock: Clock, first: RSAPublicKey, second: RSAPublicKey
) -> None:
    keys = make(cache=300)
    keys.warm_up()
    server.publish({"second": second})
    clock.now += 300
    assert keys.get("first") == first
    assert server.asked == 1
    clock.now += 1
    keys.get("first")
    settle(keys)
    assert server.asked == 2
    assert (keys.get("first"), keys.get("second")) == (None, second)


def test_a_probe_keeps_the_keys_of_an_idle_service_fresh(
    make: Make, server: JwksServer, clock: Clock, second: RSAPublicKey
) -> None:
    keys = make()
    keys.warm_up()
    server.publish({"second": second})
    clock.now += 301
    assert keys.is_ready()
    settle(keys)
    assert keys.get("first") is None


def test_an_unknown_key_is_asked_for_at_once(
    make: Make, server: JwksServer, clock: Clock, first: RSAPublicKey, second: RSAPublicKey
) -> None:
    keys = make()
    keys.warm_up()
    server.publish({"first": first, "second": second})
    clock.now += 10
    assert keys.get("second") == second
    assert server.asked == 2


def test_a_flood_of_unknown_keys_is_none_for_the_issuer(
    make: Make, server: JwksServer, clock: Clock, first: RSAPublicKey
) -> None:
    keys = make(again=10)
    keys.warm_up()
    for seconds in range(1, 61):
        clock.now += 1
        with ThreadPoolExecutor(16) as pool:
            found = list(pool.map(keys.get, [f"{seconds}-{n}" for n in range(32)] + ["first"]))
        assert found == [None] * 32 + [first]
        assert server.asked == 1 + seconds // 10


def test_many_threads_that_need_a_key_at_once_fetch_it_once(
    make: Make, server: JwksServer, first: RSAPublicKey
) -> None:
    keys = make()
    start = threading.Barrier(32)

    def get(_: int) -> RSAPublicKey | None:
        start.wait()
        return keys.get("first")

    with ThreadPoolExecutor(32) as pool:
        assert list(pool.map(get, range(32))) == [first] * 32
    assert server.asked == 1


def test_nobody_waits_long_for_a_slow_issuer_and_for_a_known_key_not_at_all(
    make: Make, server: JwksServer, clock: Clock, first: RSAPublicKey
) -> None:
    keys = make(wait=0.05)
    with pytest.raises(KeysUnavailableError):
        server.open.clear()
        keys.get("first")
    server.open.set()
    settle(keys)
    assert keys.get("first") == first

    # From here on a wait would be one without end: the clock stands, the server does not answer.
    server.open.clear()
    clock.now += 301
    waiting = make(wait=PATIENT)
    waiting._fetched = keys._fetched
    with ThreadPoolExecutor(1) as pool:
        unknown = pool.submit(waiting.get, "unknown")
        assert [waiting.get("first") for _ in range(100)] == [first] * 100
        assert not unknown.done()
        server.open.set()
        assert unknown.result(PATIENT) is None


def test_who_comes_late_waits_only_for_what_is_left_of_the_bound(
    make: Make, server: JwksServer, clock: Clock
) -> None:
    keys = make(wait=5, again=10)
    server.open.clear()
    keys.is_ready()
    clock.now += 5
    with pytest.raises(KeysUnavailableError):
        keys.get("unknown")  # at once: the five seconds have passed
    assert server.asked <= 1


def test_while_the_issuer_is_down_known_keys_serve_and_unknown_ones_are_503(
    make: Make, server: JwksServer, clock: Clock, first: RSAPublicKey
) -> None:
    keys = make(cache=300, again=10, stale=86400)
    keys.warm_up()
    server.stop()
    clock.now += 3600
    assert keys.get("first") == first
    settle(keys)
    assert keys.is_ready()
    with pytest.raises(KeysUnavailableError) as refused:
        keys.get("unknown")
    assert refused.value.code == 503
    assert dict(refused.value.get_headers())["Retry-After"]


def test_known_keys_do_not_serve_for_ever(
    make: Make, server: JwksServer, clock: Clock, first: RSAPublicKey
) -> None:
    keys = make(stale=86400)
    keys.warm_up()
    server.status = 500
    clock.now += 86400
    assert keys.get("first") == first
    settle(keys)
    clock.now += 11
    with pytest.raises(KeysUnavailableError):
        keys.get("first")
    assert keys.is_ready()  # elsewhere is no better, and what needs no token is served
    server.status = 200
    clock.now += 11
    assert keys.get("first") == first


def test_a_document_that_is_none_takes_no_key_away(
    make: Make, server: JwksServer, clock: Clock, first: RSAPublicKey
) -> None:
    keys = make()
    keys.warm_up()
    for body in (b"<html>", b'{"keys": []}', b""):
        server.body = lambda body=body: body
        clock.now += 301
        keys.get("first")
        settle(keys)
        assert keys.get("first") == first


def test_a_service_that_starts_before_its_issuer_is_ready_once_there_are_keys(
    make: Make, server: JwksServer, clock: Clock, first: RSAPublicKey
) -> None:
    server.status = 503
    keys = make()
    keys.warm_up()
    assert not keys.is_ready()
    with pytest.raises(KeysUnavailableError):
        keys.get("first")
    assert server.asked == 1
    server.status = 200
    clock.now += 10
    keys.is_ready()
    settle(keys)
    assert keys.is_ready()
    assert keys.get("first") == first
    assert server.asked == 2


def test_an_attempt_that_hangs_is_not_waited_for_and_does_not_bring_old_keys_back(
    clock: Clock, first: RSAPublicKey, second: RSAPublicKey
) -> None:
    hung, release = threading.Event(), threading.Event()

    def fetch() -> Keys:
        if hung.is_set():
            return {"second": second}
        hung.set()
        release.wait(PATIENT)
        return {"first": first}

    keys = RemoteKeys(fetch, Bounds(wait=PATIENT), clock)
    keys.is_ready()
    assert hung.wait(PATIENT)
    older = keys._newest
    clock.now += 10
    assert keys.get("second") == second
    release.set()
    assert older is not None
    assert older.ended.wait(PATIENT)
    assert (keys.get("first"), keys.get("second")) == (None, second)


def test_without_a_thread_to_spare_known_keys_serve(
    make: Make, clock: Clock, first: RSAPublicKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = make()
    keys.warm_up()
    clock.now += 301

    def start(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", start)
    assert keys.get("first") == first
    with pytest.raises(KeysUnavailableError):
        keys.get("unknown")
