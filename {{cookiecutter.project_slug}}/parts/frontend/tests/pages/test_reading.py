"""Tests of lists and searches."""

import html
import re

import pytest
from flask.testing import FlaskClient
from flask_chassis.testing.upstream import Reply, Service

from .conftest import ALL, MINE, OWN, TOKEN, item, listed, sign_in

ONE = "{{ cookiecutter.resource_name|replace('_', ' ') }}"
MANY = "{{ cookiecutter.resource_plural|replace('_', ' ') }}"

SCRIPT = "<script>alert('x')</script> & \"quotes\""
ESCAPED = "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &amp; &#34;quotes&#34;"


def test_home_page_is_public_and_shows_the_newest_first(client: FlaskClient, kept: Service) -> None:
    kept.on("GET", ALL, listed("Second", "First"))
    response = client.get("/")
    assert response.status_code == 200
    assert response.text.index("Second") < response.text.index("First")
    assert "7 November 2026, 14:03 UTC" in response.text
    assert 'datetime="2026-11-07T14:03:05+00:00"' in response.text
    assert "Authorization" not in kept.requests[0].headers


def test_unknown_fields_of_the_service_are_ignored(client: FlaskClient, kept: Service) -> None:
    newer = Reply(json=[item(text="Milk", mood="glad", likes=[1])])
    kept.on("GET", ALL, newer)
    assert "Milk" in client.get("/").text


@pytest.mark.parametrize("path", ["/", MINE, "/search?search=x"])
def test_texts_are_escaped(client: FlaskClient, kept: Service, path: str) -> None:
    sign_in(client)
    for each in (ALL, OWN):
        kept.on("GET", each, listed(SCRIPT))
    page = client.get(path).text
    assert ESCAPED in page
    assert "<script>" not in page


def test_search_text_is_escaped(client: FlaskClient, kept: Service) -> None:
    page = client.get("/search", query_string={"search": SCRIPT}).text
    assert ESCAPED in page
    assert "<script>" not in page


@pytest.mark.parametrize("path", ["/", MINE, "/search?search=x"])
def test_empty_list_shows_a_message_and_a_link(client: FlaskClient, path: str) -> None:
    sign_in(client)
    page = client.get(path).text
    [empty] = re.findall('<div class="empty">(.*?)</div>', page, re.DOTALL)
    assert any(words in page for words in ("Nobody has", "You have not", f"No {ONE} with"))
    assert '<a class="button" href="/' in empty  # a link to continue


def test_own_list_is_requested_with_the_token(client: FlaskClient, kept: Service) -> None:
    sign_in(client)
    kept.on("GET", OWN, listed("Mine", total="1000", relation="gte"))
    page = client.get(MINE).text
    assert "Mine" in page
    assert f"More than 1,000 {MANY}" in page
    assert kept.requests[-1].headers["Authorization"] == f"Bearer {TOKEN}"


def way(page: str, rel: str) -> str:
    """Return the address of a link to another page of a list, or an empty text without a link."""
    found = re.search(rf'<a href="([^"]*)" rel="{rel}">', page)
    return html.unescape(found[1]) if found else ""


def pages_of(kept: Service, last: int, total: str = "") -> None:
    """Make the service return a list of several pages with one item each."""
    for path in (ALL, OWN):
        replies = [
            listed(f"On page {n}", link=f'</x?after=c{n + 1}>; rel="next"', total=total)
            for n in range(1, last)
        ]
        kept.on("GET", path, *replies, listed(f"On page {last}", total=total))


@pytest.mark.parametrize("path", ["/", MINE, "/search?search=a%26b+%C3%BC"])
def test_list_is_paginated_in_both_directions(
    client: FlaskClient, kept: Service, path: str
) -> None:
    sign_in(client)
    pages_of(kept, 4, total="4")
    page = client.get(path).text
    assert "Page 1 of 4" in page
    assert way(page, "first") == way(page, "prev") == ""
    addresses = [path]
    for number in (2, 3, 4):
        addresses.append(way(page, "next"))
        page = client.get(addresses[-1]).text
        assert f"Page {number} of 4" in page
        assert kept.requests[-1].query["after"] == f"c{number}"
        assert kept.requests[-1].query.get("search") == ("a&b ü" if "search" in path else None)
        assert way(page, "prev") == addresses[-2]
        assert way(page, "first") == path
    assert way(page, "next") == ""


def test_list_without_a_count_shows_the_page_number(client: FlaskClient, kept: Service) -> None:
    pages_of(kept, 2)
    assert re.search("Page 1<", client.get("/").text)
    pages_of(kept, 2, total="1000")
    assert "Page 1 of 1,000<" in client.get("/").text


def test_list_of_one_page_has_no_pagination(client: FlaskClient, kept: Service) -> None:
    kept.on("GET", ALL, listed("One"))
    assert "Page 1" not in client.get("/").text


