"""Logs that go to a syslog server as well."""

import json
import logging
import re
import socket
from collections.abc import Iterator

import pytest

from flask_chassis.exceptions import ConfigurationError
from flask_chassis.observability import syslog

log = logging.getLogger("tests")


@pytest.fixture
def server() -> Iterator[socket.socket]:
    """A syslog server."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.settimeout(5)
        yield listening
    syslog.configure("", "")


def address_of(server: socket.socket) -> str:
    return f"localhost:{server.getsockname()[1]}"


def test_a_record_is_sent_as_json_with_its_priority(server: socket.socket) -> None:
    syslog.configure(address_of(server), "billing")
    log.warning("something", extra={"number": 1})
    text = server.recv(65536).decode()
    # Facility 1, of users, and severity 4, a warning.
    found = re.fullmatch(r"<12>billing: (\{.*\})", text)
    assert found, text
    record = json.loads(found[1])
    assert (record["level"], record["message"], record["number"]) == ("WARNING", "something", 1)


def test_a_record_that_fits_into_no_datagram_is_left_out(server: socket.socket) -> None:
    syslog.configure(address_of(server), "billing")
    log.warning("x" * (syslog.LARGEST_DATAGRAM + 1))
    log.warning("the next")
    assert "the next" in server.recv(65536).decode()


def test_who_is_not_there_keeps_nobody(server: socket.socket) -> None:
    syslog.configure(address_of(server), "billing")
    server.close()
    for _ in range(3):
        log.warning("nobody hears it")


def test_configured_anew_it_is_sent_once(server: socket.socket) -> None:
    for _ in range(2):
        syslog.configure(address_of(server), "billing")
    log.warning("one")
    log.warning("two")
    assert '"message":"one"' in server.recv(65536).decode()
    assert '"message":"two"' in server.recv(65536).decode()


@pytest.mark.parametrize("address", ["syslog", "syslog:", ":514", "x.invalid:514", "localhost:x"])
def test_an_address_that_will_not_do_stops_the_start(address: str) -> None:
    with pytest.raises(ConfigurationError, match=r"logs\.syslog"):
        syslog.configure(address, "billing")
