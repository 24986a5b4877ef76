"""The end of the service is news for all of its processes."""

import threading

import pytest

from {{ cookiecutter.package_name }}.chassis import end_notice


@pytest.fixture(autouse=True)
def _as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(end_notice, "_pipe", [])


def test_everybody_is_told_and_who_comes_later_too() -> None:
    end_notice.prepare()
    told = [threading.Event() for _ in range(3)]
    for event in told[:2]:
        end_notice.call(event.set)
    assert not told[0].wait(0.1)
    end_notice.give()
    end_notice.call(told[2].set)
    assert all(event.wait(5) for event in told)


def test_nobody_waits_where_nobody_would_tell() -> None:
    before = threading.active_count()
    end_notice.call(lambda: None)
    assert threading.active_count() == before
