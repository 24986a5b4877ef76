"""Where one is led after signing in: to a page of this site, and to no other."""

import pytest
from flask import Flask

from {{ cookiecutter.package_name }}.chassis.safe_next import asked_for, safe


@pytest.mark.parametrize(
    "evil",
    [
        "https://evil.example/",
        "//evil.example/",
        "///evil.example/",
        "/\\evil.example/",
        "\\\\evil.example/",
        "/\t/evil.example/",
        "\t//evil.example/",
        " //evil.example/",
        "/\n/evil.example",
        "javascript:alert(1)",
        "evil.example",
        "http:evil.example",
        "/\\/evil.example",
        "/\x00/evil.example",
        "",
        "/login/",
        "/logout/",
        None,
    ],
)
def test_nobody_is_led_elsewhere(evil: str | None) -> None:
    assert safe(evil) == "/"


@pytest.mark.parametrize("path", ["/", "/search?search=a%26b", "/thoughts/?before=1", "/a//b"])
def test_a_page_of_this_site_is_a_place_to_go(path: str) -> None:
    assert safe(path) == path


@pytest.mark.parametrize(
    ("method", "path", "asked"),
    [("GET", "/a/?b=c", "/a/?b=c"), ("GET", "/a/", "/a/"), ("POST", "/a/?b=c", "/a/")],
)
def test_one_comes_back_to_what_one_asked_for(method: str, path: str, asked: str) -> None:
    with Flask("asking", static_folder=None).test_request_context(path, method=method):
        assert asked_for() == asked
