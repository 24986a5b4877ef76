"""The pages in front of two real servers, which stand in for the services that they call."""

import html
import re
from collections.abc import Callable, Iterator
from types import MappingProxyType
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_chassis.settings import Settings
from flask_chassis.testing.upstream import Reply, Service
from werkzeug.test import TestResponse

from {{ cookiecutter.package_name }}.app import create_app

IMPATIENT = 0.2
TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl"  # pragma: allowlist secret

Make = Callable[..., Flask]


@pytest.fixture
def thoughts() -> Iterator[Service]:
    """The service that keeps the thoughts: it has none."""
    with Service() as service:
        for path in ("/api/thoughts/", "/api/me/thoughts/"):
            service.on("GET", path, listed())
        service.on("POST", "/api/me/thoughts/", Reply(201, thought()))
        yield service


@pytest.fixture
def users() -> Iterator[Service]:
    """The service that signs in: it lets everybody in."""
    with Service() as service:
        service.on("POST", "/api/login/", Reply(json={"Authorized": f"Bearer {TOKEN}"}))
        service.on("POST", "/api/logout/", Reply(204))
        service.on("GET", "/api/me/", Reply(json={"subject": "7", "username": "ada"}))
        yield service


@pytest.fixture
def make(settings: Settings, thoughts: Service, users: Service) -> Make:
    """Make the application, with other settings where a test asks."""

    def makes(environment: str = settings.environment, **others: Any) -> Flask:
        values = dict(settings.values) | {
            "upstream.thoughts.url": thoughts.url,
            "upstream.users.url": users.url,
            # Nothing here waits so long, but for what is made to.
            "calls.connect_timeout_seconds": 60.0,
            "calls.read_timeout_seconds": 60.0,
            "calls.total_timeout_seconds": 60.0,
        }
        values |= {key.replace("__", "."): value for key, value in others.items()}
        return create_app(Settings(environment, MappingProxyType(values)))

    return makes


@pytest.fixture
def app(make: Make) -> Flask:
    """The application, of which pytest-flask makes the fixture `client`."""
    return make()


@pytest.fixture
def impatient(make: Make) -> FlaskClient:
    """A client of an application that waits for a moment only, for services that never answer."""
    return make(calls__read_timeout_seconds=IMPATIENT).test_client()


def thought(**others: object) -> dict[str, object]:
    """Return a thought, as the service answers with it."""
    whole = {"id": 1, "username": "ada", "text": "x", "timestamp": "2026-11-07T14:03:05+00:00"}
    return whole | others


def listed(*texts: str, link: str = "", total: str = "", relation: str = "eq") -> Reply:
    """Answer with a list, as the service does."""
    items = [thought(id=n, text=text) for n, text in enumerate(texts, start=1)]
    headers = {
        "Link": link or '</api/thoughts/?limit=20>; rel="first"',
        "X-Total-Count": total or str(len(texts)),
        "X-Total-Count-Relation": relation,
    }
    return Reply(json=items, headers=headers)


def csrf_token(client: FlaskClient, path: str = "/login/") -> str:
    """Return what a form carries, as a browser would send it back."""
    return hidden(client.get(path), "csrf_token")


def hidden(response: TestResponse, name: str) -> str:
    """Return the value of a hidden field."""
    found = re.search(rf'<input type="hidden" name="{name}" value="([^"]*)">', response.text)
    assert found, f"no hidden field {name}"
    return html.unescape(found[1])


def sign_in(client: FlaskClient, **others: str) -> TestResponse:
    """Sign in through the form."""
    form = {
        "username": "ada",
        "password": "correct horse",
        "csrf_token": csrf_token(client),
    } | others
    return client.post("/login/", data=form)


def write(client: FlaskClient, text: str, path: str = "/thoughts/new") -> TestResponse:
    """Write a thought through the form."""
    return client.post(path, data={"text": text, "csrf_token": csrf_token(client, path)})


def field(response: TestResponse, name: str) -> str:
    """Return what a text area shows; a browser leaves out the line feed after the tag."""
    found = re.search(
        rf'<textarea [^>]*name="{name}"[^>]*>\n(.*?)</textarea>', response.text, re.DOTALL
    )
    assert found, f"no text area {name}"
    return html.unescape(found[1])
