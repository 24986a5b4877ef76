"""Tests of the administration API."""

from flask.testing import FlaskClient
from flask_chassis.testing import Bearer

OWN = "/api/me/{{ cookiecutter.resource_plural }}/"
ONE = "/admin/{{ cookiecutter.resource_plural }}/1/"

BODY = {"text": "Hello"}


def test_admin_can_delete_any(client: FlaskClient, bearer: Bearer) -> None:
    client.post(OWN, json=BODY, headers=bearer("ada"))
    root = bearer("root", scope="read admin")
    removed = client.delete(ONE, headers=root)
    assert (removed.status_code, removed.data) == (204, b"")
    assert client.delete(ONE, headers=root).status_code == 404


def test_delete_requires_admin_scope(client: FlaskClient, bearer: Bearer) -> None:
    client.post(OWN, json=BODY, headers=bearer("ada"))
    assert client.delete(ONE).status_code == 401
    assert client.delete(ONE, headers=bearer("ada", scope="administrator")).status_code == 403
    assert client.get("/api/{{ cookiecutter.resource_plural }}/1/").status_code == 200
