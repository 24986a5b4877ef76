"""A clock that jumps is logged, once for each jump; a clock that goes is not."""

import json
import time

import pytest

from flask_chassis.observability import clock as module

from ..clock import time_with

pytestmark = pytest.mark.usefixtures("service")  # with its logs


@pytest.mark.parametrize("jump", [3600, -3600])
def test_a_jump_is_logged_once(
    jump: int, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    clock = module.Clock()
    monkeypatch.setattr(module, "time", time_with(time=lambda: time.time() + jump))
    capfd.readouterr()
    clock.log_jump()
    clock.log_jump()
    [record] = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert record["level"] == "WARNING"
    assert record["message"] == "the system clock has jumped"
    assert record["seconds"] == jump


def test_a_clock_that_is_set_right_is_not(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    clock = module.Clock()
    monkeypatch.setattr(module, "time", time_with(time=lambda: time.time() + 2))
    capfd.readouterr()
    clock.log_jump()
    assert capfd.readouterr().out == ""
