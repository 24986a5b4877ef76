"""Every error is JSON with the right status, and says nothing that is not the caller's business."""

import io

import pytest
from flask import Flask
from flask.testing import FlaskClient

from flask_chassis.testing import Bearer

from ..conftest import Make
from ..probes import PLACES, SECRET

everywhere = pytest.mark.parametrize("place", PLACES)


@everywhere
@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 410, 422, 429, 500, 501, 503, 504])
def test_an_error_is_json_with_its_status(probe: FlaskClient, place: str, status: int) -> None:
    response = probe.get(f"{place}/refuse/?status={status}")
    assert response.status_code == status
    assert response.mimetype == "application/json"
    assert response.json.keys() == {"message"}
    assert response.json["message"]


@pytest.mark.parametrize("path", ["/nowhere", "/api/nowhere/", "/admin/nowhere/", "/health"])
def test_a_path_that_leads_nowhere_is_404_as_json(probe: FlaskClient, path: str) -> None:
    response = probe.get(path)
    assert response.status_code == 404
    assert response.mimetype == "application/json"
    assert response.json["message"]


@everywhere
def test_a_wrong_method_is_405_and_told_the_right_ones(probe: FlaskClient, place: str) -> None:
    response = probe.put(f"{place}/free/")
    assert response.status_code == 405
    assert {"GET", "POST"} <= set(response.headers["Allow"].split(", "))
    assert response.json["message"]


@everywhere
def test_a_head_request_has_the_status_and_no_body(probe: FlaskClient, place: str) -> None:
    response = probe.head(f"{place}/refuse/?status=404")
    assert (response.status_code, response.data) == (404, b"")


@pytest.mark.parametrize("path", ["/admin/version", *(f"{place}/free" for place in PLACES)])
def test_a_forgotten_closing_slash_is_a_redirect(probe: FlaskClient, path: str) -> None:
    response = probe.get(path)
    assert response.status_code == 308
    assert response.headers["Location"] == f"{path}/"
    assert response.json["message"]
    assert probe.get(path, follow_redirects=True).status_code == 200


def test_a_redirect_that_would_be_too_long_is_414(probe: FlaskClient) -> None:
    environ = {"QUERY_STRING": "search=" + "\u00c3\u00a4" * 1_500}
    response = probe.get("/admin/version", environ_overrides=environ)
    assert response.status_code == 414
    assert "Location" not in response.headers


@everywhere
def test_an_address_that_is_too_long_is_414(probe: FlaskClient, place: str) -> None:
    """Of such an address uWSGI leaves out the query: a search would list everything."""
    environ = {"REQUEST_URI": f"{place}/free/?search={'x' * 8190}"}
    response = probe.get(f"{place}/free/", environ_overrides=environ)
    assert response.status_code == 414
    assert response.json["message"]


@everywhere
@pytest.mark.parametrize(
    "environ",
    [
        {"CONTENT_LENGTH": "abc"},
        {"CONTENT_LENGTH": "-1"},
        {"CONTENT_LENGTH": "1_0"},
        {"CONTENT_LENGTH": "+1"},
        {"CONTENT_LENGTH": "5, 6"},
        {"CONTENT_LENGTH": "18446744073709551616"},
        {"CONTENT_LENGTH": "0" * 16},
        {"HTTP_CONTENT_LENGTH ": "5"},
        {"HTTP_X_ANY\t": "5"},
        {"CONTENT_LENGTH": "²"},
        {"CONTENT_LENGTH": "3", "HTTP_TRANSFER_ENCODING": "chunked"},
        {"CONTENT_LENGTH": "3", "HTTP_TRANSFER_ENCODING": "gzip"},
        {"SERVER_PROTOCOL": "HTTP/2.0"},
        {"SERVER_PROTOCOL": "HTTP/1.1\nHost:"},
        {"PATH_INFO": "*"},
        {"PATH_INFO": "http://elsewhere/"},
        {"PATH_INFO": ""},
    ],
    ids=str,
)
@pytest.mark.parametrize("method", ["GET", "POST", "HEAD"])
def test_malformed_http_is_400(
    probe: FlaskClient, place: str, environ: dict[str, str], method: str
) -> None:
    headers = {"X-Request-ID": "order-17"}
    response = probe.open(
        f"{place}/free/", method=method, environ_overrides=environ, headers=headers
    )
    assert response.status_code == 400
    assert response.mimetype == "application/json"
    assert response.headers["X-Request-ID"] == "order-17"
    assert (response.data == b"") == (method == "HEAD")


