"""Errors are reported to Sentry, without personal data; nothing is unless it is switched on."""

import logging
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import sentry_sdk
from flask import Flask
from flask.testing import FlaskClient

from flask_chassis.exceptions import ConfigurationError
from flask_chassis.observability import sentry
from flask_chassis.settings import Settings
from flask_chassis.testing import changed

from ..conftest import Make
from ..probes import SECRET
from ..sentry_server import Receiver, receiver

log = logging.getLogger("tests")


@pytest.fixture
def server(settings: Settings) -> Iterator[Receiver]:
    """A receiver, to which nothing is sent any more after the test."""
    with receiver() as listening:
        yield listening
        sentry.init_app(Flask("billing"), settings)
        listening.answers.set()
        sentry_sdk.get_client().close(timeout=10)


@pytest.fixture
def client(server: Receiver, make: Make) -> FlaskClient:
    """A client of a service that reports its errors."""
    return make(sentry__dsn=server.dsn).test_client()


def sent(server: Receiver) -> list[dict[str, Any]]:
    """Return the events that the receiver has got by now."""
    sentry_sdk.flush(timeout=20)
    return server.events


@pytest.mark.parametrize("place", ["/probes", "/api/probes"])
def test_an_unexpected_error_is_reported(
    server: Receiver, client: FlaskClient, place: str, settings: Settings
) -> None:
    response = client.get(f"{place}/fail/", headers={"X-Request-ID": "order-17"})
    assert response.status_code == 500
    [event] = sent(server)
    assert event["tags"] == {"request_id": "order-17", "method": "GET", "route": f"{place}/<name>/"}
    assert event["environment"] == settings.environment
    assert event["release"] == "billing@development"
    assert event["level"] == "error"
    [exception] = event["exception"]["values"]
    assert exception["type"] == "RuntimeError"
    frames = exception["stacktrace"]["frames"]
    assert (frames[-1]["function"], frames[-1]["lineno"] > 0) == ("fail", True)


