"""A clock that jumps is logged, tokens are refused with the reason, and all is well after it."""

from functools import partial
from pathlib import Path
from typing import Self

import requests

from tests.docker.engine import until
from tests.docker.stack import TIMEOUT_SECONDS, Service, Stack
from tests.docker.test_trouble import survives

HOUR = 3600
"""Longer than any token of the test lives."""


class Clock:
    """The time as a container sees it, which nothing but a library inside can make another one."""

    LIBRARY = "faketime/libfaketimeMT.so.1"

    def __init__(self, stack: Stack) -> None:
        """The container has the same libc as the machine, whose library it gets."""
        [library] = Path("/usr/lib").glob(f"*/{self.LIBRARY}")
        self.file = stack.folder / "clock"
        self.jump(0)
        self.options = (
            f"--volume={library}:/planted/libfaketime.so:ro",
            # The folder, as a file would be mounted once and for all.
            f"--volume={stack.folder}:/planted/clock:ro",
            "--env=LD_PRELOAD=/planted/libfaketime.so",
            "--env=FAKETIME_TIMESTAMP_FILE=/planted/clock/clock",
            "--env=FAKETIME_NO_CACHE=1",
            # As with a real jump: this clock only ever counts on.
            "--env=FAKETIME_DONT_FAKE_MONOTONIC=1",
        )

    def jump(self, seconds: int) -> Self:
        """Be so many seconds ahead of the real time from now on."""
        self.file.write_text(f"{seconds:+d}s\n")
        self.file.chmod(0o644)
        return self


def told(service: Service, seconds: int) -> bool:
    """Whether the log has a jump by about so many seconds."""
    return any(
        record["message"] == "the clock of the machine has jumped"
        and abs(record["seconds"] - seconds) <= 2
        for record in service.records()
    )


def test_a_clock_that_jumps(stack: Stack) -> None:
    clock = Clock(stack)
    headers = stack.bearer()
    with Service(stack, *clock.options) as service:
        service.until_ready()
        url = f"{service.address}/api/me/thoughts/"

        def write() -> requests.Response:
            return requests.post(url, {"text": "x"}, headers=headers, timeout=TIMEOUT_SECONDS)

        assert write().status_code == 201
        with survives(service):
            for jump, reason in ((2 * HOUR, "expired"), (-2 * HOUR, "not yet valid")):
                clock.jump(jump)
                until(partial(told, service, jump), "the jump is logged")
                refused = write()
                assert (refused.status_code, reason in refused.text) == (401, True), refused.text
                assert service.status("/health/live") == 200
                assert service.status("/health/ready") == 200
                assert service.status("/api/thoughts/") == 200
                clock.jump(0)
                until(partial(told, service, -jump), "the jump back is logged")
                assert write().status_code == 201
        clock.jump(-HOUR)
        service.kill("TERM")
        assert service.wait() == 0
