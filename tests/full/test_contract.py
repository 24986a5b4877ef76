"""The API as its callers know it, over HTTP, and its document as a tool reads it."""

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import urljoin

import pytest
import requests
from requests import Response

from tasks.checks.caller import Caller
from tasks.running_service import RunningService
from tests.full.fuzzing import assert_no_fault
from tests.full.metrics import ID, counted, counted_since

WRONG_CURSOR = (
    "Is not the cursor of a page of this list in this order. Follow the header Link of the "
    "previous page as it is, or leave `after` out to start at the first page."
)

TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?\+00:00")

Thought = dict[str, object]


def write(call: Caller[RunningService], text: str) -> Thought:
    """Write one as Ada and return it."""
    made: Thought = call("POST", call.own, 201, headers=call.ada, json={"text": text}).json()
    return made


def texts(answer: Response) -> list[str]:
    """Return the texts of a list."""
    return [one["text"] for one in answer.json()]


def allowed(answer: Response) -> set[str]:
    """Return the methods that an answer allows."""
    return set(answer.headers["Allow"].split(", "))


def assert_error(answer: Response, **errors: str) -> None:
    """See that an error is JSON, with a message and a sentence for each field that is wrong."""
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json()["message"]
    assert answer.json().keys() == ({"message", "errors"} if errors else {"message"})
    assert answer.json().get("errors", {}) == errors


def test_a_tool_that_reads_the_document_finds_no_fault(call: Caller[RunningService]) -> None:
    before = counted(call.service)
    assert_no_fault(call.service, call.root["Authorization"], examples=100)
    # It has asked for everything, rightly and wrongly: else it would find no fault in nothing.
    assert counted_since(before, call.service).keys() >= {
        *(("GET", call.own, status) for status in (200, 400, 401)),
        *(("POST", call.own, status) for status in (201, 400, 401, 415)),
        *(("GET", call.all, status) for status in (200, 400)),
        *(("GET", f"{call.all}{ID}/", status) for status in (200, 404)),
        *(("PATCH", f"{call.all}{ID}/", status) for status in (400, 401, 404, 415)),
        *(("DELETE", f"{call.all}{ID}/", status) for status in (401, 404)),
        *(("DELETE", f"{call.admin}{ID}/", status) for status in (204, 401, 404)),
        *((method, "unmatched", 405) for method in ("PUT", "PATCH", "DELETE", "POST", "other")),
    }


def test_the_document_declares_what_it_protects_with(call: Caller[RunningService]) -> None:
    document = call("GET", "/openapi.json", 200).json()
    [(scheme, declared)] = document["components"]["securitySchemes"].items()
    assert (declared["type"], declared["scheme"]) == ("http", "bearer")
    protected = {
        (method, path)
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        if any(scheme in needed for needed in operation["security"])
    }
    assert protected == {
        ("get", call.own),
        ("post", call.own),
        ("patch", f"{call.all}{{id}}/"),
        ("delete", f"{call.all}{{id}}/"),
        ("delete", f"{call.admin}{{id}}/"),
    }


@pytest.mark.parametrize(
    "sent",
    [
        {"json": {"text": "Hello"}},
        {"data": {"text": "Hello"}},
        {"files": {"text": (None, "Hello")}},
        {"data": '{"text": "Hello"}', "headers": {"Content-Type": "application/vnd.acme+json"}},
    ],
    ids=["JSON", "form", "multipart form", "some other JSON"],
)
def test_a_user_writes(call: Caller[RunningService], sent: dict[str, dict[str, str]]) -> None:
    headers = call.ada | sent.pop("headers", {})
    answer = call("POST", call.own, 201, headers=headers, **sent)
    assert answer.headers["Content-Type"] == "application/json"
    made = answer.json()
    assert made.keys() == {"id", "username", "text", "timestamp"}
    assert (made["username"], made["text"]) == ("ada", "Hello")
    assert TIMESTAMP.fullmatch(made["timestamp"])
    age = datetime.now(UTC) - datetime.fromisoformat(made["timestamp"])
    assert abs(age) < timedelta(minutes=1)
    assert call("GET", f"{call.all}{made['id']}/", 200).json() == made


