"""The PostgreSQL for tests and development starts on a port that no other program has."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg2
import pytest
from invoke import Exit

from flask_chassis.db import libpq_variables
from flask_chassis.settings import Settings, variable_for
from flask_chassis.tasks import embedded_postgres
from flask_chassis.tasks.embedded_postgres import EmbeddedPostgres
from flask_chassis.testing import free_port

from .conftest import Run


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that a server which root starts can enter, unlike those that pytest makes."""
    with tempfile.TemporaryDirectory(prefix="postgres-") as made:
        yield Path(made)


@contextmanager
def silent_listener(port: int = 0) -> Iterator[int]:
    """Accept connections and never answer."""
    with socket.create_server(("127.0.0.1", port)) as listener:
        yield listener.getsockname()[1]


def data_folder(server: EmbeddedPostgres) -> Path:
    """Ask a server where its data is."""
    address = {"host": server.host, "port": server.port, "dbname": "postgres"}
    connection = psycopg2.connect(**address, user="postgres", password="postgres")
    with closing(connection), connection.cursor() as cursor:
        cursor.execute("SHOW data_directory")
        [found] = cursor.fetchone()
    return Path(found)


def test_a_port_that_never_answers_is_told_and_leaves_nothing(folder: Path) -> None:
    with silent_listener() as port, pytest.raises(Exit) as told:
        EmbeddedPostgres(folder, port, durable=False).__enter__()
    assert f"Port {port} of 127.0.0.1 is in use by another program. Stop it" in str(told.value)
    assert list(folder.iterdir()) == []


def test_the_task_names_a_port_that_is_taken(run: Run, settings: Settings, folder: Path) -> None:
    with silent_listener() as port:
        failed = run("db.serve", f"--folder={folder}", f"--port={port}")
    assert failed.code == 1
    assert f"Port {port} of 127.0.0.1 is in use" in failed.error
    assert "Traceback" not in failed.error


def test_another_port_is_selected_if_a_program_is_quicker(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with silent_listener() as taken:
        ports = iter([taken, free_port()])
        monkeypatch.setattr(embedded_postgres, "free_port", lambda: next(ports))
        with EmbeddedPostgres(folder, durable=False) as server:
            assert server.port != taken
            assert data_folder(server) == folder


def test_another_serve_of_the_same_folder_is_named(run: Run, folder: Path) -> None:
    with EmbeddedPostgres(folder, free_port(), durable=False) as server:
        failed = run("db.serve", f"--folder={folder}", f"--port={server.port}")
        pid = (folder / "postmaster.pid").read_text().splitlines()[0]
    assert failed.code == 1
    assert failed.error.startswith(f"PostgreSQL serves {folder} on port {server.port} already")
    assert f"kill {pid}" in failed.error


def test_a_user_without_a_name_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 54321)
    with pytest.raises(Exit) as told:
        EmbeddedPostgres(folder, durable=False).__enter__()
    assert "does not run as the user 54321, who has no entry in /etc/passwd" in str(told.value)
    assert list(folder.iterdir()) == []


def test_variables_of_libpq_lead_nowhere_else(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Other programs' variables: for a server that is far away, or that has TLS."""
    elsewhere = {
        "PGHOSTADDR": "192.0.2.1",
        "PGSERVICE": "nowhere",
        "PGSSLMODE": "verify-full",
        "PGREQUIREAUTH": "gss",
        "PGOPTIONS": "-c default_transaction_read_only=on",
        "PGTARGETSESSIONATTRS": "standby",
        "PGPORT": "1",
        "PGDATABASE": "nowhere",
    }
    for name, value in elsewhere.items():
        monkeypatch.setenv(name, value)
    with EmbeddedPostgres(folder, durable=False) as server:
        for name, value in elsewhere.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv(variable_for("database.port"), str(server.port))
        created = run("db.create")
        assert created.code == 0, created.error
        assert created.out.endswith(f" is there, on 127.0.0.1:{server.port}.\n")
        assert run("db.migrate").code == 0


def test_those_of_a_server_elsewhere_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGSSLMODE", "verify-full")
    libpq_variables.ignore("db.acme.example")
    assert os.environ["PGSSLMODE"] == "verify-full"


SERVE = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from flask_chassis.tasks import command, embedded_postgres
embedded_postgres.STOP_SECONDS = 1
folder, port = sys.argv[1:]
sys.argv[1:] = ["db.serve", f"--folder={folder}", f"--port={port}"]
command.entry_points = lambda group: []
command.main()
"""


@contextmanager
def serving(folder: Path, port: int) -> Iterator[subprocess.Popen[str]]:
    """Run `db.serve` in a process of its own."""
    words = [sys.executable, "-c", SERVE, folder, str(port)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def has_server(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_it_ends_while_it_makes_its_data_and_leaves_no_half_of_them(
    folder: Path, number: signal.Signals
) -> None:
    """A later start would take half of a data folder for a whole one."""
    data, port = folder / "data", free_port()
    folder.chmod(0o755)
    with serving(data, port) as process:
        until((data / "PG_VERSION").exists)
        process.send_signal(number)
        assert process.wait(10) != 0
    assert list(data.iterdir()) == []
    with EmbeddedPostgres(data, port, durable=False):
        assert has_server(port)


def test_it_ends_if_the_server_does_not_stop(folder: Path) -> None:
    """As if the server were in a debugger: it takes no signal but the last."""
    data, port = folder / "data", free_port()
    folder.chmod(0o755)
    with serving(data, port) as process:
        until(lambda: has_server(port))
        until(lambda: len((data / "postmaster.pid").read_text().splitlines()) > 7)
        server = int((data / "postmaster.pid").read_text().splitlines()[0])
        time.sleep(1)
        os.kill(server, signal.SIGSTOP)
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0
        assert "Stopping." in process.stdout.read()
    until(lambda: not has_server(port))


@pytest.mark.parametrize("is_postgres", [True, False], ids=["PostgreSQL", "silent"])
def test_a_port_that_is_taken_during_the_start_is_given_up(
    folder: Path, monkeypatch: pytest.MonkeyPatch, is_postgres: bool
) -> None:
    """Nothing listened when the port was tried: as if the other program began a moment later."""
    monkeypatch.setattr(embedded_postgres, "_is_free", lambda port: True)
    other, own = folder / "other", folder / "own"
    folder.chmod(0o755)
    listening = (
        EmbeddedPostgres(other, free_port(), durable=False) if is_postgres else silent_listener()
    )
    with listening as found:
        taken = found.port if isinstance(found, EmbeddedPostgres) else found
        ports = iter([taken, free_port()])
        monkeypatch.setattr(embedded_postgres, "free_port", lambda: next(ports))
        with EmbeddedPostgres(own, durable=False) as server:
            assert server.port != taken
            assert data_folder(server) == own
