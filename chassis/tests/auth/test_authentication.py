"""Who may call what, and that nobody without a token learns more than that."""

import pytest
from flask.testing import FlaskClient

from flask_chassis.auth.access import decision, internal, public
from flask_chassis.auth.authentication import scope_required, token_required
from flask_chassis.testing import Bearer

from ..probes import PLACES

everywhere = pytest.mark.parametrize("place", PLACES)


@everywhere
@pytest.mark.parametrize("name", ["mine", "administer", "read"])
def test_without_a_token_it_is_401(probe: FlaskClient, place: str, name: str) -> None:
    response = probe.get(f"{place}/{name}/")
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert "Authorization: Bearer" in response.json["message"]


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Basic YTpi", "Token x", "x", "Bearer\tx", ","]
)
def test_any_other_scheme_is_401(probe: FlaskClient, header: str) -> None:
    response = probe.get("/probes/mine/", headers={"Authorization": header})
    assert response.status_code == 401
    assert response.json["message"]


def test_a_token_that_is_not_valid_is_told_apart(probe: FlaskClient) -> None:
    response = probe.get("/probes/mine/", headers={"Authorization": "Bearer rubbish"})
    assert response.headers["WWW-Authenticate"] == "Bearer error=invalid_token"


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_scheme_is_read_in_any_case(probe: FlaskClient, bearer: Bearer, scheme: str) -> None:
    token = bearer("ada")["Authorization"].partition(" ")[2]
    response = probe.get("/probes/mine/", headers={"Authorization": f"{scheme}  {token} "})
    assert response.json["username"] == "ada"


@everywhere
@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "multipart/form-data"])
@pytest.mark.parametrize("body", [b"{", b"x" * 2_000_000])
def test_401_comes_before_any_other_fault(
    probe: FlaskClient, place: str, content_type: str, body: bytes
) -> None:
    response = probe.post(f"{place}/read/", data=body, content_type=content_type)
    assert response.status_code == 401


@everywhere
def test_a_scope_opens_what_needs_it(probe: FlaskClient, bearer: Bearer, place: str) -> None:
    path = f"{place}/administer/"
    assert probe.get(path, headers=bearer(scope="read admin")).status_code == 200
    for scope in ("", "administrator", "admin2 read", "Admin"):
        response = probe.get(path, headers=bearer(scope=scope))
        assert response.status_code == 403
        assert "'admin'" in response.json["message"]


def test_a_caller_is_forgotten_with_the_request(probe: FlaskClient, bearer: Bearer) -> None:
    assert probe.get("/probes/mine/", headers=bearer("ada")).json["username"] == "ada"
    assert probe.get("/probes/mine/").status_code == 401
    assert probe.get("/probes/mine/", headers=bearer("bob")).json["username"] == "bob"


def test_a_view_carries_its_decision() -> None:
    def view() -> str:
        return ""

    assert decision(view) is None
    assert decision(token_required(view)) == "token"
    assert decision(scope_required("admin")(view)) == "scope admin"
    assert decision(internal(view)) == "internal"
    assert decision(public(view)) == "public"
