"""The domain of docs/tutorial/build-a-domain.md: checked, tested, and called over HTTP."""

import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import requests

from tasks import overlay
from tasks.checks.caller import answer
from tasks.folders import ROOT
from tasks.render import example
from tasks.running_service import RunningService
from tests.full.fuzzing import assert_no_fault
from tests.full.metrics import counted, counted_since
from tests.kubernetes.tools import path_with_tools, program
from tests.running import running_service
from tests.services import InstalledService, install

ALL = "/api/invoices/"

SCHEMATHESIS = """
# It does not know RFC 6585, which has 428 for a request without If-Match.
[checks.missing_required_header]
expected-statuses = [400, 401, 403, 406, 415, 422, 428]
"""

Json = dict[str, Any]

numbers = count()


@pytest.fixture(scope="module")
def installed() -> InstalledService:
    """The service, with the domain in the place of the seeded example."""
    return install(example(overlay.INVOICES), domain=overlay.INVOICES)


@pytest.fixture(scope="module")
def running(
    installed: InstalledService, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningService]:
    """That service under uWSGI, with a PostgreSQL of its own."""
    with running_service(installed, tmp_path_factory.mktemp("running")) as service:
        yield service


@pytest.fixture(scope="module")
def user(running: RunningService) -> dict[str, str]:
    """The header of a caller who may write invoices."""
    return {"Authorization": f"Bearer {running.token('ada', 'invoices:write', minutes=60)}"}


def item(**changes: Any) -> Json:
    """Return a line of an invoice."""
    return {"description": "Consulting", "quantity": 1, "unit_price": "10.00"} | changes


def invoice(**changes: Any) -> Json:
    """Return an invoice with a number that no other has."""
    values = {"number": f"N-{next(numbers)}", "customer": "Ada Ltd.", "currency": "EUR"}
    return values | {"due": "2026-12-31", "items": [item()]} | changes


def create(running: RunningService, user: dict[str, str], **changes: Any) -> Json:
    """Create an invoice, and return it."""
    created: Json = answer(running, "POST", ALL, 201, json=invoice(**changes), headers=user).json()
    return created


@pytest.mark.parametrize("words", ["check --all", "tests", "cluster.check"])
def test_its_own_checks_and_tests_pass(installed: InstalledService, words: str) -> None:
    environment = {}
    if words == "cluster.check":
        program("kustomize")
        environment = {"PATH": path_with_tools()}
    done = installed.run("acme-tasks", *words.split(), environment=environment)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_tasks_of_the_tutorial_are_there(installed: InstalledService) -> None:
    tutorial = (ROOT / "docs" / "tutorial" / "build-a-domain.md").read_text("utf-8")
    named = set(re.findall(r"^acme-tasks ([\w.-]+)", tutorial, re.MULTILINE))
    offered = installed.run("acme-tasks", "--list").stdout.split()
    assert "db.revision" in named
    assert named - set(offered) == set()


def test_no_file_of_the_template_was_edited(installed: InstalledService) -> None:
    done = installed.run("acme-tasks", "template.drift")
    assert done.stdout == "No template-owned file was edited.\n", done.stdout + done.stderr


def test_the_nightly_task_lists_what_is_overdue(
    running: RunningService, user: dict[str, str]
) -> None:
    late = create(running, user, due="2020-01-01", customer="Too Late Ltd.")
    headers = user | {"If-Match": "*"}
    answer(running, "PATCH", f"{ALL}{late['id']}/", 200, json={"status": "sent"}, headers=headers)
    assert f"{late['number']}, Too Late Ltd.: 10.00 EUR\n" in running.run("invoices.overdue")


def test_a_tool_that_reads_the_document_finds_no_fault(
    running: RunningService, user: dict[str, str]
) -> None:
    before = counted(running)
    configuration = running.private / "schemathesis.toml"
    configuration.write_text(SCHEMATHESIS, "utf-8")
    assert_no_fault(running, user["Authorization"], examples=10, configuration=configuration)
    one = f"{ALL}<int:id>/"
    assert counted_since(before, running).keys() >= {
        *(("GET", ALL, status) for status in (200, 400, 401)),
        *(("POST", ALL, status) for status in (201, 400, 401, 415)),
        *(("GET", one, status) for status in (200, 401, 404)),
        *(("PATCH", one, status) for status in (400, 401, 404, 415)),
        *(("DELETE", one, status) for status in (401, 404)),
    }


