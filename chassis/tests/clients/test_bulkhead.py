"""The bulkhead: a worker never waits for other services in all of its threads."""

import threading
from contextlib import ExitStack

import pytest

from flask_chassis.clients import bulkhead as module
from flask_chassis.clients.bulkhead import Bulkhead
from flask_chassis.clients.errors import (
    RefusedError,
    TooSlowError,
    UnreachableError,
    UpstreamResponse,
)


def use(bulkhead: Bulkhead, service: str = "other", error: Exception | None = None) -> None:
    """Make a call, which raises `error` if given."""
    with bulkhead.acquire(service):
        if error:
            raise error


def test_no_more_calls_are_made_at_a_time_than_there_are_slots(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "WAIT_SECONDS", 0.01)
    bulkhead = Bulkhead(2)
    with ExitStack() as calls:
        for service in ("one", "two"):
            calls.enter_context(bulkhead.acquire(service))
        with pytest.raises(UnreachableError, match="too many concurrent calls are waiting"):
            use(bulkhead)
    use(bulkhead)


def test_a_burst_waits_for_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WAIT_SECONDS", 60)
    bulkhead, has_begun = Bulkhead(1), threading.Event()

    def hold() -> None:
        with bulkhead.acquire("other"):
            has_begun.set()
            threading.Event().wait(0.05)

    holder = threading.Thread(target=hold)
    holder.start()
    has_begun.wait(10)
    use(bulkhead)
    holder.join()


@pytest.mark.parametrize(
    ("mended_by", "waits"),
    [
        (None, True),
        (RefusedError(UpstreamResponse("other", 404, {}, b"")), True),
        (UnreachableError("other", "refused"), False),
    ],
)
def test_for_a_service_that_was_silent_nobody_waits_until_it_answers(
    monkeypatch: pytest.MonkeyPatch, mended_by: Exception | None, waits: bool
) -> None:
    bulkhead, waited = Bulkhead(1), []
    acquire = bulkhead._slots.acquire

    def acquired(timeout: float) -> bool:
        waited.append(timeout > 0)
        return acquire(timeout=0)

    monkeypatch.setattr(bulkhead._slots, "acquire", acquired)
    with pytest.raises(TooSlowError):
        use(bulkhead, error=TooSlowError("other", "no answer"))
    for error in (mended_by, None):
        if error:
            with pytest.raises(type(error)):
                use(bulkhead, error=error)
        else:
            use(bulkhead)
        if error is mended_by:
            with bulkhead.acquire("another"), pytest.raises(UnreachableError):
                use(bulkhead)
            assert waited[-1] is waits
    assert waited[0]
