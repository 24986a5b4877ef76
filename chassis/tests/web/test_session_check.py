"""Sessions end when their token is revoked, and what that costs the issuer."""

from collections.abc import Callable
from types import MappingProxyType

import pytest
from flask import Flask
from flask.testing import FlaskClient

from flask_chassis.auth.access import public
from flask_chassis.clients.errors import TooSlowError, UpstreamError
from flask_chassis.settings import Settings
from flask_chassis.web import session_check, sessions
from flask_chassis.web.session_check import SessionCheck

from ..clock import Clock

SECONDS = 5


class Issuer:
    """What the issuer says of tokens, and how often it was asked."""

    def __init__(self) -> None:
        self.revoked: set[str] = set()
        self.error: UpstreamError | None = None
        self.asked = 0

    def is_signed_in(self, token: str) -> bool:
        """Answer, or fail."""
        self.asked += 1
        if self.error:
            raise self.error
        return token not in self.revoked


@pytest.fixture
def issuer() -> Issuer:
    """An issuer that has revoked nothing."""
    return Issuer()


@pytest.fixture
def clock() -> Clock:
    """The clock that the tests set."""
    return Clock()


@pytest.fixture
def check(issuer: Issuer, clock: Clock) -> SessionCheck:
    """What is under test."""
    return SessionCheck(issuer.is_signed_in, SECONDS, clock.monotonic)


def test_reading_takes_an_answer_that_is_some_seconds_old(
    check: SessionCheck, issuer: Issuer, clock: Clock
) -> None:
    for _ in range(3):
        assert not check.has_ended("a", is_safe=True)
    assert issuer.asked == 1
    issuer.revoked.add("a")
    clock.now += SECONDS - 0.1
    assert not check.has_ended("a", is_safe=True)
    clock.now += 0.1
    assert check.has_ended("a", is_safe=True)


def test_what_changes_something_always_asks(check: SessionCheck, issuer: Issuer) -> None:
    assert not check.has_ended("a", is_safe=False)
    issuer.revoked.add("a")
    assert check.has_ended("a", is_safe=False)
    assert issuer.asked == 2


def test_one_token_says_nothing_of_another(check: SessionCheck, issuer: Issuer) -> None:
    issuer.revoked.add("a")
    assert check.has_ended("a", is_safe=True)
    assert not check.has_ended("b", is_safe=True)


def test_what_has_ended_is_not_asked_about_again(check: SessionCheck, issuer: Issuer) -> None:
    check.end("a")
    assert check.has_ended("a", is_safe=True)
    assert check.has_ended("a", is_safe=False)
    assert issuer.asked == 0


def test_a_token_that_is_given_out_is_good(check: SessionCheck, issuer: Issuer) -> None:
    check.end("a")
    check.begin("a")
    assert not check.has_ended("a", is_safe=True)
    assert issuer.asked == 1


def test_an_issuer_that_does_not_answer_signs_nobody_out_and_is_not_asked_by_every_page(
    check: SessionCheck, issuer: Issuer, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    issuer.error = TooSlowError("users", "no response within 1 s")
    for token in ("a", "b", "c"):
        assert not check.has_ended(token, is_safe=True)
        assert not check.has_ended(token, is_safe=False)
    assert issuer.asked == 1
    assert "sessions are not checked for 5 s: users: no response" in caplog.text
    issuer.error = None
    issuer.revoked.add("a")
    clock.now += SECONDS
    assert check.has_ended("a", is_safe=True)


def test_what_is_remembered_is_bounded(
    check: SessionCheck, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session_check, "MOST", 3)
    for number in range(10):
        check.has_ended(f"valid {number}", is_safe=True)
        check.end(f"ended {number}")
    assert len(check._valid) <= 3
    assert len(check._ended) <= 3


# Within an application.


@pytest.fixture
def make(issuer: Issuer) -> Callable[[], Flask]:
    """Make a site; each is as a worker of its own."""

    def makes() -> Flask:
        values = {
            "session.secret_key": "s" * 32,
            "session.previous_secret_keys": "",
            "session.lifetime_hours": 1,
            "session.check_seconds": SECONDS,
        }
        settings = Settings("tests.local", MappingProxyType(values))
        app = Flask("site", static_folder=None)
        sessions.init_app(app, settings)
        app.config["WTF_CSRF_ENABLED"] = False
        session_check.init_app(app, settings, issuer.is_signed_in)

        def sign_in() -> str:
            sessions.sign_in("ada", "the token")
            return sessions.token()

        def sign_out() -> str:
            issuer.revoked.add(sessions.token())
            sessions.sign_out()
            return ""

        app.add_url_rule("/in", "in", public(sign_in))
        app.add_url_rule("/out", "out", public(sign_out))
        app.add_url_rule(
            "/mine", "mine", sessions.required(lambda: sessions.token()), methods=["GET", "POST"]
        )
        app.register_error_handler(sessions.LoginRequiredError, lambda _: ("", 401))
        return app

    return makes


def copied(client: FlaskClient, app: Flask) -> FlaskClient:
    """Return another browser, with a copy of the cookie."""
    cookie = client.get_cookie("session")
    assert cookie is not None
    other = app.test_client()
    other.set_cookie("session", cookie.value)
    return other


def test_a_copied_cookie_ends_with_the_logout(make: Callable[[], Flask]) -> None:
    app, another_worker = make(), make()
    client = app.test_client()
    client.get("/in")
    thief, elsewhere = copied(client, app), copied(client, another_worker)
    assert thief.get("/mine").text == elsewhere.get("/mine").text == "the token"
    client.get("/out")
    assert client.get("/mine").status_code == 401
    # At once where one has signed out, and for whatever changes something.
    assert thief.get("/mine").status_code == thief.post("/mine").status_code == 401
    assert elsewhere.post("/mine").status_code == 401
    assert elsewhere.get("/mine").status_code == 401


def test_a_request_asks_once(make: Callable[[], Flask], issuer: Issuer) -> None:
    client = make().test_client()
    client.get("/in")
    asked = issuer.asked
    assert client.post("/mine").text == "the token"
    assert issuer.asked == asked + 1


def test_a_site_without_the_check_asks_nobody(make: Callable[[], Flask], issuer: Issuer) -> None:
    app = make()
    del app.extensions["session_check"]
    client = app.test_client()
    client.get("/in")
    assert client.get("/mine").text == "the token"
    assert issuer.asked == 0
