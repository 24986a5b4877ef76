"""A request that has waited for too long is refused."""

import socket
import sys
import time
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from flask.testing import FlaskClient

from {{ cookiecutter.package_name }}.chassis.overload import seconds_waited

from .conftest import Make

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="only Linux knows how long")


@pytest.fixture
def caller(uwsgi: SimpleNamespace) -> Iterator[socket.socket]:
    """The other end of the connection of the request that is being handled."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        there = socket.create_connection(server.getsockname())
        here, _ = server.accept()
    uwsgi.connection_fd = here.fileno
    with here, there:
        yield there


@linux_only
def test_how_long_a_request_waited_is_known(uwsgi: SimpleNamespace, caller: socket.socket) -> None:
    caller.sendall(b"GET / HTTP/1.1\r\n\r\n")
    time.sleep(0.3)
    assert 0.25 < seconds_waited(uwsgi) < 5
    caller.sendall(b"x")
    assert seconds_waited(uwsgi) < 0.25


@pytest.fixture
def impatient(caller: socket.socket, make: Make) -> FlaskClient:
    """A client of a service that lets nothing wait for more than 0.5 seconds."""
    return make(http__longest_wait_seconds=0.5).test_client()


@linux_only
def test_what_waited_for_too_long_is_refused(impatient: FlaskClient, caller: socket.socket) -> None:
    caller.sendall(b"x")
    assert impatient.get("/probes/free/").status_code == 200
    time.sleep(0.7)
    refused = impatient.get("/probes/free/")
    assert refused.status_code == 503
    assert int(refused.headers["Retry-After"]) > 0
    assert "busy" in refused.json["message"]
    # It says that the process lives, which it does.
    assert impatient.get("/health/live").status_code == 200


@linux_only
def test_what_waited_for_the_start_is_answered(caller: socket.socket, make: Make) -> None:
    caller.sendall(b"x")
    time.sleep(1.1)
    client = make(http__longest_wait_seconds=1).test_client()
    assert client.get("/probes/free/").status_code == 200
