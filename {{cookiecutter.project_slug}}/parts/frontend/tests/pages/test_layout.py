"""What holds for all pages: their headers, and that nothing in them is inline or unescaped."""

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
"""All but a script that is a file of this site."""


def inline(text: str) -> list[str]:
    """Return what the content security policy would keep out, or what is not escaped."""
    return INLINE.findall(text)


@pytest.mark.parametrize("path", sorted(TEMPLATES.glob("*")), ids=lambda path: path.name)
def test_a_template_has_nothing_inline_and_escapes_all(path: Path) -> None:
    assert path.suffix == ".html"  # of others Flask escapes nothing
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
def test_what_is_inline_is_found(planted: str) -> None:
    assert inline(planted)


@pytest.mark.parametrize("path", PAGES)
def test_browsers_are_told_what_a_page_may_do(client: FlaskClient, path: str) -> None:
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


def test_style_script_and_icon_have_hashed_names_that_browsers_keep(client: FlaskClient) -> None:
    page = client.get("/").text
    addresses = re.findall(r'(?:href|src)="(/static/\w+\.[0-9a-f]{12}\.(?:css|js|svg))"', page)
    assert len(addresses) == page.count("/static/") == 3
    for address in addresses:
        with client.get(address) as response:
            assert response.status_code == 200
            assert "immutable" in response.headers["Cache-Control"]
            assert response.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", [*PAGES, MINE, NEW])
def test_a_page_has_what_those_need_who_do_not_see_it(
    client: FlaskClient, settings: Settings, path: str
) -> None:
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


def test_behind_a_proxy_that_takes_a_prefix_away_addresses_have_it(make: Make) -> None:
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
