"""Renders the example services and runs them together, as in production."""

import fcntl
import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType

from invoke import Context, Exit, task

from . import demo_check
from .demo_docker import ComposedSystem, require_docker
from .edge import PORT, TRUST, Edge, host, nginx
from .folders import DEMO
from .interrupts import STOPS
from .render import example, render_anew
from .service_folder import ServiceFolder
from .system import NAMES, System, Together


@task(
    help={
        "check": "Use the system over HTTP and in a browser, say what worked, and end",
        "docker": "In containers, from production images: docker-compose.yaml",
        "edge": "With an nginx in front of all services, as an ingress: docs/how-to/edge.md",
    }
)
def demo(context: Context, check: bool = False, docker: bool = False, edge: bool = False) -> None:
    """Run the example services until Ctrl-C: rendered, installed, migrated, under uWSGI."""
    for stop in STOPS:
        signal.signal(stop, _interrupt)
    _ask_no_proxy()
    try:
        with ExitStack() as stack:
            system, address = _started(stack, docker, edge)
            if check:
                if not demo_check.passes(system, DEMO / "screenshots", address):
                    raise Exit("The demo does not do what it should.", 1)
                return
            _show(system, address)
            system.wait()
            raise Exit("A service ended by itself; its last lines are above.", 1)
    except KeyboardInterrupt:
        print("\nStopped.", flush=True)
        if check:
            raise Exit("The check was stopped before it had a verdict.", 130) from None


def _started(stack: ExitStack, docker: bool, edge: bool) -> tuple[Together, str]:
    """Return the system, and the address of the edge in front of it, if there is one."""
    begun = time.monotonic()
    if edge and not docker:
        nginx()
    with _one_at_a_time():
        system = _composed(edge) if docker else _installed(stack, edge)
        stack.callback(system.stop)
        stack.callback(_be_deaf)
        system.start()
        address = system.edge_address if isinstance(system, ComposedSystem) else ""
        if edge and isinstance(system, System):
            address = _fronted(stack, system)
    _say(f"serving after {time.monotonic() - begun:.0f} s")
    return system, address


def _fronted(stack: ExitStack, system: System) -> str:
    """Start the edge in front of a system, and return its address."""
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="demo-edge-")))
    front = Edge(folder, system.services, port=PORT)
    stack.callback(front.stop)
    stack.callback(_be_deaf)
    front.start()
    return front.address


def _installed(stack: ExitStack, edge: bool) -> System:
    """Return the services as they are installed on this machine."""
    private = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="demo-")))
    folders = {}
    with ExitStack() as installing:
        waits = []
        # Side by side. Ctrl-C is for this process, which waits for what they have begun.
        with ProcessPoolExecutor(initializer=_be_deaf) as rendering:
            for name, folder in zip(NAMES, rendering.map(_rendered, NAMES), strict=True):
                folders[name] = folder
                _say(f"{name}: installing it, as locked")
                waits.append(installing.enter_context(ServiceFolder(folder).installing()))
        for wait in waits:
            wait()
    ports = {name: int(example(name)["port"]) for name in NAMES}
    supplied = dict.fromkeys(NAMES, TRUST if edge else {})
    return System(folders, private, _say, ports=ports, supplied=supplied)


def _composed(edge: bool) -> ComposedSystem:
    """Return the services in containers."""
    require_docker()
    folders = {name: _rendered(name) for name in NAMES}
    return ComposedSystem(_say, folders if edge else None)


def _rendered(name: str) -> Path:
    """Render one of the examples, and return its folder."""
    _say(f"{name}: rendering it")
    return render_anew(DEMO, example(name))


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


def _show(system: Together, edge: str) -> None:
    person, root = system.person, system.administrator
    login = f"-d username={person.username} -d password={person.password}"
    users, thoughts = system.users.address, system.thoughts.address
    metrics = ", ".join(f"{each.metrics_address}/metrics" for each in system.services)
    if edge:
        port = edge.rpartition(":")[2]
        fronted = ", ".join(f"http://{host(each.name)}:{port}/" for each in system.services)
        print(f"\n  The edge        {fronted}", flush=True)
    print(
        f"""
  The site        {system.frontend.address}/
  Sign in as      {person.username}, with the password {person.password}

  Thoughts' API   {thoughts}/
  Users' API      {users}/
  Administrator   {root.username}, with the password {root.password}
  Metrics         {metrics}
  The code        {DEMO}

  The same without a browser (a token is valid for ten minutes):

    authorized=$(curl -s {users}/api/login/ {login} | cut -d'"' -f4)
    curl {thoughts}/api/me/thoughts/ -H "Authorization: $authorized" -d text=Hello

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
