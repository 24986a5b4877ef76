"""The OpenAPI document: what it is made of, and the Swagger UI at `/`.

What every service's document has to describe is checked by `flask_chassis.testing.guards`.
"""

import re
from urllib.parse import urljoin

import pytest
from flask.testing import FlaskClient

from flask_chassis.settings import Settings

from ..conftest import Make
from ..probes import API_VERSION


def test_the_document_is_openapi_3_1(client: FlaskClient) -> None:
    response = client.get("/openapi.json")
    assert response.json["openapi"].startswith("3.1.")
    again = client.get("/openapi.json", headers={"If-None-Match": response.headers["ETag"]})
    assert again.status_code == 304


def test_the_document_describes_tokens_and_where_to_get_one(
    client: FlaskClient, settings: Settings
) -> None:
    scheme = client.get("/openapi.json").json["components"]["securitySchemes"]["bearer"]
    assert scheme["type"] == "http"
    assert scheme["scheme"] == "bearer"
    assert scheme["bearerFormat"] == "JWT"
    assert settings["tokens.issuer"] in scheme["description"]
    assert "/api/login/" in scheme["description"]


def test_the_contracts_version_is_that_of_the_domain(probe: FlaskClient) -> None:
    assert probe.get("/openapi.json").json["info"]["version"] == API_VERSION


@pytest.mark.parametrize("path", ["/swagger.json", "/swagger-ui/nothing.js", "/swagger-ui/../x"])
def test_what_is_not_served_is_404(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("prefix", ["/", "/billing/"])
def test_people_find_it_at_the_root_with_all_that_it_needs(
    client: FlaskClient, prefix: str
) -> None:
    """A proxy may serve it under a prefix, which it takes from the path."""
    page = client.get("/")
    assert page.status_code == 200
    assert page.mimetype == "text/html"
    assets = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len([path for path in assets if path.endswith((".js", ".css"))]) == 3
    for path in assets:
        asked = urljoin(f"https://acme.example{prefix}", path).removeprefix("https://acme.example")
        assert asked.startswith(prefix)
        with client.get("/" + asked.removeprefix(prefix)) as asset:
            assert asset.status_code == 200, path
            assert len(asset.data) > 100
    assert not re.search(r'(?:src|href)="(?:https?:)?/', page.text)


def test_the_page_runs_only_the_scripts_of_this_service(client: FlaskClient) -> None:
    page = client.get("/")
    policy = page.headers["Content-Security-Policy"]
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert not re.search(r"<script>|<style>|style=|onload=", page.text)


def test_a_caller_cannot_pick_fields_with_a_header(make: Make) -> None:
    response = make().test_client().get("/api/probes/free/", headers={"X-Fields": "nothing"})
    assert response.json == {"free": True}
