"""Runs a PostgreSQL server without Docker: the system's, or the one in a wheel of the dev group."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import closing, suppress
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg2
from invoke import Exit

from flask_chassis import project
from flask_chassis.db import libpq_variables
from flask_chassis.tasks import postgres_programs
from flask_chassis.tasks.ports import free_port

ADMINISTRATOR = "postgres"
"""Name and password of the administrator. The server listens on 127.0.0.1 only."""

START_SECONDS = 30

PORTS_TRIED = 5
"""How often another free port is selected if a program takes the port before the server does."""

CONNECT_SECONDS = 2
"""The limit of one attempt to connect, in seconds."""

STOP_SECONDS = 10
"""How long the server may take to stop before it gets the next, stronger signal."""

LOG = "server.log"

PORT_IN_USE = "Address already in use"

# A test database need not survive a crash.
NOT_DURABLE = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


class EmbeddedPostgres:
    """A PostgreSQL server on 127.0.0.1 that runs as long as the `with` block.

    It creates its data folder if necessary.
    """

    host = "127.0.0.1"

    def __init__(
        self,
        folder: Path,
        port: int = 0,
        *,
        durable: bool = True,
        programs: Path | None = None,
    ) -> None:
        """`port` 0 selects a free port, and another one if a program is quicker to take it.

        `durable=False` is faster and only for tests.

        `programs` is the folder with `initdb` and `postgres`, by default that of the system, or
        else that of the wheel.
        """
        self.folder = folder
        self.port = port or free_port()
        self._ports = PORTS_TRIED if port == 0 else 1
        self._durable = durable
        self._user = postgres_programs.unprivileged_user()
        self._programs = (
            programs or postgres_programs.on_this_machine() or postgres_programs.in_the_wheel()
        )
        self._process: subprocess.Popen[bytes] | None = None
        self._log_begins = 0

    def __enter__(self) -> Self:
        """Start the server and wait until it accepts connections; raises Exit if it fails."""
        postgres_programs.require_entry_of_user(os.geteuid())
        libpq_variables.ignore(self.host)
        try:
            self._start()
        except PermissionError as error:
            raise Exit(
                f"The user {self._user} of the server cannot enter {error.filename}: "
                "name another --folder, below /var/tmp for example.",
                1,
            ) from None
        except BaseException:
            # After Ctrl-C during the start, `__exit__` is not called.
            self.stop()
            raise
        return self

    def _start(self) -> None:
        """Start the server on a port that no other program has."""
        for _ in range(self._ports):
            # Before the data folder is created: a port that is taken should leave nothing behind.
            if _is_free(self.port):
                self._launch()
                if self._answers():
                    return
            taken, self.port = self.port, free_port() if self._ports > 1 else self.port
        if process := self._process_with(taken):
            raise Exit(
                f"PostgreSQL serves {self.folder} on port {taken} already, as process {process}: "
                f"go on with it, or stop it (kill {process}).",
                1,
            )
        raise Exit(
            f"Port {taken} of {self.host} is in use by another program. "
            f"Stop it, or choose another port, for example --port={free_port()}, and set "
            "database.port in settings.local.yaml. A PostgreSQL for development that listens there "
            "can have this service's database as well: leave db.serve out.",
            1,
        )

    def _process_with(self, port: int) -> int | None:
        """Return the process that serves the data folder on a port, e.g. of another `db.serve`."""
        try:
            lines = (self.folder / "postmaster.pid").read_text().splitlines()
            process, its_port = int(lines[0]), int(lines[3])
            os.kill(process, 0)
        except PermissionError:
            pass  # it runs as another user
        except (OSError, ValueError, IndexError):
            return None
        return process if its_port == port else None

    def _launch(self) -> None:
        if not (self.folder / "PG_VERSION").exists():
            self._make_data()
        options = [f"listen_addresses={self.host}", f"port={self.port}"]
        options += ["unix_socket_directories=", "timezone=UTC"]
        options += () if self._durable else NOT_DURABLE
        arguments = [word for option in options for word in ("-c", option)]
        with (self.folder / LOG).open("ab") as log:
            self._log_begins = log.tell()
            self._process = subprocess.Popen(
                [self._programs / "postgres", "-D", self.folder, *arguments],
                stdout=log,
                stderr=log,
                # Ctrl-C in the terminal is for the owner of this object, which stops the server.
                start_new_session=True,
                user=self._user,
                cwd=self.folder,
            )

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop the server."""
        self.stop()

    def stop(self) -> None:
        """Stop the server and close its connections; does nothing if it has stopped.

        It always ends: what PostgreSQL calls a fast shutdown comes first, then, after a while or
        another Ctrl-C, an immediate one, then SIGKILL.
        """
        for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            if self._process is not None and self._process.poll() is None:
                self._process.send_signal(number)
                with suppress(subprocess.TimeoutExpired, KeyboardInterrupt):
                    self._process.wait(STOP_SECONDS)

    def wait(self) -> None:
        """Wait until the server ends by itself."""
        if self._process is not None:
            self._process.wait()

    def _make_data(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        if self._user is not None:
            shutil.chown(self.folder, self._user)
        with tempfile.NamedTemporaryFile("w", suffix=".txt") as password:
            password.write(ADMINISTRATOR)
            password.flush()
            if self._user is not None:
                shutil.chown(password.name, self._user)
            process = subprocess.Popen(
                [
                    self._programs / "initdb",
                    *("-D", self.folder, "-U", ADMINISTRATOR, "-E", "UTF8", "--locale=C.UTF-8"),
                    *("--auth=scram-sha-256", f"--pwfile={password.name}", "--no-instructions"),
                    *(() if self._durable else ("--no-sync",)),
                ],
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
                user=self._user,
                cwd=self.folder,
            )
            try:
                said, _ = process.communicate()
            except BaseException:
                # A later start would take what is there for a database.
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                for path in self.folder.iterdir():
                    shutil.rmtree(path) if path.is_dir() else path.unlink()
                raise
        if process.returncode:
            raise Exit(f"initdb cannot make {self.folder}:\n{said}", 1)

    def _answers(self) -> bool:
        """Wait until the server answers; return False if another program has its port."""
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                if self._is_this_server():
                    return True
                reason = "another server answers on its port"
            except psycopg2.OperationalError as error:
                reason = str(error).strip()
            if self._process is None or self._process.poll() is not None:
                if PORT_IN_USE in self._log():
                    return False
                raise self._does_not_start(reason)
            if time.monotonic() > deadline:
                self.stop()
                raise self._does_not_start(reason)
            time.sleep(0.05)

    def _is_this_server(self) -> bool:
        """Ask what listens on the port for its data folder, with a limit: it may never answer."""
        connection = psycopg2.connect(
            host=self.host,
            port=self.port,
            user=ADMINISTRATOR,
            password=ADMINISTRATOR,
            dbname="postgres",
            connect_timeout=CONNECT_SECONDS,
        )
        with closing(connection), connection.cursor() as cursor:
            cursor.execute("SHOW data_directory")
            row = cursor.fetchone()
        return row is not None and Path(row[0]).resolve() == self.folder.resolve()

    def _does_not_start(self, reason: str) -> Exit:
        lines = ["The last lines of its log:", *self._log().splitlines()[-5:]]
        return Exit("\n".join([f"PostgreSQL does not start: {reason}", *lines]), 1)

    def _log(self) -> str:
        """Return what the server has logged since this start."""
        log = (self.folder / LOG).read_bytes()
        return log[self._log_begins :].decode(errors="replace")


def _is_free(port: int) -> bool:
    """Return whether nothing listens on a port; connections that have ended do not count."""
    # Some systems let a program listen beside one that listens on all addresses.
    address = (EmbeddedPostgres.host, port)
    with suppress(OSError), socket.create_connection(address, CONNECT_SECONDS):
        return False
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(address)
        except OSError:
            return False
    return True


def default_folder() -> Path:
    """Return where the development database keeps its data."""
    if postgres_programs.unprivileged_user() is None:
        return project.working_folder() / ".postgres"
    # The user that root's server runs as may not be able to enter the checkout. Each checkout has
    # a folder of its own anyway.
    checkout = sha256(bytes(project.working_folder())).hexdigest()[:8]
    name = f"{project.package()}-postgres-{checkout}"
    return Path("/var/tmp") / name  # noqa: S108  (it has to last, so its name cannot be random)
