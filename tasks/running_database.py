"""A separate PostgreSQL, as a service's task `db.serve` runs it."""

import tempfile
from collections.abc import Callable
from pathlib import Path

from .interrupts import held_back
from .ports import free_port, listens
from .program import Program
from .service_folder import DEVELOPMENT, ServiceFolder


class RunningDatabase:
    """A PostgreSQL on 127.0.0.1, for any number of services; `private` has its log."""

    def __init__(
        self, path: Path, private: Path, say: Callable[[str], None] = print, port: int = 0
    ) -> None:
        """`path` is the checkout of a service: its dev group has a PostgreSQL, a wheel has none."""
        self._service = ServiceFolder(path)
        self._private = private
        self._say = say
        self.port = port or free_port()
        # A folder of its own: root's PostgreSQL runs as another user, who may not enter `private`.
        self._data = tempfile.TemporaryDirectory(prefix="postgres-")
        self._program: Program | None = None

    def start(self) -> None:
        """Start it, with the data that it had."""
        self._say("starting PostgreSQL")
        words = ["db.serve", "--folder", self._data.name, "--port", str(self.port)]
        variables = self._service.variables(DEVELOPMENT, {})
        log = self._private / "db.serve.log"
        with held_back():
            self._program = self._service.begin(*words, variables=variables, log=log)
        self._program.wait_until(lambda: listens(self.port), "PostgreSQL")

    @property
    def pid(self) -> int:
        """The process that runs it."""
        assert self._program is not None, "PostgreSQL does not run"  # noqa: S101
        return self._program.pid

    def stop(self) -> None:
        """Stop it; its data stays for the next start."""
        if self._program is not None:
            self._program.end()
            self._program = None

    def remove(self) -> None:
        """Stop it, and remove its data."""
        self.stop()
        self._data.cleanup()

    def url(self, name: str) -> str:
        """Return where one of its databases is, for an administrator."""
        return f"postgresql://postgres:postgres@127.0.0.1:{self.port}/{name}"