def test_a_number_that_is_taken_is_409_with_its_name(
    running: RunningService, user: dict[str, str]
) -> None:
    taken = create(running, user)["number"]
    refused = answer(running, "POST", ALL, 409, json=invoice(number=taken), headers=user)
    assert refused.json()["errors"] == {"number": "Is taken already."}


def test_of_ten_at_once_with_one_number_one_is_stored(
    running: RunningService, user: dict[str, str]
) -> None:
    body = invoice()

    def post(_: int) -> int:
        return requests.post(
            f"{running.address}{ALL}", json=body, headers=user, timeout=30
        ).status_code

    with ThreadPoolExecutor(10) as callers:
        assert sorted(callers.map(post, range(10))) == [201, *[409] * 9]


@pytest.mark.parametrize("sort", ["due", "-due", "number", "-number", "id", "-id"])
def test_pages_over_ties_show_each_once(
    running: RunningService, user: dict[str, str], sort: str
) -> None:
    customer = f"Pages {sort}."
    days = ["2026-01-01", "2026-01-01", "2026-01-01", "2025-01-01", "2027-01-01"]
    created = [create(running, user, customer=customer, due=due)["id"] for due in days]
    found: list[Json] = []
    path = f"{ALL}?customer={customer}&sort={sort}&limit=2&count=true"
    while path:
        page = answer(running, "GET", path, 200, headers=user)
        assert page.headers["X-Total-Count"] == "5"
        found += page.json()
        path = page.links.get("next", {}).get("url", "")
    assert sorted(one["id"] for one in found) == sorted(created)
    values = [one[sort.removeprefix("-")] for one in found]
    assert values == sorted(values, reverse=sort.startswith("-"))


def test_filters_restrict_the_list_together(running: RunningService, user: dict[str, str]) -> None:
    early = create(running, user, customer="Filters", due="2026-01-01")
    create(running, user, customer="Filters", due="2026-01-02")
    query = "customer=filters&status=draft&due_before=2026-01-02"
    [found] = answer(running, "GET", f"{ALL}?{query}", 200, headers=user).json()
    assert found == {name: early[name] for name in found}


def test_a_stale_etag_is_412_and_a_missing_one_428(
    running: RunningService, user: dict[str, str]
) -> None:
    path = f"{ALL}{create(running, user)['id']}/"
    seen = answer(running, "GET", path, 200, headers=user).headers["ETag"]
    headers = user | {"If-Match": seen}
    changed = answer(running, "PATCH", path, 200, json={"status": "sent"}, headers=headers)
    assert changed.headers["ETag"] != seen
    for body in ({"status": "paid"}, {}):
        answer(running, "PATCH", path, 412, json=body, headers=headers)
    answer(running, "PATCH", path, 428, json={"status": "paid"}, headers=user)
    answer(running, "GET", path, 304, headers=user | {"If-None-Match": changed.headers["ETag"]})


def test_of_ten_edits_at_once_one_is_made(running: RunningService, user: dict[str, str]) -> None:
    path = f"{ALL}{create(running, user)['id']}/"
    seen = answer(running, "GET", path, 200, headers=user).headers["ETag"]

    def change(day: int) -> int:
        url, body = f"{running.address}{path}", {"due": f"2027-01-{day:02}"}
        headers = user | {"If-Match": seen}
        return requests.patch(url, json=body, headers=headers, timeout=30).status_code

    with ThreadPoolExecutor(10) as callers:
        assert sorted(callers.map(change, range(1, 11))) == [200, *[412] * 9]


def test_a_draft_is_deleted_and_what_was_sent_is_kept(
    running: RunningService, user: dict[str, str]
) -> None:
    draft = f"{ALL}{create(running, user)['id']}/"
    assert answer(running, "DELETE", draft, 204, headers=user).content == b""
    answer(running, "DELETE", draft, 404, headers=user)
    sent = f"{ALL}{create(running, user)['id']}/"
    headers = user | {"If-Match": "*"}
    answer(running, "PATCH", sent, 200, json={"status": "sent"}, headers=headers)
    answer(running, "DELETE", sent, 409, headers=user)


