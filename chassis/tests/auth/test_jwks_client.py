"""Fetching the JWKS from a real server, which may be at fault in any way."""

import gzip
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from flask_chassis.auth import jwks_client
from flask_chassis.auth.jwks import JwksError
from flask_chassis.auth.jwks_client import fetch

from ..jwks_server import JwksServer


@pytest.fixture
def server(key: Path) -> Iterator[JwksServer]:
    """An issuer that publishes one key, `tests`."""
    with JwksServer() as made:
        made.publish_folder(key.parent.parent / "public")
        yield made


def test_the_keys_are_fetched(server: JwksServer) -> None:
    assert list(fetch(server.url)) == ["tests"]


def test_no_proxy_and_no_netrc_has_a_say_in_whose_keys_they_are(
    server: JwksServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login eve password hunter2")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    for name in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    assert list(fetch(server.url)) == ["tests"]


def moved(server: JwksServer) -> None:
    """Lead elsewhere, to a good document even."""
    server.status, server.headers = 302, {"Location": server.url}


def compressed(server: JwksServer) -> None:
    """Answer compressed though nobody asked."""
    body = gzip.compress(server.body())
    server.body, server.headers = lambda: body, {"Content-Encoding": "gzip"}


def endless(server: JwksServer) -> None:
    """Say more than anyone wants to hear."""
    body = server.body() + b" " * jwks_client.LARGEST_BODY
    server.body = lambda: body


def cut_off(server: JwksServer) -> None:
    """Promise more than comes."""
    server.headers = {"Content-Length": "100000"}


def failing(server: JwksServer) -> None:
    """Answer 500, with a document nevertheless."""
    server.status = 500


def empty(server: JwksServer) -> None:
    """Publish no key."""
    server.body = lambda: json.dumps({"keys": []}).encode()


@pytest.mark.parametrize(
    "fault", [moved, compressed, endless, cut_off, failing, empty, JwksServer.stop]
)
def test_what_is_no_good_answer_is_none(
    server: JwksServer, fault: Callable[[JwksServer], None]
) -> None:
    fault(server)
    with pytest.raises(JwksError):
        fetch(server.url)


def test_an_answer_that_trickles_is_given_up(server: JwksServer) -> None:
    server.drip = 0.05  # A byte at a time: in all it would take half a minute.
    began = time.monotonic()
    with pytest.raises(JwksError, match="too long"):
        fetch(server.url, timeout_seconds=0.3)
    assert time.monotonic() - began < 10


def test_an_issuer_that_says_nothing_is_given_up(server: JwksServer) -> None:
    server.open.clear()
    with pytest.raises(JwksError, match=r"cannot be reached|too long"):
        fetch(server.url, timeout_seconds=0.2)