@pytest.mark.parametrize(
    "text",
    ["x", "x" * 10_000, "🎈" * 10_000, "Ünïcödé ﷽ é", " \t\r\n ", "\u202e\ufeff\x01", "'\"<&%_\\"],
    ids=lambda text: repr(text[:9]),
)
def test_a_text_comes_back_as_it_went_in(call: Caller[RunningService], text: str) -> None:
    made = write(call, text)
    assert made["text"] == text
    assert call("GET", f"{call.all}{made['id']}/", 200).json() == made
    assert call("GET", f"{call.all}?limit=1", 200).json() == [made]


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({}, "Is required."),
        ({"text": ""}, "Must have at least 1 character(s)."),
        ({"text": "x" * 10_001}, "Must have at most 10000 characters."),
        ({"text": "a\0b"}, "Has characters that cannot be stored."),
        ({"text": "\ud800"}, "Has characters that cannot be stored."),
        ({"text": None}, "Must be of type string."),
        ({"text": 1}, "Must be of type string."),
        ({"text": ["a"]}, "Must be of type string."),
    ],
    ids=lambda value: repr(value)[:20],
)
def test_what_is_wrong_with_a_text_is_said(
    call: Caller[RunningService], body: dict[str, object], sentence: str
) -> None:
    answer = call("POST", call.own, 400, headers=call.ada, json=body)
    assert answer.json()["message"] == "The request is not valid."
    assert_error(answer, text=sentence)


def test_a_field_that_is_not_the_callers_to_set_is_refused(call: Caller[RunningService]) -> None:
    sent = {"text": "Hello", "id": 1, "username": "eve"}
    answer = call("POST", call.own, 400, headers=call.ada, json=sent)
    assert_error(answer, id="Is not a known field.", username="Is not a known field.")


def test_own_are_the_callers_alone_newest_first(call: Caller[RunningService]) -> None:
    grace = {"Authorization": f"Bearer {call.service.token('grace')}"}
    assert call("GET", call.own, 200, headers=grace).json() == []
    made = []
    for text in ("1", "2", "3"):
        write(call, "Not hers")
        made += [call("POST", call.own, 201, headers=grace, data={"text": text}).json()]
    answer = call("GET", f"{call.own}?count=true", 200, headers=grace)
    assert answer.json() == made[::-1]
    assert answer.headers["X-Total-Count"] == "3"
    assert answer.headers["X-Total-Count-Relation"] == "eq"


def test_a_walk_along_the_links_meets_each_once(call: Caller[RunningService]) -> None:
    written = [write(call, f"Step {number} of a walk & more")["id"] for number in range(7)]
    found, steps, path = [], 0, f"{call.all}?limit=3&search=of+a+walk+%26&count=true"
    while path:
        answer = call("GET", path, 200)
        found += [one["id"] for one in answer.json()]
        assert answer.headers["X-Total-Count"] == "7"
        assert answer.links["first"]["url"] == f"{call.all}?limit=3&search=of+a+walk+%26&count=true"
        path, steps = answer.links.get("next", {}).get("url", ""), steps + 1
    assert found == written[::-1]
    assert steps == 3


@pytest.mark.parametrize(
    ("search", "finds"),
    [
        ("needle", True),
        ("NEEDLE IN", True),
        ("in ünï", True),
        ("ÜNÏ", True),
        ("🎈", True),
        ("100%", True),
        ("snake_", True),
        ("back\\s", True),
        ("e'; --", True),
        ("needle%", False),
        ("n_edle", False),
        ("snake-", False),
        ("back\\\\s", False),
        ("needle\n", False),
        ("\ufffd", False),
    ],
)
def test_a_search_is_literal_and_ignores_case(
    call: Caller[RunningService], search: str, finds: bool
) -> None:
    haystack = "Needle in ünï 🎈 100% snake_case back\\slash quote'; --"
    write(call, haystack)
    found = call("GET", call.all, 200, params={"search": search, "count": "true"})
    assert (haystack in texts(found)) is finds
    assert found.headers["X-Total-Count"] == ("0" if not finds else found.headers["X-Total-Count"])


