"""No service holds a thread for longer than the total time-out, however it sends its response."""

import datetime as dt
import ssl
import threading
import time
from collections.abc import Iterator
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from flask_chassis.auth.jwks import JwksError
from flask_chassis.auth.jwks_client import fetch
from flask_chassis.clients.errors import LostResponseError, TooSlowError, UnreachableError
from flask_chassis.testing.upstream import Reply, Service

from ..trickling_server import PAUSE_SECONDS, TricklingServer
from . import test_foreign
from .test_upstream import made, service_of

SECONDS = 0.3
"""The total time-out. A response takes at least `LONG` times as long."""
LONG = 20
BYTES = round(LONG * SECONDS / PAUSE_SECONDS)
HELD_SECONDS = SECONDS * LONG / 2
"""How long a busy machine may take to end a call: far less than the response does."""

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
TRICKLES = {
    "the status line": (b"HTTP/1.1 200 ", b"O" * BYTES),
    "headers": (HEAD, b"X-Header: " + b"x" * BYTES),
    "many headers": (HEAD, b"X: y\r\n" * (BYTES // 6)),
    "a body of a known length": (HEAD + b"Content-Length: 9999\r\n\r\n", b" " * BYTES),
    "a body up to the end of the connection": (HEAD + b"\r\n[", b" " * BYTES),
    "a chunk": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n270F\r\n", b" " * BYTES),
    "the size of a chunk": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"0" * BYTES),
    "many chunks": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n" * (BYTES // 6)),
    "responses that are none yet": (b"", b"HTTP/1.1 100 Continue\r\n\r\n" * (BYTES // 25)),
}


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ssl.SSLContext]:
    """A certificate of 127.0.0.1, which the clients trust."""
    folder = tmp_path_factory.mktemp("tls")
    key, name = ec.generate_private_key(ec.SECP256R1()), _name("127.0.0.1")
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), True)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, SHA256())
    )
    authority, private = folder / "ca.pem", folder / "key.pem"
    authority.write_bytes(certificate.public_bytes(Encoding.PEM))
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority, private)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REQUESTS_CA_BUNDLE", str(authority))
        yield context


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("part", TRICKLES)
def test_a_call_ends_in_time_whatever_trickles(part: str, scheme: str, tls: ssl.SSLContext) -> None:
    with TricklingServer(*TRICKLES[part], tls if scheme == "https" else None) as server:
        call = service_of(made(server.url, total_timeout_seconds=SECONDS))
        began = time.monotonic()
        with pytest.raises(TooSlowError):
            call.get("/")
        assert time.monotonic() - began < HELD_SECONDS
        # The connection is gone as well: the server does not go on sending.
        assert server.ended.acquire(timeout=HELD_SECONDS)
        assert server.asked == 1


@pytest.mark.parametrize("part", TRICKLES)
def test_the_jwks_is_given_up_in_time_whatever_trickles(part: str, tls: ssl.SSLContext) -> None:
    with TricklingServer(*TRICKLES[part], tls) as server:
        began = time.monotonic()
        with pytest.raises(JwksError, match="too long"):
            fetch(server.url, timeout_seconds=SECONDS)
        assert time.monotonic() - began < HELD_SECONDS
        assert server.ended.acquire(timeout=HELD_SECONDS)


def test_the_answer_of_a_proxy_that_trickles_ends_in_time() -> None:
    with TricklingServer(b"HTTP/1.1 200 ", b"O" * BYTES, None) as proxy:
        limits = {"total_timeout_seconds": SECONDS}
        app = test_foreign.made("https://foreign.example", limits, proxy=proxy.url)
        began = time.monotonic()
        with pytest.raises((TooSlowError, LostResponseError, UnreachableError)):
            service_of(app).get("/")
        assert time.monotonic() - began < HELD_SECONDS
        assert proxy.asked == 1


def test_a_call_that_ends_in_time_leaves_its_connection_to_the_next() -> None:
    """The deadline of one call must not end another, which has the connection by then."""
    with Service() as other:
        other.on("GET", "/", Reply(json={"right": True}))
        call = service_of(made(other.url, total_timeout_seconds=SECONDS, pool_size=1))
        until = time.monotonic() + 3 * SECONDS
        while (began := time.monotonic()) < until:
            try:
                assert call.get("/").json() == {"right": True}
            except TooSlowError:
                # By its own deadline, which a busy machine may miss; the last call's is earlier.
                assert time.monotonic() - began >= SECONDS


def test_the_timers_of_calls_that_have_ended_are_gone() -> None:
    with Service() as other:
        other.on("GET", "/", Reply(json=1))
        call = service_of(made(other.url))
        for _ in range(20):
            call.get("/")
        deadline = time.monotonic() + 10
        while any(isinstance(each, threading.Timer) for each in threading.enumerate()):
            assert time.monotonic() < deadline, "timers go on after their calls"
            time.sleep(0.01)
