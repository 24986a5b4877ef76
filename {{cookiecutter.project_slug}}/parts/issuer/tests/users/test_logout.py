"""Logging out: the token is refused from then on."""

from flask.testing import FlaskClient
from flask_chassis.testing import Bearer
from sqlalchemy import Engine, text
from werkzeug.test import TestResponse

from .conftest import Create, LogIn, Make


def log_out(client: FlaskClient, authorization: str) -> TestResponse:
    """Log out with the value of a header."""
    return client.post("/api/logout/", headers={"Authorization": authorization})


def revoked(engine: Engine) -> set[str]:
    """Return the ids of the tokens that are remembered as revoked."""
    with engine.connect() as connection:
        return set(connection.scalars(text("SELECT token_id FROM revoked_tokens")))


def test_a_token_is_refused_once_it_is_logged_out(
    client: FlaskClient, create: Create, log_in: LogIn
) -> None:
    create()
    mine, other = (log_in().json["Authorized"] for _ in range(2))
    response = log_out(client, mine)
    assert response.status_code == 204
    assert response.data == b""
    again = log_out(client, mine)
    assert again.status_code == 401
    assert "revoked" in again.json["message"]
    assert again.headers["WWW-Authenticate"] == "Bearer error=invalid_token"
    assert log_out(client, other).status_code == 204


def test_it_is_refused_everywhere_in_the_service(client: FlaskClient, bearer: Bearer) -> None:
    headers = bearer("root", scope="admin")
    assert client.post("/admin/users/", json={}, headers=headers).status_code == 400
    assert client.post("/api/logout/", headers=headers).status_code == 204
    assert client.post("/admin/users/", json={}, headers=headers).status_code == 401


def test_it_is_refused_by_all_instances(client: FlaskClient, bearer: Bearer, make: Make) -> None:
    authorization = bearer()["Authorization"]
    other = make().test_client()
    assert log_out(client, authorization).status_code == 204
    assert log_out(other, authorization).status_code == 401


def test_logging_out_needs_a_token(client: FlaskClient, engine: Engine) -> None:
    assert client.post("/api/logout/").status_code == 401
    assert log_out(client, "Bearer rubbish").status_code == 401
    assert revoked(engine) == set()
