"""Lists come in pages, and the headers lead from each to the next."""

import re

import pytest
from flask import Flask, Response, request
from flask.testing import FlaskClient
from sqlalchemy import Integer, bindparam, column, func, select, text
from werkzeug.test import TestResponse

from {{ cookiecutter.package_name }}.chassis import database, pagination
from {{ cookiecutter.package_name }}.chassis.settings import Settings

from .conftest import Make
from .probes import PLACES, PROBES

PAGE = text(
    "SELECT n AS id FROM generate_series(1, :newest) AS n"
    " WHERE n < :before ORDER BY n DESC LIMIT :fetch"
)
PAGE_WITH_TOTAL = pagination.counted(
    select(column("id", Integer))
    .select_from(func.generate_series(1, bindparam("newest")).alias("id"))
    .where(column("id") < bindparam("before"))
    .order_by(column("id").desc())
    .limit(bindparam("fetch")),
    select(bindparam("newest", type_=Integer)),
)


def listed() -> Response:
    """List whole numbers down from `newest`."""
    page, newest = pagination.requested(), int(request.args["newest"])
    with database.connection() as connection:
        values = {"newest": newest, "before": page.before, "fetch": page.fetch}
        rows = connection.execute(PAGE, values).all()
    return pagination.respond(page, rows, lambda: min(newest, pagination.count_up_to() + 1))


def listed_and_counted() -> Response:
    """The same, where the rows say how many there are."""
    page, newest = pagination.requested(), int(request.args["newest"])
    values = {"newest": newest, "before": page.before, "fetch": page.fetch}
    with database.connection() as connection:
        rows = connection.execute(PAGE_WITH_TOTAL, values).all()
        return pagination.respond(page, rows, lambda: int(request.args["otherwise"]))


@pytest.fixture(autouse=True)
def _probe_that_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have two more probes."""
    monkeypatch.setitem(PROBES, "listed", listed)
    monkeypatch.setitem(PROBES, "counted", listed_and_counted)


@pytest.fixture
def probe(probed: Flask, settings: Settings) -> FlaskClient:
    """A client of the probes, with pages."""
    pagination.init_app(probed, settings)
    return probed.test_client()


def next_page(response: TestResponse) -> str | None:
    """Return the address of the next page, as a client finds it."""
    found = re.search(r'<([^>]*)>; rel="next"', response.headers["Link"])
    return found[1] if found else None


def walk(probe: FlaskClient, path: str) -> list[int]:
    """Return the ids on all pages."""
    found: list[int] = []
    following: str | None = path
    while following:
        response = probe.get(following)
        assert response.status_code == 200
        found += [item["id"] for item in response.json]
        following = next_page(response)
    return found


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("newest", [0, 1, 6, 7, 8, 14, 50])
def test_all_pages_together_are_the_list(probe: FlaskClient, place: str, newest: int) -> None:
    found = walk(probe, f"{place}/listed/?newest={newest}&limit=7")
    assert found == list(range(newest, 0, -1))


def test_a_page_has_twenty_by_default_and_a_hundred_at_most(probe: FlaskClient) -> None:
    assert len(probe.get("/probes/listed/?newest=500").json) == 20
    assert len(probe.get("/probes/listed/?newest=500&limit=100").json) == 100


def test_a_new_one_in_between_repeats_none_and_hides_none(probe: FlaskClient) -> None:
    first = probe.get("/probes/listed/?newest=10&limit=5")
    following = next_page(first)
    assert following is not None
    second = probe.get(following.replace("newest=10", "newest=11"))
    assert [item["id"] for item in first.json] == [10, 9, 8, 7, 6]
    assert [item["id"] for item in second.json] == [5, 4, 3, 2, 1]


def test_the_next_page_keeps_the_search_and_the_first_is_named(probe: FlaskClient) -> None:
    response = probe.get("/probes/listed/?newest=9&limit=2&before=8&search=a%26b%3D%22%3E")
    first, following = response.headers["Link"].split(", ")
    assert first.endswith('?newest=9&search=a%26b%3D%22%3E&limit=2>; rel="first"')
    assert following.endswith('?newest=9&search=a%26b%3D%22%3E&limit=2&before=6>; rel="next"')


def test_the_last_page_has_no_next_one(probe: FlaskClient) -> None:
    assert next_page(probe.get("/probes/listed/?newest=5&limit=5")) is None


@pytest.mark.parametrize("query", ["newest=5", "newest=5&limit=2", "newest=5&limit=2&before=3"])
def test_the_total_is_of_all_pages(probe: FlaskClient, query: str) -> None:
    response = probe.get(f"/probes/listed/?{query}")
    assert response.headers["X-Total-Count"] == "5"
    assert response.headers["X-Total-Count-Relation"] == "eq"


@pytest.mark.parametrize(
    ("query", "ids", "total"),
    [
        ("newest=5&limit=2&before=5", [4, 3], "5"),
        ("newest=2&limit=2", [2, 1], "2"),
        # Nothing is left to say it.
        ("newest=5&limit=2&before=1", [], "7"),
    ],
)
def test_rows_may_say_how_many_there_are(
    probe: FlaskClient, query: str, ids: list[int], total: str
) -> None:
    response = probe.get(f"/probes/counted/?{query}&otherwise=7")
    assert response.json == [{"id": each} for each in ids]
    assert response.headers["X-Total-Count"] == total


@pytest.mark.parametrize(
    ("newest", "total", "relation"),
    [(3, "3", "eq"), (4, "4", "eq"), (5, "4", "gte"), (9, "4", "gte")],
)
def test_the_total_is_counted_no_further_than_the_settings_say(
    make: Make, settings: Settings, newest: int, total: str, relation: str
) -> None:
    app = make()
    pagination.init_app(app, Settings(settings.environment, {"pagination.count_up_to": 4}))
    client = app.test_client()
    for limit in (2, 100):
        response = client.get(f"/probes/listed/?newest={newest}&limit={limit}")
        assert response.headers["X-Total-Count"] == total
        assert response.headers["X-Total-Count-Relation"] == relation


@pytest.mark.parametrize("name", ["limit", "before"])
@pytest.mark.parametrize(
    "value",
    ["", "0", "-1", "+1", "1.0", "1e1", "abc", " 1", "1_0", "٣", "½", "9" * 30, "9" * 5000, "\0"],
    ids=lambda value: value[:6],
)
def test_what_is_no_whole_number_in_range_is_refused(
    probe: FlaskClient, name: str, value: str
) -> None:
    response = probe.get("/probes/listed/", query_string={"newest": "1", name: value})
    assert response.status_code == 400
    assert response.json["errors"].keys() == {name}
    assert "whole number from 1 to" in response.json["errors"][name]


@pytest.mark.parametrize("query", ["limit=101", f"before={2**63}"])
def test_what_is_too_much_is_refused(probe: FlaskClient, query: str) -> None:
    assert probe.get(f"/probes/listed/?newest=1&{query}").status_code == 400


@pytest.mark.parametrize("query", ["limit=1", "limit=100", "before=1", f"before={2**63 - 1}"])
def test_what_is_just_in_range_is_accepted(probe: FlaskClient, query: str) -> None:
    assert probe.get(f"/probes/listed/?newest=1&{query}").status_code == 200


def test_both_faults_are_told_at_once(probe: FlaskClient) -> None:
    response = probe.get("/probes/listed/?newest=1&limit=0&before=x")
    assert response.json["errors"].keys() == {"limit", "before"}
