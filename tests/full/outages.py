"""Outages of a real PostgreSQL: a standby behind HAProxy, and a server that is suspended."""

import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg2  # type: ignore[import-untyped]

from tasks.ports import free_port, listens
from tests.waiting import eventually

PROGRAMS = Path("/usr/lib/postgresql")

CONFIG = """
global
    stats socket {folder}/admin level admin
defaults
    mode tcp
    timeout connect 5s
    timeout client 1h
    timeout server 1h
listen database
    bind 127.0.0.1:{port}
    server primary 127.0.0.1:{primary}
    server standby 127.0.0.1:{standby} disabled
"""


def ask(url: str, statement: str) -> Any:
    """Execute a statement, and return the first value of its result."""
    connection = psycopg2.connect(url)
    connection.autocommit = True
    with closing(connection), connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone()[0] if cursor.description else None


@contextmanager
def standby(url: str, folder: Path) -> Iterator[int]:
    """Run a streaming standby of the server of an address, and yield its port."""
    data = Path(ask(url, "SHOW data_directory"))
    programs = max(PROGRAMS.glob("*/bin"), key=lambda path: int(path.parts[-2]))
    port, user = free_port(), data.owner() if os.geteuid() == 0 else None
    folder.mkdir(mode=0o700)
    if user:
        os.chown(folder, data.stat().st_uid, data.stat().st_gid)
    address = url.rpartition("/")[0] + "/postgres"
    subprocess.run(
        [
            programs / "pg_basebackup",
            *("-D", folder, "-d", address, "-R", "--checkpoint=fast", "--no-sync"),
        ],
        user=user,
        cwd=folder,
        check=True,
        capture_output=True,
    )
    options = [f"port={port}", "listen_addresses=127.0.0.1", "unix_socket_directories="]
    arguments = [word for option in options for word in ("-c", option)]
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            [programs / "postgres", "-D", folder, *arguments],
            user=user,
            cwd=folder,
            stdout=log,
            stderr=log,
        )
    try:
        eventually(lambda: listens(port))
        yield port
    finally:
        process.send_signal(signal.SIGINT)
        process.wait()


class HAProxy:
    """HAProxy in front of a primary and a standby: its address leads to one of them."""

    def __init__(self, folder: Path, primary: int, standby: int) -> None:
        """`folder` is for its socket and configuration; the others are ports."""
        self.port = free_port()
        self._admin = folder / "admin"
        config = folder / "haproxy.cfg"
        config.write_text(
            CONFIG.format(folder=folder, port=self.port, primary=primary, standby=standby)
        )
        self._process = subprocess.Popen(["/usr/sbin/haproxy", "-db", "-f", config])
        eventually(lambda: listens(self.port))

    def lead_to_standby(self) -> None:
        """Lead to the standby, and end what leads to the primary."""
        for command in (
            "enable server database/standby",
            "disable server database/primary",
            "shutdown sessions server database/primary",
        ):
            self._tell(command)

    def lead_to_primary(self) -> None:
        """Lead to the primary again; what leads to the standby stays open."""
        self._tell("enable server database/primary")
        self._tell("disable server database/standby")

    def _tell(self, command: str) -> None:
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(self._admin))
            client.sendall(f"{command}\n".encode())
            assert client.recv(4096).strip() == b"", command

    def stop(self) -> None:
        """Stop it."""
        self._process.terminate()
        self._process.wait()


@contextmanager
def suspended(url: str) -> Iterator[None]:
    """Suspend a server and all of its processes: it accepts connections, and answers nothing."""
    data = Path(ask(url, "SHOW data_directory"))
    main = (data / "postmaster.pid").read_text().split()[0]
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