@everywhere
@pytest.mark.parametrize("encoding", ["gzip, chunked", "identity", "chunked, chunked", ""])
def test_another_transfer_encoding_than_chunked_is_411(
    probe: FlaskClient, place: str, encoding: str
) -> None:
    environ = {"CONTENT_LENGTH": "", "HTTP_TRANSFER_ENCODING": encoding}
    response = probe.post(f"{place}/free/", environ_overrides=environ)
    assert response.status_code == 411
    assert "chunked" in response.json["message"]


@everywhere
def test_a_query_in_another_encoding_is_400(probe: FlaskClient, place: str) -> None:
    environ = {"QUERY_STRING": "search=\xfc"}
    response = probe.get(f"{place}/free/", environ_overrides=environ)
    assert response.status_code == 400
    assert "UTF-8" in response.json["message"]


@everywhere
@pytest.mark.parametrize("testing", [True, False])
@pytest.mark.parametrize("debug", [True, False])
def test_an_unforeseen_error_hides_its_details_in_every_mode(
    probed: Flask, place: str, testing: bool, debug: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(probed.config, "TESTING", testing)
    monkeypatch.setitem(probed.config, "DEBUG", debug)
    response = probed.test_client().get(f"{place}/fail/")
    assert response.status_code == 500
    assert response.json == {"message": "Internal server error."}
    assert SECRET not in str(response.headers)


@everywhere
def test_an_unforeseen_error_is_logged_with_its_traceback(
    probe: FlaskClient, place: str, capfd: pytest.CaptureFixture[str]
) -> None:
    probe.get(f"{place}/fail/", headers={"X-Request-ID": "the-one-that-failed"})
    logged = [line for line in capfd.readouterr().out.splitlines() if "Traceback" in line]
    assert len(logged) == 1
    assert "RuntimeError" in logged[0]
    assert "the-one-that-failed" in logged[0]


@everywhere
def test_a_body_that_is_too_large_is_413_and_says_what_is_allowed(make: Make, place: str) -> None:
    client = make(http__max_body_bytes=100).test_client()
    response = client.post(f"{place}/echo/", json={"text": "x" * 100})
    assert response.status_code == 413
    assert response.json == {"message": "The body may have at most 100 bytes."}


def test_a_form_with_too_many_parts_is_413_and_says_what_is_allowed(
    probe: FlaskClient, bearer: Bearer
) -> None:
    multipart = {"content_type": "multipart/form-data", "headers": bearer()}
    form = {f"field{number}": "" for number in range(1500)}
    response = probe.post("/probes/read/", data=form, **multipart)
    assert response.status_code == 413
    assert "at most 1000 parts" in response.json["message"]


@everywhere
def test_a_body_that_is_cut_off_is_400_and_says_so(probe: FlaskClient, place: str) -> None:
    response = probe.post(
        f"{place}/echo/",
        input_stream=io.BytesIO(b'{"text": '),
        content_type="application/json",
        environ_overrides={"CONTENT_LENGTH": "50"},
    )
    assert response.status_code == 400
    message = "The body is shorter than its Content-Length, 50 bytes."
    assert response.json == {"message": message}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("path", ["free/%", "free/%2", "free/%zz", "%/free/"])
def test_a_stray_percent_sign_in_a_path_is_400(probe: FlaskClient, place: str, path: str) -> None:
    """UWSGI leaves it out, and would serve another address."""
    environ = {"REQUEST_URI": f"{place}/{path}"}
    response = probe.get(f"{place}/free/", environ_overrides=environ)
    assert response.status_code == 400
    assert response.json == {"message": "The path has a % without two hexadecimal digits after it."}


def test_a_stray_percent_sign_in_a_query_is_what_it_is(probe: FlaskClient) -> None:
    environ = {"REQUEST_URI": "/probes/free/%31/?search=100%", "QUERY_STRING": "search=100%"}
    assert probe.get("/probes/free/", environ_overrides=environ).status_code == 200