def test_pagination_url_has_a_limited_length(client: FlaskClient, kept: Service) -> None:
    cursor = "c" * 900
    kept.on("GET", ALL, listed("More", link=f'</x?after={cursor}>; rel="next"'))
    page = client.get("/").text
    for _ in range(10):
        page = client.get(way(page, "next")).text
    assert "Page 11" in page
    assert len(way(page, "next")) < 3500
    assert len(way(page, "prev")) < len(way(page, "next"))
    # Three pages back, the address has no more pages.
    for _ in range(2):
        page = client.get(way(page, "prev")).text
    assert ("Page 9" in page, way(page, "prev"), way(page, "first")) == (True, "", "/")


@pytest.mark.parametrize("query", ["after=c2&page=x", "after=c2&page=-7", "page=7", "back=c1"])
def test_invalid_page_number_is_ignored(client: FlaskClient, query: str) -> None:
    assert client.get(f"/?{query}").status_code == 200


@pytest.mark.parametrize("query", ["after=c2&back=a+b", "back=%22", "after=c2&back="])
def test_invalid_back_parameter_returns_400(client: FlaskClient, kept: Service, query: str) -> None:
    assert client.get(f"/?{query}").status_code == 400
    assert kept.requests == []


@pytest.mark.parametrize("after", ["a b", "1 OR 1", "²", "a" * 6001, "", "\0", "a&b"])
def test_invalid_after_parameter_returns_400(
    client: FlaskClient, kept: Service, after: str
) -> None:
    response = client.get("/", query_string={"after": after})
    assert response.status_code == 400
    assert kept.requests == []


def test_search_is_sent_to_the_service(client: FlaskClient, kept: Service) -> None:
    kept.on("GET", ALL, listed("Milk"))
    page = client.get("/search?search=+milk+").text
    assert f"1 {ONE} with “<bdi>milk</bdi>”" in page
    assert kept.requests[0].query == {"search": "milk", "count": "true"}


def test_empty_search_does_not_call_the_service(client: FlaskClient, kept: Service) -> None:
    assert client.get("/search").status_code == 200
    assert client.get("/search?search=+").status_code == 200
    assert kept.requests == []


@pytest.mark.parametrize("search", ["x" * 201, "ä" * 2_700, "🎈" * 201])
def test_too_long_search_returns_400_without_calling_the_service(
    client: FlaskClient, kept: Service, search: str
) -> None:
    response = client.get("/search", query_string=f"search={search}")
    assert response.status_code == 400
    assert "Your search must have at most 200 characters." in response.text
    assert kept.requests == []


def test_longest_search_is_sent_to_the_service(client: FlaskClient, kept: Service) -> None:
    assert client.get("/search", query_string={"search": "🎈" * 200}).status_code == 200
    assert kept.requests[0].query["search"] == "🎈" * 200


def test_search_error_of_the_service_is_shown_at_the_field(
    client: FlaskClient, kept: Service
) -> None:
    errors = {"search": "Must have at most 200 characters."}
    kept.on("GET", ALL, Reply(400, {"message": "No.", "errors": errors}))
    response = client.get("/search?search=milk")
    assert response.status_code == 400
    assert '<a href="#search">Your search must have at most 200 characters.</a>' in response.text
    assert 'aria-describedby=" search-error" aria-invalid="true"' in response.text
    assert 'value="milk"' in response.text


@pytest.mark.parametrize(
    ("search", "text", "shown"),
    [
        ("milk", "MILK and milk", "<mark>MILK</mark> and <mark>milk</mark>"),
        ("<b>", "a <B> b", "a <mark>&lt;B&gt;</mark> b"),
        ("a.c", "abc a.c", "abc <mark>a.c</mark>"),
        ("&amp;", "& &amp;", "&amp; <mark>&amp;amp;</mark>"),
        ("شاي", "كوب شاي", "كوب <mark>شاي</mark>"),
        ("(", "((", "<mark>(</mark><mark>(</mark>"),
    ],
)
def test_search_matches_are_marked_and_escaped(
    client: FlaskClient, kept: Service, search: str, text: str, shown: str
) -> None:
    kept.on("GET", ALL, listed(text))
    page = client.get("/search", query_string={"search": search}).text
    assert f'<p class="text" dir="auto">{shown}</p>' in page


def test_edit_and_delete_links_are_shown_only_for_own(client: FlaskClient, kept: Service) -> None:
    kept.on("GET", ALL, Reply(json=[item(id=1), item(id=2, username="eve")]))
    assert "/edit" not in client.get("/").text
    sign_in(client)
    page = client.get("/").text
    assert f'href="{MINE}1/edit"' in page
    assert f'href="{MINE}1/delete"' in page
    assert f"{MINE}2/" not in page
