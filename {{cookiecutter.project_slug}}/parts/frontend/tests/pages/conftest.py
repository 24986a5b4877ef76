"""Fixtures of the pages: two local servers stand in for the services that they call."""

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

ALL, OWN = "/api/{{ cookiecutter.resource_plural }}/", "/api/me/{{ cookiecutter.resource_plural }}/"
"""The lists of the service that stores the texts."""

MINE, NEW = "/{{ cookiecutter.resource_plural }}/", "/{{ cookiecutter.resource_plural }}/new"
"""The page with the user's own, and the form for a new one."""

Make = Callable[..., Flask]


@pytest.fixture
def kept() -> Iterator[Service]:
    """The service that stores the texts, with empty lists."""
    with Service() as service:
        for path in (ALL, OWN):
            service.on("GET", path, listed())
        service.on("POST", OWN, Reply(201, item()))
        service.on("GET", f"{ALL}1/", Reply(json=item()))
        service.on("PATCH", f"{ALL}1/", Reply(json=item()))
        service.on("DELETE", f"{ALL}1/", Reply(204))
        yield service


@pytest.fixture
def users() -> Iterator[Service]:
    """The issuer, which accepts every login."""
    with Service() as service:
        service.on("POST", "/api/login/", Reply(json={"Authorized": f"Bearer {TOKEN}"}))
        service.on("POST", "/api/logout/", Reply(204))
        service.on("GET", "/api/me/", Reply(json={"subject": "7", "username": "ada"}))
        yield service


@pytest.fixture
def make(settings: Settings, kept: Service, users: Service) -> Make:
    """Create the application, with a test's own settings."""

    def makes(environment: str = settings.environment, **others: Any) -> Flask:
        values = dict(settings.values) | {
            "upstream.{{ cookiecutter.resource_plural }}.url": kept.url,
            "upstream.users.url": users.url,
            # Long enough that only tests which ask for it reach a time-out.
            "calls.connect_timeout_seconds": 60.0,
            "calls.read_timeout_seconds": 60.0,
            "calls.total_timeout_seconds": 60.0,
        }
        values |= {key.replace("__", "."): value for key, value in others.items()}
        return create_app(Settings(environment, MappingProxyType(values)))

    return makes


@pytest.fixture
def app(make: Make) -> Flask:
    """The application, from which pytest-flask makes the fixture `client`."""
    return make()


@pytest.fixture
def impatient(make: Make) -> FlaskClient:
    """A client of an application with a short time-out, for services that hang."""
    return make(calls__read_timeout_seconds=IMPATIENT).test_client()


def item(**others: object) -> dict[str, object]:
    """Return an item as the service returns it."""
    whole = {"id": 1, "username": "ada", "text": "x", "timestamp": "2026-11-07T14:03:05+00:00"}
    return whole | others


def listed(*texts: str, link: str = "", total: str = "", relation: str = "eq") -> Reply:
    """Return a response with a list, as the service sends it."""
    items = [item(id=n, text=text) for n, text in enumerate(texts, start=1)]
    headers = {
        "Link": link or '</api/x/?limit=20>; rel="first"',
        "X-Total-Count": total or str(len(texts)),
        "X-Total-Count-Relation": relation,
    }
    return Reply(json=items, headers=headers)


def csrf_token(client: FlaskClient, path: str = "/login/") -> str:
    """Return the CSRF token of a form."""
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


def write(client: FlaskClient, text: str, path: str = NEW) -> TestResponse:
    """Create or change a text through the form."""
    form = client.get(path)
    fields = {"text": text, "csrf_token": hidden(form, "csrf_token")}
    if path != NEW:
        fields["version"] = hidden(form, "version")
    return client.post(path, data=fields)


def field(response: TestResponse, name: str) -> str:
    """Return the content of a text area, without the line feed after the tag, as browsers do."""
    found = re.search(
        rf'<textarea [^>]*name="{name}"[^>]*>\n(.*?)</textarea>', response.text, re.DOTALL
    )
    assert found, f"no text area {name}"
    return html.unescape(found[1])