@pytest.mark.parametrize(
    ("query", "errors"),
    [
        ("search=" + "x" * 201, {"search": "Must have at most 200 characters."}),
        ("search=a%00b", {"search": "Has characters that cannot be stored."}),
        ("limit=0", {"limit": "Must be a whole number from 1 to 100."}),
        ("limit=101", {"limit": "Must be a whole number from 1 to 100."}),
        ("limit=", {"limit": "Must be a whole number from 1 to 100."}),
        ("limit=+1", {"limit": "Must be a whole number from 1 to 100."}),
        ("limit=%D9%A3", {"limit": "Must be a whole number from 1 to 100."}),
        ("after=x", {"after": WRONG_CURSOR}),
        ("other=1", {"other": "Is not a known field."}),
        ("sort=text", {"sort": "Must be one of id, -id."}),
        (
            "limit=x&count=maybe",
            {"limit": "Must be a whole number from 1 to 100.", "count": "Must be true or false."},
        ),
    ],
    ids=lambda value: str(value)[:12],
)
def test_what_is_wrong_with_a_query_is_said(
    call: Caller[RunningService], query: str, errors: dict[str, str]
) -> None:
    assert_error(call("GET", f"{call.all}?{query}", 400), **errors)


@pytest.mark.parametrize(
    "query",
    ["", "search=", "sort=id&limit=100&count=true", "search=" + "x" * 200, "&&"],
)
def test_the_other_queries_are_answered(call: Caller[RunningService], query: str) -> None:
    assert call("GET", f"{call.all}?{query}", 200).headers["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    "step",
    [str(2**63 - 1), str(2**63), "9" * 4000, "0", "-1", "1.0", "abc", "%00", "1%0a", "%ed%a0%80"],
    ids=lambda step: step[:20],
)
def test_one_that_is_not_there_is_404(call: Caller[RunningService], step: str) -> None:
    assert_error(call("GET", f"{call.all}{step}/", 404))
    assert_error(call("DELETE", f"{call.admin}{step}/", 404, headers=call.root))


def test_an_administrator_removes_one(call: Caller[RunningService]) -> None:
    made = write(call, "Soon gone")
    path = f"{call.admin}{made['id']}/"
    assert_error(call("DELETE", path, 401))
    assert_error(call("DELETE", path, 403, headers=call.ada))
    assert call("GET", f"{call.all}{made['id']}/", 200).json() == made
    assert call("DELETE", path, 204, headers=call.root).content == b""
    assert_error(call("GET", f"{call.all}{made['id']}/", 404))
    assert_error(call("DELETE", path, 404, headers=call.root))


@pytest.mark.parametrize("given", ["none", "Basic YTpi", "Bearer", "Bearer ", "bearer x.y.z", "é"])
def test_a_token_is_asked_for_before_anything_else(
    call: Caller[RunningService], given: str
) -> None:
    headers = {} if given == "none" else {"Authorization": given.encode()}
    for method, path, body in (
        ("GET", f"{call.own}?limit=x", b""),
        ("POST", call.own, b""),
        ("POST", call.own, b"{"),
        ("POST", call.own, b'{"text": "x"}'),
        ("PATCH", f"{call.all}1/", b'{"text": "x"}'),
        ("DELETE", f"{call.all}1/", b""),
        ("DELETE", f"{call.admin}1/", b""),
        ("DELETE", f"{call.admin}{2**63 - 1}/", b""),
    ):
        refused = call(method, path, 401, headers=headers, data=body)
        assert_error(refused)
        assert refused.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_changed_token_is_none(call: Caller[RunningService]) -> None:
    head, claims, signature = call.ada["Authorization"].split(".")
    for changed in (
        f"{head}.{claims}.",
        f"{head}.{claims}",
        f"{head}.{claims}.{signature[::-1]}",
        f"{head}.{claims[:-4]}.{signature}",
        f"Bearer eyJhbGciOiJub25lIn0.{claims}.",
        f"{head}.{claims}.{signature}.{signature}",
        "Bearer " + "x" * 20_000,
        "Bearer " + "." * 20_000,
    ):
        assert_error(call("GET", call.own, 401, headers={"Authorization": changed}))