WRONG: dict[str, list[Any]] = {
    "number": [None, "", " ", "x" * 21, 5, ["a"], {}, "a\0b", "\ud800"],
    "customer": [None, "", "x" * 201, True, "a\0", "\udfff"],
    "currency": [None, "", "EURO", "eur", "XXX", 978],
    "due": ["2026-02-31", "20000-01-01", "yesterday", "0000-01-01", 1700000000, None, "2026-1-1"],
    "items": [None, {}, "x", [], [item()] * 501],
    "items.0": [None, 5, "x", []],
    "items.0.quantity": [0, -1, 10**30, 1.5, "1", True, None, float("nan"), float("inf")],
    "items.0.unit_price": [
        10**30,
        "1e30",
        "0.001",
        "NaN",
        "Infinity",
        float("nan"),
        True,
        "",
        None,
    ],
    "items.0.description": ["", None, "a\0b", "\ud800", "x" * 201, 5],
    "items.0.other": [1],
    "id": [1],
    "status": ["paid"],
    "revision": [1],
    "total": ["1"],
}
"""Values that are no values of the field, by its place."""


def planted(place: str, value: Any) -> Json:
    """Return an invoice with a value at a place."""
    if not place.startswith("items.0"):
        return invoice(**{place: value})
    field = place.removeprefix("items.0").removeprefix(".")
    return invoice(items=[item(**{field: value}) if field else value])


@pytest.mark.parametrize("place", WRONG)
def test_a_value_that_is_wrong_is_400_with_its_place(
    running: RunningService, user: dict[str, str], place: str
) -> None:
    headers = user | {"Content-Type": "application/json"}
    for value in WRONG[place]:
        body = json.dumps(planted(place, value))
        said = answer(running, "POST", ALL, 400, data=body, headers=headers).json()
        # Python writes NaN, which is no JSON: then the whole body is wrong.
        assert said.get("errors", {place: ""}).keys() == {place}, (value, said)


def test_all_that_is_wrong_is_said_at_once(running: RunningService, user: dict[str, str]) -> None:
    body = invoice(currency="x", items=[item(), item(quantity=0), item(unit_price="x")])
    refused = answer(running, "POST", ALL, 400, json=body, headers=user).json()
    assert refused["errors"].keys() == {"currency", "items.1.quantity", "items.2.unit_price"}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'"x"',
        b"5",
        b"\xff\xfe",
        b'{"number": NaN}',
        b"[" * 100_000,
        b'{"items":' * 20_000,
        b'{"number": "a", "number": ' + b"9" * 10_000 + b"}",
    ],
    ids=lambda body: repr(body[:12]),
)
def test_a_body_that_is_none_is_400(
    running: RunningService, user: dict[str, str], body: bytes
) -> None:
    headers = user | {"Content-Type": "application/json"}
    assert answer(running, "POST", ALL, 400, data=body, headers=headers).json()["message"]


@pytest.mark.parametrize("change", [{"due": None}, {"status": None}, {"status": "x"}, {"due": "x"}])
def test_a_change_that_is_wrong_is_400_with_its_place(
    running: RunningService, user: dict[str, str], change: Json
) -> None:
    path = f"{ALL}{create(running, user)['id']}/"
    headers = user | {"If-Match": "*"}
    refused = answer(running, "PATCH", path, 400, json=change, headers=headers)
    assert refused.json()["errors"].keys() == change.keys()


@pytest.mark.parametrize(
    "step", ["0", str(2**63 - 1), str(2**63), "9" * 2000, "-1", "x", "1.0", "%00"]
)
def test_an_invoice_that_is_not_there_is_404(
    running: RunningService, user: dict[str, str], step: str
) -> None:
    headers = user | {"If-Match": "*"}
    for method in ("GET", "PATCH", "DELETE"):
        answer(running, method, f"{ALL}{step}/", 404, json={}, headers=headers)


@pytest.mark.parametrize(
    ("query", "place"),
    [
        ("status=x", "status"),
        ("due_before=2026-02-31", "due_before"),
        ("due_before=20000-01-01", "due_before"),
        ("customer=a%00b", "customer"),
        ("sort=customer", "sort"),
        ("limit=101", "limit"),
        ("after=x", "after"),
        ("x=1", "x"),
    ],
)
def test_a_query_that_is_wrong_is_400_with_its_place(
    running: RunningService, user: dict[str, str], query: str, place: str
) -> None:
    refused = answer(running, "GET", f"{ALL}?{query}", 400, headers=user)
    assert refused.json()["errors"].keys() == {place}


def test_an_overlay_that_does_not_fit_says_what_to_do(tmp_path: Path) -> None:
    for seeded in overlay.SEEDED:
        (tmp_path / seeded).mkdir(parents=True)
    with pytest.raises(RuntimeError, match="does not fit what the template renders"):
        overlay.put(tmp_path)


def test_nothing_was_answered_500(running: RunningService) -> None:
    """Runs last: whatever these tests sent, no answer was a 500."""
    assert [key for key in counted(running) if key[2] >= 500] == []
