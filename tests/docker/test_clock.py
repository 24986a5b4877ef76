"""A clock that jumps is logged, tokens are refused with the reason, and all is well after it."""

import subprocess
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
    """The time as a container sees it."""

    def __init__(self, stack: Stack) -> None:
        """The image has the libc that it has: what is made here needs an older one, or the same."""
        folder = stack.folder / "clock"
        folder.mkdir()
        folder.chmod(0o755)
        library = folder / "jumping_clock.so"
        source = Path(__file__).parent / "jumping_clock.c"
        subprocess.run(["cc", "-shared", "-fPIC", "-O2", source, "-o", library], check=True)
        self.file = folder / "seconds"
        self.jump(0)
        self.options = (
            f"--volume={folder}:/planted:ro",
            f"--env=LD_PRELOAD=/planted/{library.name}",
            f"--env=JUMPING_CLOCK=/planted/{self.file.name}",
        )

    def jump(self, seconds: int) -> Self:
        """Be so many seconds ahead of the real time from now on."""
        self.file.write_text(f"{seconds}\n")
        self.file.chmod(0o644)
        return self


def told(service: Service, seconds: int) -> bool:
    """Whether the log has a jump by about so many seconds."""
    return any(
        record["message"] == "the system clock has jumped" and abs(record["seconds"] - seconds) <= 2
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
            for jump, reason in ((2 * HOUR, "expired"), (-2 * HOUR, "not valid yet")):
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
