"""Numbers in paths are written in digits from 0 to 9."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from flask_chassis.http import url_converters


@pytest.fixture
def client() -> FlaskClient:
    """Return a client of an application with numbers in its rules."""
    app = Flask(__name__)
    url_converters.init_app(app)
    app.add_url_rule("/<int(max=99):number>/", "a")
    app.add_url_rule("/s/<int(signed=True):number>/", "b")
    app.add_url_rule("/f/<float:number>/", "c")
    app.view_functions |= dict.fromkeys("abc", lambda number: str(number))
    return app.test_client()


@pytest.mark.parametrize(("path", "number"), [("/1/", "1"), ("/s/-7/", "-7"), ("/f/1.5/", "1.5")])
def test_ascii_digits_are_a_number(client: FlaskClient, path: str, number: str) -> None:
    assert client.get(path).text == number


@pytest.mark.parametrize(
    "path",
    ["/\uff11/", "/\u0661/", "/1\u0661/", "/s/-\uff11/", "/f/\uff11.5/", "/100/", "/f/1.\u0665/"],
)
def test_digits_of_other_scripts_are_404(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("path", ["/api/invoices/%EF%BC%91/", "/api/invoices/%D9%A1/"])
def test_a_service_uses_them(invoices: FlaskClient, path: str) -> None:
    assert invoices.get("/api/invoices/1/").status_code == 401
    assert invoices.get(path).status_code == 404
    assert invoices.delete(path).status_code == 404
