"""A rendered service listens on IPv6 and on IPv4, with its requests and with its metrics."""

import socket
from http.client import HTTPConnection
from pathlib import Path

import pytest

from tests.full.uwsgi_process import PATIENCE, Rendered, Uwsgi, started


def ask(host: str, port: int, path: str) -> bytes:
    """Return the body of an answer."""
    connection = HTTPConnection(host, port, timeout=PATIENCE)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        assert answer.status == 200
        return answer.read()
    finally:
        connection.close()


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_it_is_served_on_both_and_knows_the_address_of_the_client(
    served: Uwsgi, address: str
) -> None:
    if address == "::1" and not socket.has_dualstack_ipv6():
        pytest.skip("this machine has no IPv6")
    assert f'"{address}"'.encode() in ask(address, served.port, "/client")
    assert b"http_requests_total" in ask(address, served.metrics_port, "/metrics")


def test_the_plain_command_serves_ipv4(rendered_service: Rendered, tmp_path: Path) -> None:
    with started(rendered_service, tmp_path, plainly=True) as uwsgi:
        assert b"127.0.0.1" in ask("127.0.0.1", uwsgi.port, "/client")
