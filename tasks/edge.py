"""An nginx in front of services that run here, configured from their manifests."""

import os
import shutil
import signal
import threading
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from invoke import Exit

from .engine import engine
from .interrupts import held_back
from .ports import free_port, listens
from .program import Program
from .running_service import RunningService

PORT = 8088

TRUST = {"http.trusted_proxies": "1"}
"""The settings of a service that is behind it."""

STAGE = "development"
"""The overlay whose hosts are used: browsers and curl find `*.localhost` on this machine."""


def nginx() -> str:
    """Return the path of nginx, which Debian has outside of an ordinary user's PATH."""
    path = f"{os.environ['PATH']}{os.pathsep}/usr/sbin"
    if not (found := shutil.which("nginx", path=path)):
        raise Exit("nginx is not installed. Install it: apt install nginx-light", 1)
    return found


def host(service: str) -> str:
    """Return the host of a service at the edge."""
    return f"{service}.localhost"


def configuration(
    folders: Iterable[Path],
    backends: Mapping[str, Sequence[str]],
    listen: str,
    *,
    user: str = "",
    internal: Mapping[str, str] | None = None,
    health: str = "",
) -> str:
    """Return the configuration for the services in `folders`, as the task edge.config writes it."""
    config, routes = engine("edge.config"), engine("edge.routes")
    services = [routes.read(folder, STAGE) for folder in folders]
    edge = config.Edge((listen,), user, internal or {}, health)
    text: str = config.render(services, backends, edge)
    return text


class Edge:
    """An nginx that runs in front of instances of services."""

    def __init__(
        self,
        private: Path,
        services: Sequence[RunningService],
        *,
        port: int = 0,
        internal: Mapping[str, int] | None = None,
    ) -> None:
        """`private` is a folder for its files; several services may be instances of one.

        `internal` are ports that other services call a service at, by its name.
        """
        self.folder = private / "edge"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port(preferred=port)
        self.address = f"http://127.0.0.1:{self.port}"
        self.log = private / "edge.log"
        self._services = services
        self._internal = {name: f"127.0.0.1:{each}" for name, each in (internal or {}).items()}
        self._program: Program | None = None
        self._ends = threading.Event()
        self._watcher: threading.Thread | None = None

    @property
    def backends(self) -> dict[str, list[str]]:
        """The addresses of the instances, by the names of the services."""
        found: dict[str, list[str]] = {}
        for each in self._services:
            found.setdefault(each.name, []).append(f"127.0.0.1:{each.port}")
        return found

    @property
    def health(self) -> Path:
        """The folder with the files of instances that are left out."""
        return self.folder / "health"

    def take_out(self, service: RunningService) -> None:
        """Send an instance no more requests, as before it is stopped."""
        self._file(service).touch()

    def put_in(self, service: RunningService) -> None:
        """Send an instance requests again, once it is ready."""
        self._file(service).unlink()

    def _file(self, service: RunningService) -> Path:
        health = engine("edge.health")
        address = f"127.0.0.1:{service.port}"
        return self.health / str(health.file_name(service.name, address, health.TAKEN_OUT))

    def start(self) -> None:
        """Start it, and what watches the instances, and wait until it listens."""
        program = nginx()
        self.configure()
        watcher = engine("edge.health").Watcher(self.health, self.backends)
        self._watcher = threading.Thread(target=watcher.run, args=[self._ends, lambda what: None])
        self._watcher.start()
        words = [program, "-p", str(self.folder), "-c", "nginx.conf", "-e", "stderr"]
        with held_back():
            self._program = Program(words, self.folder, os.environ, self.log)
        self._program.wait_until(lambda: listens(self.port), "nginx")

    def configure(self) -> None:
        """Write its configuration from the manifests as they are now."""
        folders = {each.name: each.folder for each in self._services}
        # Its workers are those of the user who starts it, whose folders they write to.
        user = "root" if os.geteuid() == 0 else ""
        text = configuration(
            folders.values(),
            self.backends,
            f"127.0.0.1:{self.port}",
            user=user,
            internal=self._internal,
            health=str(self.health),
        )
        (self.folder / "nginx.conf").write_text(text, "utf-8")

    def reload(self) -> None:
        """Configure it again; running requests finish with the old configuration."""
        self.configure()
        self.program.signal(signal.SIGHUP)

    @property
    def program(self) -> Program:
        """The program that runs."""
        assert self._program is not None, "the edge does not run"  # noqa: S101
        return self._program

    def stop(self) -> None:
        """Stop it, if it runs."""
        self._ends.set()
        if self._watcher is not None:
            self._watcher.join()
            self._watcher = None
        if self._program is not None:
            self._program.end()
            self._program = None
