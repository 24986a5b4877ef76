"""Tests of all pages: headers, accessibility, and no inline or unescaped code."""

import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from flask_chassis import project
from flask_chassis.settings import Settings
from markupsafe import escape

from .conftest import MINE, NEW, Make, sign_in

PAGES = ["/", "/login/", "/logout/", "/search", "/nowhere"]
TEMPLATES = project.current().folder / "pages" / "templates"

INLINE = re.compile(
    r"<script(?! src=\"\{\{ url_for\('site\.static'[^>]*></script>)|<style|<iframe|<object|<embed"
    r"|<base\b|\sstyle=|\son[a-z]+=|javascript:|\|\s*safe\b|autoescape|Markup|https?://",
    re.IGNORECASE,
)
"""Inline code, unescaped values and other hosts, but not a script that is a file of this site."""


def inline(text: str) -> list[str]:
    """Return the code that the content security policy would block or that is not escaped."""
    return INLINE.findall(text)


@pytest.mark.parametrize("path", sorted(TEMPLATES.glob("*")), ids=lambda path: path.name)
def test_templates_have_no_inline_code_and_escape_values(path: Path) -> None:
    assert path.suffix == ".html"  # Flask escapes nothing in other files
    assert inline(path.read_text()) == []


@pytest.mark.parametrize(
    "planted",
    [
        "<script>",
        "<script src='https:evil.example'></script>",
        "<script src='x.js'>more</script>",
        "<p style='x'>",
        "<p onclick='x'>",
        "{" * 2 + "text|safe" + "}" * 2,
        "{" + "% autoescape false %}",
        '<img src="https://evil.example/">',
    ],
)
def test_inline_code_is_found(planted: str) -> None:
    assert inline(planted)


@pytest.mark.parametrize("path", PAGES)
def test_pages_have_security_headers(client: FlaskClient, path: str) -> None:
    headers = client.get(path).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "form-action 'self'" in policy
    assert "unsafe" not in policy
    assert "script-src 'self'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cache-Control"] == "no-store"


def test_static_files_have_hashed_names_and_are_cached(client: FlaskClient) -> None:
    page = client.get("/").text
    addresses = re.findall(r'(?:href|src)="(/static/\w+\.[0-9a-f]{12}\.(?:css|js|svg))"', page)
    assert len(addresses) == page.count("/static/") == 3
    for address in addresses:
        with client.get(address) as response:
            assert response.status_code == 200
            assert "immutable" in response.headers["Cache-Control"]
            assert response.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", [*PAGES, MINE, NEW])
def test_pages_are_accessible(client: FlaskClient, settings: Settings, path: str) -> None:
    sign_in(client)
    page = client.get(path, follow_redirects=True).text
    assert '<html lang="en">' in page
    assert '<meta name="viewport" content="width=device-width, initial-scale=1">' in page
    assert page.count("<h1>") == 1
    site = re.escape(escape(settings["service.title"]))
    assert re.search(rf"<title>[^<]*\w[^<]* \u2013 {site}</title>", page)
    assert '<a class="skip" href="#main">' in page
    assert '<main id="main"' in page
    fields = set(re.findall(r'<(?:input|textarea)[^>]* id="(\w+)"', page))
    assert fields == set(re.findall(r'<label for="(\w+)"', page))
    assert page.count("<script") == page.count("</script>") == 1


def test_urls_have_the_prefix_of_a_proxy(make: Make) -> None:
    client = make(http__trusted_proxies=1).test_client()
    client.environ_base["HTTP_X_FORWARDED_PREFIX"] = "/site"
    asked = client.get(MINE)
    assert asked.headers["Location"] == f"/site/login/?next=/site{MINE}"
    assert sign_in(client, next=f"/site{MINE}").headers["Location"] == f"/site{MINE}"
    for path in ("/", MINE, "/search?search=x", NEW, "/none/"):
        page = client.get(path).text
        addresses = re.findall(r'(?:href|src|action)="([^"#:]+)"', page)
        assert addresses
        assert [each for each in addresses if not each.startswith("/site/")] == []
    assert f'href="/site{MINE}" aria-current="page"' in client.get(MINE).text