def test_a_release_is_the_version_that_runs(
    server: Receiver, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VERSION_NAME", "v1.2-3-gabc")
    monkeypatch.setenv("VERSION_SHA", "abc")
    production = changed(settings, "production.kubernetes", sentry__dsn=server.dsn)
    sentry.init_app(Flask("billing"), production)
    log.error("something")
    [event] = sent(server)
    assert event["release"] == "billing@v1.2-3-gabc"
    assert event["environment"] == "production.kubernetes"


def test_no_personal_data_is_sent(server: Receiver, client: FlaskClient) -> None:
    """Whatever a request brings may be a secret, or say who somebody is."""
    secrets = {
        "header": "Bearer-s3cret-of-the-header",
        "cookie": "s3cret-of-the-cookie",
        "query": "s3cret-of-the-query",
        "body": "s3cret-of-the-body",
        "address": "203.0.113.77",
        "agent": "Agent-of-Alice/1.0",
    }
    client.set_cookie("session", secrets["cookie"])
    response = client.post(
        f"/probes/fail/?token={secrets['query']}&mail=alice@example.com",
        json={"password": secrets["body"], "username": "alice"},
        headers={
            "Authorization": f"Bearer {secrets['header']}",
            "X-Forwarded-For": secrets["address"],
            "User-Agent": secrets["agent"],
        },
        environ_base={"REMOTE_ADDR": secrets["address"]},
    )
    assert response.status_code == 500
    [event] = sent(server)
    [everything] = server.bodies
    for secret in (*secrets.values(), "alice", SECRET, "s3cret"):
        # A stack has lines of the source, of this test's probe too.
        assert secret not in without_source(everything, event), secret
    assert event.keys() <= {*sentry.KEPT, "tags", "logentry"}
    frames = event["exception"]["values"][0]["stacktrace"]["frames"]
    assert not any("vars" in frame for frame in frames)


def without_source(body: str, event: dict[str, Any]) -> str:
    """Return what was sent without the lines of source that are in a stack."""
    for exception in event["exception"]["values"]:
        for frame in exception["stacktrace"]["frames"]:
            for line in (*frame["pre_context"], frame["context_line"], *frame["post_context"]):
                if line.strip():
                    body = body.replace(line.replace('"', '\\"'), "")
    return body


def test_a_message_is_sent_without_its_arguments(server: Receiver, client: FlaskClient) -> None:
    log.error("the mail to %s failed", "alice@example.com", extra={"username": "alice"})
    [event] = sent(server)
    assert event["logentry"] == {"message": "the mail to %s failed"}
    assert "alice" not in server.bodies[0]


def test_texts_are_redacted_as_in_the_logs(server: Receiver, client: FlaskClient) -> None:
    try:
        raise ValueError(
            "password=hunter2 at postgresql://user:s3cret@host\n"  # pragma: allowlist secret
            "DETAIL:  Key (username)=(alice) already exists."
        )
    except ValueError:
        log.exception("cannot connect with token=abc123")
    [event] = sent(server)
    [exception] = event["exception"]["values"]
    assert exception["value"] == (
        "password=[redacted] at postgresql://user:[redacted]@host\nDETAIL: [redacted]"
    )
    assert event["logentry"] == {"message": "cannot connect with token=[redacted]"}


def test_the_request_of_a_record_of_another_thread_is_known(
    server: Receiver, client: FlaskClient
) -> None:
    """The watchdog logs what it sees in another thread."""
    log.critical("the request exceeds the time limit", extra={"request_id": "order-18"})
    [event] = sent(server)
    assert event["tags"] == {"request_id": "order-18"}
    assert event["level"] == "fatal"


def test_what_is_no_error_is_not_reported(server: Receiver, client: FlaskClient) -> None:
    assert client.get("/probes/free/").status_code == 200
    assert client.get("/nowhere/").status_code == 404
    assert client.get("/probes/refuse/?status=503").status_code == 503
    log.warning("something")
    assert sent(server) == []
    log.error("something")
    assert len(sent(server)) == 1


def test_a_receiver_that_does_not_answer_keeps_no_request(
    server: Receiver, client: FlaskClient
) -> None:
    server.answers.clear()
    # More than are kept.
    for _ in range(120):
        assert client.get("/probes/fail/").status_code == 500
    assert server.events == []
    server.answers.set()
    assert 0 < len(sent(server)) <= 120


def test_a_receiver_that_is_not_there_fails_no_request(settings: Settings, make: Make) -> None:
    with receiver() as gone:
        dsn = gone.dsn
    client = make(sentry__dsn=dsn).test_client()
    assert client.get("/probes/fail/").status_code == 500
    sentry_sdk.flush(timeout=10)
    assert client.get("/probes/free/").status_code == 200
    sentry.init_app(Flask("billing"), settings)
    sentry_sdk.get_client().close(timeout=1)


OFF = """
import logging, sys
from billing.app import create_app
from flask_chassis.settings import Settings
from flask_chassis.observability import sentry
sentry.init_app(None, Settings("tests.local", {"sentry.dsn": ""}))
print("sentry_sdk" in sys.modules, [each.name for each in logging.getLogger().handlers])
"""


def test_without_an_address_it_is_not_even_imported() -> None:
    done = subprocess.run([sys.executable, "-c", OFF], capture_output=True, text=True, check=True)
    assert done.stdout == "False []\n"


def test_switched_off_nothing_is_reported_any_more(server: Receiver, settings: Settings) -> None:
    on = changed(settings, "", sentry__dsn=server.dsn)
    for chosen in (on, on, settings):
        sentry.init_app(Flask("billing"), chosen)
    log.error("something")
    assert sent(server) == []


def test_an_address_without_the_library_is_an_error(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sentry, "find_spec", lambda name: None)
    with pytest.raises(ConfigurationError, match=r"sentry-sdk is not installed: add the extra"):
        sentry.init_app(
            Flask("billing"), changed(settings, "", sentry__dsn="https://a@b.example/1")
        )


@pytest.mark.parametrize("dsn", ["sentry.example", "https://sentry.example/1", "https://key@host/"])
def test_an_address_that_is_none_is_an_error(settings: Settings, dsn: str) -> None:
    with pytest.raises(ConfigurationError, match=r"sentry\.dsn is not valid .*: set the DSN"):
        sentry.init_app(Flask("billing"), changed(settings, "", sentry__dsn=dsn))
