"""What the `frontend` does, over HTTP."""

import json
import time

import requests

from ..system import Served, Together
from .caller import TIMEOUT_SECONDS, answer
from .verdict import Check
from .visitor import Visitor

LOG_SECONDS = 5


def is_alive_and_ready(system: Together) -> None:
    """the frontend is alive, and reaches both services that it calls"""
    answer(system.frontend, "GET", "/health/live", 200)
    checks = answer(system.frontend, "GET", "/health/ready", 200).json()["checks"]
    assert checks == {"thoughts": "ok", "users": "ok"}, checks
    assert answer(system.frontend, "GET", "/admin/version/", 200).json()["version"] == "v1.0"


def says_what_browsers_may_do(system: Together) -> None:
    """its pages allow scripts in files of its own only, and no other site to frame them"""
    headers = answer(system.frontend, "GET", "/", 200).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy, policy
    assert "frame-ancestors 'none'" in policy, policy
    assert "script-src 'self';" in policy, policy
    assert "unsafe" not in policy, policy


def guards_its_session(system: Together) -> None:
    """the session's cookie is HttpOnly, Secure and SameSite"""
    cookie = answer(system.frontend, "GET", "/login/", 200).headers["Set-Cookie"]
    for word in ("__Host-session=", "HttpOnly", "Secure", "SameSite=Lax"):
        assert word in cookie, cookie


def asks_to_sign_in(system: Together) -> None:
    """who has not signed in is led to the login, and then to the page that was asked for"""
    visitor = Visitor(system)
    asked = visitor.get("/thoughts/new")
    assert asked.url.partition("?")[0].endswith("/login/"), asked.url
    person = system.person
    landed = visitor.send(
        "/login/", username=person.username, password=person.password, next="/thoughts/new"
    )
    assert landed.url.endswith("/thoughts/new"), landed.url


def writes_searches_and_signs_out(system: Together) -> None:
    """a user signs in, writes, searches and signs out; what was written is shown as text"""
    visitor = Visitor(system)
    visitor.sign_in()
    text = "<b>Over HTTP</b> & more"
    own = visitor.send("/thoughts/new", text=text).text
    assert "&lt;b&gt;Over HTTP&lt;/b&gt; &amp; more" in own, own
    assert "<b>Over HTTP" not in own
    assert "&lt;b&gt;Over HTTP" in visitor.get("/search", params={"search": "over http"}).text
    assert "signed out" in visitor.send("/logout/").text
    assert "/login/" in visitor.get("/thoughts/").url


def refuses_forged_forms(system: Together) -> None:
    """a form that another site sends changes nothing"""
    visitor = Visitor(system)
    visitor.sign_in()
    url = f"{system.frontend.address}/thoughts/new"
    cookies = visitor.cookies
    forged = requests.post(
        url, data={"text": "Forged"}, headers={"Cookie": cookies}, timeout=TIMEOUT_SECONDS
    )
    assert forged.status_code == 400, forged.status_code
    assert "Forged" not in visitor.get("/").text


def traces_a_click(system: Together) -> None:
    """one request id finds the lines of a click in the logs of both services"""
    identifier = "a-click-of-the-check"
    answer(system.frontend, "GET", "/", 200, headers={"X-Request-ID": identifier})
    for service in (system.frontend, system.thoughts):
        assert is_logged(service, identifier), f"{service.name} has logged nothing of it"


def is_logged(service: Served, identifier: str) -> bool:
    """Whether a service has a line about an answer, which may come a moment after the answer."""
    deadline = time.monotonic() + LOG_SECONDS
    while True:
        lines = [json.loads(line) for line in service.logged().splitlines()]
        about = [line["logger"] for line in lines if line.get("request_id") == identifier]
        if "access" in about or time.monotonic() > deadline:
            return "access" in about
        time.sleep(0.05)


CHECKS: tuple[Check[Together], ...] = (
    is_alive_and_ready,
    says_what_browsers_may_do,
    guards_its_session,
    asks_to_sign_in,
    writes_searches_and_signs_out,
    refuses_forged_forms,
    traces_a_click,
)
