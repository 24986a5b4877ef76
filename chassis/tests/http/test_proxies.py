"""Behind proxies, the client's address and the prefix are what the trusted ones say."""

from urllib.parse import urlsplit

import pytest
from flask import Flask, request, url_for

from flask_chassis.http import errors, proxies
from flask_chassis.settings import Settings

from ..conftest import Logged, Make


@pytest.mark.parametrize(
    ("trusted", "header", "address"),
    [
        (0, None, "192.0.2.1"),
        (0, "203.0.113.1", "192.0.2.1"),
        (1, None, "192.0.2.1"),
        (1, "203.0.113.1", "203.0.113.1"),
        (1, "198.51.100.9, 203.0.113.1", "203.0.113.1"),
        (2, "198.51.100.9, 203.0.113.1, 203.0.113.2", "203.0.113.1"),
        (2, "203.0.113.1", "192.0.2.1"),
    ],
)
def test_only_what_trusted_proxies_add_is_believed(
    trusted: int, header: str | None, address: str
) -> None:
    app = Flask("probe", static_folder=None)
    app.add_url_rule("/", view_func=lambda: f"{request.remote_addr} {request.host_url}")
    proxies.init_app(app, Settings("tests.local", {"http.trusted_proxies": trusted}))
    headers = {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"}
    if header is not None:
        headers["X-Forwarded-For"] = header
    environ = {"REMOTE_ADDR": "192.0.2.1"}
    response = app.test_client().get("/", headers=headers, environ_overrides=environ)
    assert response.text == f"{address} http://localhost/"


def addresses(trusted: int, *headers: str, path: str = "/things") -> tuple[str, str]:
    """Return the address that a view makes, and the `Location` of a path without its slash."""
    app = Flask("probe", static_folder=None)
    app.add_url_rule("/things/", "things", lambda: url_for("things"))
    settings = Settings(
        "tests.local", {"http.trusted_proxies": trusted, "http.max_body_bytes": 1000}
    )
    errors.init_app(app, settings)
    for _ in range(2):  # the second one changes nothing
        proxies.init_app(app, settings)
    sent = [("X-Forwarded-Prefix", header) for header in headers]
    client = app.test_client()
    moved = client.get(path, headers=sent)
    assert moved.status_code == 308
    return client.get("/things/", headers=sent).text, moved.headers["Location"]


@pytest.mark.parametrize(
    ("trusted", "headers", "prefix"),
    [
        (0, ["/billing"], ""),
        (1, [], ""),
        (1, ["/"], ""),
        (1, [""], ""),
        (1, ["/billing"], "/billing"),
        (1, ["/billing/"], "/billing"),
        (1, ["/our/billing-v1.2_a~b"], "/our/billing-v1.2_a~b"),
        (1, ["/.well-known/..a"], "/.well-known/..a"),
        # Each proxy sets the header, however many there are; one that adds to it is the last.
        (2, ["/billing"], "/billing"),
        (1, ["/other, /billing"], "/billing"),
        (1, ["/other", "/billing"], "/billing"),
        (1, ["https://evil.example, /billing"], "/billing"),
    ],
)
def test_addresses_have_the_prefix_that_the_last_trusted_proxy_takes_away(
    trusted: int, headers: list[str], prefix: str
) -> None:
    assert addresses(trusted, *headers) == (f"{prefix}/things/", f"{prefix}/things/")


@pytest.mark.parametrize(
    "header",
    [
        "//evil.example",
        "///evil.example",
        '"//evil.example"',
        "/\\evil.example",
        "\\\\evil.example",
        "https://evil.example",
        "https:evil.example",
        "evil.example",
        "billing",
        "/billing//evil.example",
        "/billing//",
        "/a/../b",
        "/..",
        "/.",
        "/a/./b",
        "/%2e%2e/b",
        "/%2f/evil.example",
        "/a?b",
        "/a#b",
        "/a b",
        "/a\tb",
        "/a\x7fb",
        "/a\x01b",
        "/b\xfcro",
        "/<script>",
        "/a;b",
        "/@evil.example",
        "/billing, //evil.example",
        "/" + "a" * 200,
        "javascript:alert(1)",
    ],
)
def test_a_prefix_that_is_no_path_is_ignored_and_that_is_logged(
    header: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert addresses(1, header) == ("/things/", "/things/")
    assert "X-Forwarded-Prefix is ignored" in caplog.text
    assert "evil" not in caplog.text


def test_a_prefix_and_a_path_make_no_address_of_another_site() -> None:
    for path in ("//evil.example/../things", "//things", "/things"):
        for header in ("/billing", "/", "//evil.example"):
            try:
                _, location = addresses(1, header, path=path)
            except AssertionError:
                continue  # no route, no redirect
            assert urlsplit(location).netloc == ""
            assert not location.startswith("//")


def test_the_document_names_the_prefix_and_routes_keep_their_names(
    make: Make, logged: Logged
) -> None:
    client = make(http__trusted_proxies=1).test_client()
    headers = {"X-Forwarded-Prefix": "/billing"}
    document = client.get("/openapi.json", headers=headers)
    assert document.json["servers"] == [{"url": "/billing"}]
    # Whoever keeps the document of another address gets the one of this.
    headers["If-None-Match"] = document.headers["ETag"]
    assert client.get("/openapi.json", headers=headers).status_code == 304
    del headers["X-Forwarded-Prefix"]
    assert client.get("/openapi.json", headers=headers).json["servers"] == [{"url": "/"}]
    logged()
    client.get("/probes/free/", headers={"X-Forwarded-Prefix": "/billing"})
    [record] = logged()
    assert (record["route"], record["path"]) == ("/probes/<name>/", "/probes/free/")
    assert client.get("/health/live", headers={"X-Forwarded-Prefix": "/a"}).status_code == 200
