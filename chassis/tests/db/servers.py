"""PostgreSQL servers that fail: a primary with a standby, behind an address that moves."""

import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, Self

import psycopg2

from flask_chassis.tasks.embedded_postgres import ADMINISTRATOR, EmbeddedPostgres
from flask_chassis.tasks.postgres_programs import on_this_machine


def administrate(server: EmbeddedPostgres, statement: str, database: str = "postgres") -> Any:
    """Execute a statement as the administrator, and return the first value of its result."""
    connection = psycopg2.connect(
        host=server.host,
        port=server.port,
        user=ADMINISTRATOR,
        password=ADMINISTRATOR,
        dbname=database,
    )
    connection.autocommit = True
    with closing(connection), connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone()[0] if cursor.description else None  # type: ignore[index]


def standby_of(primary: EmbeddedPostgres, folder: Path) -> EmbeddedPostgres:
    """Make a streaming standby of a server; it is not started."""
    programs = on_this_machine()
    assert programs is not None, "the wheel's PostgreSQL has no pg_basebackup: install PostgreSQL"
    owner = primary.folder.owner()
    folder.mkdir(mode=0o700)
    shutil.chown(folder, owner)
    options = ["-R", "--checkpoint=fast", "--no-sync", "-U", ADMINISTRATOR]
    subprocess.run(
        [
            programs / "pg_basebackup",
            *("-D", folder, "-h", primary.host, "-p", str(primary.port)),
            *options,
        ],
        env={"PGPASSWORD": ADMINISTRATOR},
        user=owner if os.geteuid() == 0 else None,
        cwd=folder,
        check=True,
        capture_output=True,
    )
    return EmbeddedPostgres(folder, durable=False)


@contextmanager
def suspended(server: EmbeddedPostgres) -> Iterator[None]:
    """Suspend a server and all of its processes: it accepts connections, and answers nothing."""
    [main, *_] = (server.folder / "postmaster.pid").read_text().split()
    # The main process first, so that it starts no more.
    os.kill(int(main), signal.SIGSTOP)
    children = Path(f"/proc/{main}/task/{main}/children").read_text().split()
    try:
        for process in children:
            os.kill(int(process), signal.SIGSTOP)
        yield
    finally:
        for process in (*children, main):
            with suppress(ProcessLookupError):
                os.kill(int(process), signal.SIGCONT)


class Address:
    """A TCP address that leads to one server after another, like that of a load balancer."""

    def __init__(self, target: int, *, host: str = "127.0.0.1", port: int = 0) -> None:
        """`target` is the port that it leads to. Connections that are open stay as they are."""
        self.target = target
        self.host = host
        self._listener = socket.create_server((host, port))
        self.port: int = self._listener.getsockname()[1]
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._threads = [threading.Thread(target=self._accept)]

    def __enter__(self) -> Self:
        """Start."""
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        """End, with all connections."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._threads[0].join()
        self._listener.close()
        self.cut()
        for thread in self._threads:
            thread.join()
        for each in sum(self._pairs, ()):
            each.close()

    def lead_to(self, target: int) -> None:
        """Lead to another server, and end the connections to the one before."""
        self.target = target
        self.cut()

    def cut(self) -> None:
        """End all connections."""
        for each in sum(self._pairs, ()):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                client.close()
                continue
            self._pairs.append((client, server))
            for pair in ((client, server), (server, client)):
                self._threads.append(threading.Thread(target=self._forward, args=pair))
                self._threads[-1].start()

    def _forward(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while received := source.recv(65536):
                target.sendall(received)
        with suppress(OSError):
            target.shutdown(socket.SHUT_RDWR)


def eventually(is_so: Callable[[], bool]) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + 30
    while not is_so():
        assert time.monotonic() < deadline, "it never was"
        time.sleep(0.05)
