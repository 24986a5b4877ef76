"""The PostgreSQL for tests and development starts on a port that no other program has."""

import socket
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg2
import pytest
from invoke import Exit

from flask_chassis.settings import Settings
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
