"""Closes connections to a server that has stopped answering.

PostgreSQL enforces `statement_timeout` itself. A server that is suspended, or whose disk hangs,
does not. Its kernel goes on to acknowledge what is sent, so that TCP does not time out either:
libpq would wait forever, and uWSGI kill the worker with all of its requests.

A thread shuts down the socket of each connection that waits for longer than its limit: psycopg2
raises OperationalError, as for any lost connection. It works with COPY, with gevent and behind
PgBouncer. psycopg2's wait callback would rule out COPY, and libpq's own limit while connecting
(docs/decisions/0025-the-client-ends-what-the-database-does-not-answer.md).
"""

import logging
import os
import socket
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from weakref import WeakSet

import psycopg2
import psycopg2.extensions

SECONDS_BETWEEN_CHECKS = 0.5

log = logging.getLogger(__name__)


class BoundedConnection(psycopg2.extensions.connection):
    """A connection whose socket is shut down if the server does not answer in time."""

    def __init__(self, dsn: str, *, limit: float, connect_limit: float) -> None:
        """Connect. `limit` is in seconds, for each statement; infinite for none.

        With gevent, libpq does not enforce its `connect_timeout`: `connect_limit` is instead of it.
        """
        self.limit = limit
        self.deadline: float | None = None
        if psycopg2.extensions.get_wait_callback() is not None:
            self.deadline = time.monotonic() + connect_limit
            _monitor.watch(self)
        super().__init__(dsn)
        self.deadline = None
        _monitor.watch(self)

    @contextmanager
    def limited_to(self, seconds: float) -> Iterator[None]:
        """Set another limit in the block."""
        before, self.limit = self.limit, seconds
        try:
            yield
        finally:
            self.limit = before

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Limit the time of the block."""
        self.restart()
        try:
            yield
        finally:
            self.deadline = None

    def restart(self) -> None:
        """Grant the whole limit, from now on."""
        self.deadline = time.monotonic() + self.limit

    def commit(self) -> None:
        """Commit, within the limit."""
        with self.waiting():
            super().commit()

    def rollback(self) -> None:
        """Roll back, within the limit."""
        with self.waiting():
            super().rollback()

    def is_overdue(self) -> bool:
        """Return whether the server should have answered by now."""
        deadline = self.deadline
        return deadline is not None and time.monotonic() > deadline

    def shut_down(self) -> None:
        """Shut down the socket, so that the thread that waits for the server gets an error."""
        try:
            duplicate = socket.socket(fileno=os.dup(self.fileno()))
        except (OSError, psycopg2.Error):
            return  # it is not connected yet, or not any more
        self.deadline = None
        with duplicate:
            log.error(
                "The database did not answer in time: closing the connection.",
                extra={"seconds": self.limit},
            )
            duplicate.shutdown(socket.SHUT_RDWR)


class BoundedCursor(psycopg2.extensions.cursor):
    """A cursor of a BoundedConnection: its statements have the limit of the connection."""

    connection: BoundedConnection

    def execute(self, query: Any, vars: Any = None) -> None:
        """Execute a statement, within the limit."""
        with self.connection.waiting():
            super().execute(query, vars)

    def executemany(self, query: Any, vars_list: Iterable[Any]) -> None:
        """Execute a statement for each item of a list, each within the limit."""
        with self.connection.waiting():
            super().executemany(query, self._each(vars_list))

    def _each(self, items: Iterable[Any]) -> Iterator[Any]:
        for item in items:
            self.connection.restart()
            yield item

    def callproc(self, procname: str | bytes, parameters: Any = ()) -> Any:
        """Call a function of the database, within the limit."""
        with self.connection.waiting():
            return super().callproc(procname, parameters)

    def copy_expert(self, sql: Any, file: Any, size: int = 8192) -> None:
        """Execute COPY, within the limit."""
        with self.connection.waiting():
            super().copy_expert(sql, file, size)

    def fetchone(self) -> Any:
        """Fetch a row. Only a named cursor asks the server for it."""
        if self.name is None:
            return super().fetchone()
        with self.connection.waiting():
            return super().fetchone()

    def fetchmany(self, size: int | None = None) -> Any:
        """Fetch rows. Only a named cursor asks the server for them."""
        size = self.arraysize if size is None else size
        if self.name is None:
            return super().fetchmany(size)
        with self.connection.waiting():
            return super().fetchmany(size)

    def fetchall(self) -> Any:
        """Fetch all rows. Only a named cursor asks the server for them."""
        if self.name is None:
            return super().fetchall()
        with self.connection.waiting():
            return super().fetchall()

    def close(self) -> None:
        """Close the cursor. Only a named cursor asks the server to."""
        if self.name is None:
            super().close()
            return
        with self.connection.waiting():
            super().close()


class _Monitor:
    """The thread of a process that looks after all of its connections."""

    def __init__(self) -> None:
        self._connections: WeakSet[BoundedConnection] = WeakSet()
        self._lock = threading.Lock()
        self._process = 0

    def watch(self, connection: BoundedConnection) -> None:
        """Look after a connection; the first one in a process starts the thread."""
        with self._lock:
            self._connections.add(connection)
            if self._process != os.getpid():
                self._process = os.getpid()
                threading.Thread(target=self._run, name="database-timeout", daemon=True).start()

    def _run(self) -> None:
        while True:
            time.sleep(SECONDS_BETWEEN_CHECKS)
            self._check()

    def _check(self) -> None:
        with self._lock:
            connections = list(self._connections)
        for each in connections:
            if each.is_overdue():
                each.shut_down()


_monitor = _Monitor()
