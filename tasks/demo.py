"""Renders the example service and runs it as in production, on a PostgreSQL of its own."""

import signal
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from types import FrameType

from invoke import Context, Exit, task

from . import demo_check
from .folders import DEMO
from .render import example, render
from .running_service import RunningService

EXAMPLE = "thoughts-backend"


@task(help={"check": "Use the service over HTTP, say what worked, and end"})
def demo(context: Context, check: bool = False) -> None:
    """Run the example service until Ctrl-C: rendered, installed, migrated, under uWSGI."""
    signal.signal(signal.SIGTERM, _interrupt)
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
        print("\nStopped.")


def _started(stack: ExitStack) -> RunningService:
    begun = time.monotonic()
    answers = example(EXAMPLE)
    _say("rendering the service")
    folder = render(DEMO, answers)
    private = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="demo-")))
    service = RunningService(folder, private, say=_say)
    stack.callback(service.stop)
    service.install()
    service.start()
    _say(f"serving after {time.monotonic() - begun:.0f} s")
    return service


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
"""
    )


def _say(what: str) -> None:
    print(f"demo: {what}", file=sys.stderr, flush=True)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
