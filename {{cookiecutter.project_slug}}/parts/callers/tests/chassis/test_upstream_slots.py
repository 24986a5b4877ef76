"""A worker never waits for other services in all of its threads."""

import threading
from contextlib import ExitStack
from pathlib import Path

import pytest
import yaml

from {{ cookiecutter.package_name }}.chassis import upstream_slots
from {{ cookiecutter.package_name }}.chassis.upstream_errors import (
    Answer,
    RefusedError,
    TooSlowError,
    UnreachableError,
)
from {{ cookiecutter.package_name }}.chassis.upstream_slots import Slots

ROOT = Path(__file__).parents[2]


def use(slots: Slots, service: str = "other", error: Exception | None = None) -> None:
    """Make a call, which ends with an error or without."""
    with slots.taken(service):
        if error:
            raise error


def test_no_more_calls_are_made_at_a_time_than_there_are_slots(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(upstream_slots, "WAIT_SECONDS", 0.01)
    slots = Slots(2)
    with ExitStack() as calls:
        for service in ("one", "two"):
            calls.enter_context(slots.taken(service))
        with pytest.raises(UnreachableError, match="too many calls are waiting for answers"):
            use(slots)
    use(slots)


def test_a_burst_waits_for_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upstream_slots, "WAIT_SECONDS", 60)
    slots, has_begun = Slots(1), threading.Event()

    def hold() -> None:
        with slots.taken("other"):
            has_begun.set()
            threading.Event().wait(0.05)

    holder = threading.Thread(target=hold)
    holder.start()
    has_begun.wait(10)
    use(slots)
    holder.join()


@pytest.mark.parametrize(
    ("mended_by", "waits"),
    [
        (None, True),
        (RefusedError(Answer("other", 404, {}, b"")), True),
        (UnreachableError("other", "refused"), False),
    ],
)
def test_for_a_service_that_was_silent_nobody_waits_until_it_answers(
    monkeypatch: pytest.MonkeyPatch, mended_by: Exception | None, waits: bool
) -> None:
    slots, waited = Slots(1), []
    acquire = slots._slots.acquire

    def acquired(timeout: float) -> bool:
        waited.append(timeout > 0)
        return acquire(timeout=0)

    monkeypatch.setattr(slots._slots, "acquire", acquired)
    with pytest.raises(TooSlowError):
        use(slots, error=TooSlowError("other", "no answer"))
    for error in (mended_by, None):
        if error:
            with pytest.raises(type(error)):
                use(slots, error=error)
        else:
            use(slots)
        if error is mended_by:
            with slots.taken("another"), pytest.raises(UnreachableError):
                use(slots)
            assert waited[-1] is waits
    assert waited[0]


def test_a_worker_has_threads_to_spare() -> None:
    """One truth each: the two numbers stand in two files."""
    settings = yaml.safe_load((ROOT / "settings.yaml").read_text("utf-8"))
    uwsgi = yaml.safe_load((ROOT / "infra" / "uwsgi.yaml").read_text("utf-8"))
    assert settings["default"]["calls"]["at_a_time"] <= uwsgi["uwsgi"]["threads"] - 2
