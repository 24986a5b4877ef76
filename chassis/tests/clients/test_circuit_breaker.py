"""A service that fails again and again is left alone for a while."""

import threading

import pytest

from flask_chassis.clients.circuit_breaker import CircuitBreaker
from flask_chassis.clients.errors import (
    BadResponseError,
    CircuitOpenError,
    LostResponseError,
    TooSlowError,
    UnreachableError,
    UpstreamError,
)


class Clock:
    """A clock that a test puts forward."""

    now = 100.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    """The clock of the circuit breaker."""
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> CircuitBreaker:
    """A circuit breaker that opens after three failures, for ten seconds."""
    return CircuitBreaker(3, 10.0, clock)


def call(breaker: CircuitBreaker, error: UpstreamError | None = None, service: str = "a") -> None:
    """Make a call that ends with an error, or well."""
    breaker.require_closed(service)
    with breaker.watch(service):
        if error:
            raise error


def fail(breaker: CircuitBreaker, times: int, error: UpstreamError | None = None) -> None:
    """Make calls that fail."""
    for _ in range(times):
        with pytest.raises(UpstreamError):
            call(breaker, error or UnreachableError("a", "down"))


@pytest.mark.parametrize("kind", [UnreachableError, LostResponseError, TooSlowError])
def test_it_opens_after_failures_in_a_row(
    breaker: CircuitBreaker, kind: type[UpstreamError], caplog: pytest.LogCaptureFixture
) -> None:
    fail(breaker, 3, kind("a", "down"))
    assert "the circuit of a is open for 10.0 s: 3 calls failed in a row" in caplog.text
    with pytest.raises(CircuitOpenError) as refused:
        call(breaker)
    assert (refused.value.code, refused.value.outcome) == (503, "open")
    assert "the circuit is open for another 10.0 s: the last 3 calls failed" in str(refused.value)


def test_a_success_between_failures_keeps_it_closed(breaker: CircuitBreaker) -> None:
    for _ in range(5):
        fail(breaker, 2)
        call(breaker)


def test_a_service_that_refuses_works(breaker: CircuitBreaker) -> None:
    fail(breaker, 2)
    fail(breaker, 10, BadResponseError("a", "responded 500"))
    fail(breaker, 2)
    call(breaker)


def test_services_have_a_circuit_each(breaker: CircuitBreaker) -> None:
    fail(breaker, 3)
    call(breaker, service="b")


def test_after_a_while_one_call_tries_and_closes_it(
    breaker: CircuitBreaker, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    fail(breaker, 3)
    clock.now += 10
    breaker.require_closed("a")
    with pytest.raises(CircuitOpenError):
        breaker.require_closed("a")  # another thread, while the first one tries
    with breaker.watch("a"):
        pass
    assert "the circuit of a is closed again" in caplog.text
    fail(breaker, 2)
    call(breaker)


def test_a_try_that_fails_keeps_it_open(breaker: CircuitBreaker, clock: Clock) -> None:
    fail(breaker, 3)
    clock.now += 10
    fail(breaker, 1)
    with pytest.raises(CircuitOpenError):
        call(breaker)
    clock.now += 10
    call(breaker)


def test_a_try_that_never_ends_is_followed_by_another(
    breaker: CircuitBreaker, clock: Clock
) -> None:
    fail(breaker, 3)
    clock.now += 10
    breaker.require_closed("a")
    clock.now += 10
    call(breaker)


def test_of_many_threads_one_tries(breaker: CircuitBreaker, clock: Clock) -> None:
    fail(breaker, 3)
    clock.now += 10
    passed: list[int] = []

    def tries(number: int) -> None:
        try:
            breaker.require_closed("a")
        except CircuitOpenError:
            return
        passed.append(number)

    threads = [threading.Thread(target=tries, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(passed) == 1


def test_without_a_number_of_failures_it_never_opens(clock: Clock) -> None:
    breaker = CircuitBreaker(0, 10.0, clock)
    fail(breaker, 100)
    call(breaker)