def test_a_wrong_method_is_405_and_told_the_right_ones(call: Caller[RunningService]) -> None:
    for path, right in (
        (call.own, {"GET", "HEAD", "OPTIONS", "POST"}),
        (call.all, {"GET", "HEAD", "OPTIONS"}),
        (f"{call.all}1/", {"DELETE", "GET", "HEAD", "OPTIONS", "PATCH"}),
        (f"{call.admin}1/", {"DELETE", "OPTIONS"}),
        ("/admin/version/", {"GET", "HEAD", "OPTIONS"}),
        ("/openapi.json", {"GET", "HEAD", "OPTIONS"}),
    ):
        assert allowed(call("OPTIONS", path, 200)) == right
        for wrong in {"GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "BREW"} - right:
            refused = call(wrong, path, 405)
            assert allowed(refused) == right
            assert_error(refused)


def test_head_is_get_without_the_body(call: Caller[RunningService]) -> None:
    one = f"{call.all}{write(call, 'Headed')['id']}/"
    for path, status in (
        (call.all, 200),
        (one, 200),
        (f"{call.all}0/", 404),
        ("/health/live", 200),
    ):
        head, get = call("HEAD", path, status), call("GET", path, status)
        # Whether a connection is kept depends on how many others are.
        of_each = {"Connection", "X-Request-ID"}
        assert head.content == b""
        assert {k: v for k, v in head.headers.items() if k not in of_each} == {
            k: v for k, v in get.headers.items() if k not in of_each
        }


@pytest.mark.parametrize("query", ["", "?limit=1&search=a%25b%26%C3%A4"])
def test_a_forgotten_closing_slash_is_a_redirect(call: Caller[RunningService], query: str) -> None:
    host = {"Host": "some.where.example"}  # as a proxy passes it on, which has taken off the TLS
    for method, path in (("GET", call.all), ("POST", call.own), ("DELETE", f"{call.admin}1/")):
        without = f"{path.rstrip('/')}{query}"
        moved = call(method, without, 308, headers=host, allow_redirects=False)
        assert urljoin(without, moved.headers["Location"]) == f"{path}{query}"
        assert_error(moved)
    text = {"text": "Behind a redirect"}
    answer = call("POST", call.own.rstrip("/") + query, 201, headers=call.ada, json=text)
    assert answer.json()["text"] == text["text"]


@pytest.mark.parametrize(
    "path",
    ["/nowhere", "/api/", "/health", "/metrics", "//evil.example/", "/swagger-ui/../settings.yaml"],
)
def test_a_path_that_leads_nowhere_is_404(call: Caller[RunningService], path: str) -> None:
    assert_error(call("GET", path, 404))


def test_every_answer_has_a_request_id(call: Caller[RunningService]) -> None:
    for path, status in (
        (call.all, 200),
        (call.own, 401),
        ("/nowhere", 404),
        ("/health/live", 200),
    ):
        made = {call("GET", path, status).headers["X-Request-ID"] for _ in range(2)}
        assert len(made) == 2
        assert all(re.fullmatch(r"[A-Za-z0-9._-]{1,64}", identifier) for identifier in made)
        for given, is_kept in (("order-17.A_b", True), ("x" * 65, False), ("a b", False)):
            answer = call("GET", path, status, headers={"X-Request-ID": given})
            assert (answer.headers["X-Request-ID"] == given) is is_kept


def test_pages_for_people_are_html(call: Caller[RunningService]) -> None:
    page = call("GET", "/", 200)
    assert page.headers["Content-Type"].startswith("text/html")
    for address in re.findall(r'(?:src|href)="([^"]+)"', page.text):
        shown = requests.get(urljoin(page.url, address), timeout=10)
        assert shown.status_code == 200, address
