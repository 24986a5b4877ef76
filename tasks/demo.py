"""Renders the example service and runs it as in production, on a PostgreSQL of its own."""

import fcntl
import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType

from invoke import Context, Exit, task

from . import demo_check
from .folders import DEMO
from .render import example, render_anew
from .running_service import RunningService

EXAMPLE = "thoughts-backend"

STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Ctrl-C, what a supervisor sends, and what a terminal sends when it is closed."""


@task(help={"check": "Use the service over HTTP, say what worked, and end"})
def demo(context: Context, check: bool = False) -> None:
    """Run the example service until Ctrl-C: rendered, installed, migrated, under uWSGI."""
    for stop in STOPS:
        signal.signal(stop, _interrupt)
    _ask_no_proxy()
    try:
        with ExitStack() as stack:
            service = _started(stack)
            if check:
                if not demo_check.passes(service):
                    raise Exit("The demo does not do what it should.", 1)
                return
            _show(service)
            service.wait()
            raise Exit("The service ended by itself; its last lines are above.", 1)
    except KeyboardInterrupt:
        print("\nStopped.", flush=True)
        if check:
            raise Exit("The check was stopped before it had a verdict.", 130) from None


def _started(stack: ExitStack) -> RunningService:
    begun = time.monotonic()
    with _one_at_a_time():
        private = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="demo-")))
        _say("rendering the service")
        folder = render_anew(DEMO, example(EXAMPLE))
        service = RunningService(folder, private, say=_say, port=8080)
        stack.callback(service.stop)
        stack.callback(_be_deaf)
        service.install()
        service.start()
    _say(f"serving after {time.monotonic() - begun:.0f} s")
    return service


def _ask_no_proxy() -> None:
    """Have no proxy asked for what is on this machine."""
    present = os.environ.get("no_proxy") or os.environ.get("NO_PROXY")
    os.environ["no_proxy"] = ",".join(filter(None, [present, "127.0.0.1"]))


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Wait while another demo starts: both use the same folder, and would choose the same ports."""
    DEMO.mkdir(exist_ok=True)
    with (DEMO / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _say("waiting for another demo to start")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _show(service: RunningService) -> None:
    path = f"/api/me/{service.resources}/"
    token = service.token("ada", minutes=60)
    print(
        f"""
  The service   {service.address}/api/{service.resources}/
  Swagger UI    {service.address}/
  Metrics       {service.metrics_address}/metrics
  Its code      {service.folder}

  Write something (the token is valid for an hour):

    curl {service.address}{path} -H "Authorization: Bearer {token}" -d text=Hello

  Ctrl-C stops everything.
""",
        flush=True,
    )


def _say(what: str) -> None:
    print(f"demo: {what}", file=sys.stderr, flush=True)


def _interrupt(number: int, frame: FrameType | None) -> None:
    _be_deaf()
    raise KeyboardInterrupt


def _be_deaf() -> None:
    """Let nothing come between from here on: a second Ctrl-C would leave things running."""
    for stop in STOPS:
        signal.signal(stop, signal.SIG_IGN)
