"""Reading, searching and writing."""

import pytest
from flask.testing import FlaskClient
from flask_chassis.testing.upstream import Reply, Service

from .conftest import TOKEN, field, listed, sign_in, thought, write

SCRIPT = "<script>alert('x')</script> & \"quotes\""
ESCAPED = "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &amp; &#34;quotes&#34;"


def test_anyone_reads_the_newest(client: FlaskClient, thoughts: Service) -> None:
    thoughts.on("GET", "/api/thoughts/", listed("Second", "First"))
    response = client.get("/")
    assert response.status_code == 200
    assert response.text.index("Second") < response.text.index("First")
    assert "7 November 2026, 14:03 UTC" in response.text
    assert 'datetime="2026-11-07T14:03:05+00:00"' in response.text
    assert "Authorization" not in thoughts.requests[0].headers


def test_a_newer_service_may_tell_more(client: FlaskClient, thoughts: Service) -> None:
    newer = Reply(json=[thought(text="Milk", mood="glad", likes=[1])])
    thoughts.on("GET", "/api/thoughts/", newer)
    assert "Milk" in client.get("/").text


@pytest.mark.parametrize("path", ["/", "/thoughts/", "/search?search=x"])
def test_what_somebody_wrote_is_text(client: FlaskClient, thoughts: Service, path: str) -> None:
    sign_in(client)
    for each in ("/api/thoughts/", "/api/me/thoughts/"):
        thoughts.on("GET", each, listed(SCRIPT))
    page = client.get(path).text
    assert ESCAPED in page
    assert "<script" not in page


def test_what_was_searched_for_is_text(client: FlaskClient, thoughts: Service) -> None:
    page = client.get("/search", query_string={"search": SCRIPT}).text
    assert ESCAPED in page
    assert "<script" not in page


@pytest.mark.parametrize("path", ["/", "/thoughts/", "/search?search=x"])
def test_an_empty_list_says_so(client: FlaskClient, path: str) -> None:
    sign_in(client)
    page = client.get(path).text
    assert any(words in page for words in ("Nobody has", "You have not", "No thought with"))


def test_own_are_asked_for_with_the_token(client: FlaskClient, thoughts: Service) -> None:
    sign_in(client)
    thoughts.on("GET", "/api/me/thoughts/", listed("Mine", total="1000", relation="gte"))
    page = client.get("/thoughts/").text
    assert "Mine" in page
    assert "More than 1,000 thoughts" in page
    assert thoughts.requests[-1].headers["Authorization"] == f"Bearer {TOKEN}"


@pytest.mark.parametrize("path", ["/", "/thoughts/", "/search?search=a%26b+%C3%BC"])
def test_the_older_ones_are_a_link_away(client: FlaskClient, thoughts: Service, path: str) -> None:
    sign_in(client)
    link = '</api/x/?limit=20>; rel="first", </api/x/?limit=20&after=WzE3XQ.0a1b2c3d>; rel="next"'
    for each in ("/api/thoughts/", "/api/me/thoughts/"):
        thoughts.on("GET", each, listed("One", link=link, total="2"), listed("Other"))
    first = client.get(path).text
    assert "To the newest" not in first
    older = first.split('rel="next"')[0].rpartition('href="')[2].partition('"')[0]
    assert ("search=" in older) == ("search=" in path)
    second = client.get(older.replace("&amp;", "&"))
    assert second.status_code == 200
    assert "Other" in second.text
    assert "To the newest" in second.text
    assert 'rel="next"' not in second.text
    received = thoughts.requests[-1]
    assert received.query["after"] == "WzE3XQ.0a1b2c3d"
    assert received.query.get("search") == ("a&b ü" if "search" in path else None)


@pytest.mark.parametrize("after", ["a b", "1 OR 1", "²", "a" * 6001, "", "\0", "a&b"])
def test_a_part_of_the_list_that_cannot_be_is_400(
    client: FlaskClient, thoughts: Service, after: str
) -> None:
    response = client.get("/", query_string={"after": after})
    assert response.status_code == 400
    assert thoughts.requests == []


def test_a_search_goes_to_the_service(client: FlaskClient, thoughts: Service) -> None:
    thoughts.on("GET", "/api/thoughts/", listed("Milk"))
    page = client.get("/search?search=+milk+").text
    assert "1 thought with “milk”" in page
    assert thoughts.requests[0].query == {"search": "milk", "count": "true"}


def test_without_anything_to_look_for_nobody_is_asked(
    client: FlaskClient, thoughts: Service
) -> None:
    assert client.get("/search").status_code == 200
    assert client.get("/search?search=+").status_code == 200
    assert thoughts.requests == []


@pytest.mark.parametrize("search", ["x" * 201, "ä" * 2_700, "🎈" * 201])
def test_a_search_that_is_too_long_shows_what_to_mend_and_asks_nobody(
    client: FlaskClient, thoughts: Service, search: str
) -> None:
    response = client.get("/search", query_string=f"search={search}")
    assert response.status_code == 400
    assert "Must have at most 200 characters." in response.text
    assert thoughts.requests == []


def test_a_search_that_just_fits_goes_to_the_service(
    client: FlaskClient, thoughts: Service
) -> None:
    assert client.get("/search", query_string={"search": "🎈" * 200}).status_code == 200
    assert thoughts.requests[0].query["search"] == "🎈" * 200


def test_a_search_that_is_refused_shows_what_to_mend(
    client: FlaskClient, thoughts: Service
) -> None:
    errors = {"search": "Must have at most 200 characters."}
    thoughts.on("GET", "/api/thoughts/", Reply(400, {"message": "No.", "errors": errors}))
    response = client.get("/search?search=milk")
    assert response.status_code == 400
    assert '<a href="#search">Must have at most 200 characters.</a>' in response.text
    assert 'aria-describedby=" search-error" aria-invalid="true"' in response.text
    assert 'value="milk"' in response.text


# Writing.


def test_a_thought_is_saved_and_seen(client: FlaskClient, thoughts: Service) -> None:
    sign_in(client)
    response = write(client, "First\r\nsecond")
    assert (response.status_code, response.location) == (303, "/thoughts/")
    received = next(each for each in thoughts.requests if each.method == "POST")
    assert received.json == {"text": "First\nsecond"}
    assert received.headers["Authorization"] == f"Bearer {TOKEN}"
    assert '<p class="message" role="status">Your thought is saved.</p>' in (
        client.get("/thoughts/").text
    )
    assert "Your thought is saved." not in client.get("/thoughts/").text


@pytest.mark.parametrize(
    "text",
    ["\nfirst line is empty", SCRIPT, "ünïcödé 🎈", "a</textarea>b", "x" * 10_001, ""],
    ids=lambda text: text[:20],
)
@pytest.mark.parametrize("status", [400, 403, 413, 429])
def test_a_refusal_shows_what_to_mend_and_keeps_the_text(
    client: FlaskClient, thoughts: Service, text: str, status: int
) -> None:
    sign_in(client)
    errors = {"text": "Must have at most 10000 characters."}
    thoughts.on("POST", "/api/me/thoughts/", Reply(status, {"message": "No.", "errors": errors}))
    response = write(client, text)
    assert response.status_code == status
    assert 'role="alert"' in response.text
    assert '<a href="#text">Must have at most 10000 characters.</a>' in response.text
    assert 'aria-describedby="text-hint text-error" aria-invalid="true"' in response.text
    assert "<title>Error: " in response.text
    assert field(response, "text") == text


def test_a_refusal_without_words_is_one_all_the_same(
    client: FlaskClient, thoughts: Service
) -> None:
    sign_in(client)
    thoughts.on("POST", "/api/me/thoughts/", Reply(400, body=b"no"))
    response = write(client, "Mine")
    assert (response.status_code, field(response, "text")) == (400, "Mine")
    assert "could not be processed" in response.text


@pytest.mark.parametrize(
    ("reply", "status"),
    [
        (Reply(502), 503),
        (Reply(504), 503),
        (Reply(raw=b""), 503),
        (Reply(500), 502),
        (Reply(body=b"<html>A proxy greets you</html>"), 502),
        (Reply(201, None), 502),
        (Reply(201, thought(id=None)), 502),
        (Reply(201, body=b"[" * 100_000), 502),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_text_that_may_have_been_saved_is_kept_and_not_said_to_be(
    client: FlaskClient,
    thoughts: Service,
    caplog: pytest.LogCaptureFixture,
    reply: Reply,
    status: int,
) -> None:
    sign_in(client)
    thoughts.on("POST", "/api/me/thoughts/", reply)
    with caplog.at_level("WARNING"):
        response = write(client, "Mine")
    assert (response.status_code, field(response, "text")) == (status, "Mine")
    assert "Look whether it is among your thoughts" in response.text
    [warning] = [each for each in caplog.records if each.levelname == "WARNING"]
    assert "thoughts: " in warning.getMessage()  # an operator is told why, once


@pytest.mark.parametrize(("reply", "status"), [(Reply(503), 503)])
def test_a_text_that_cannot_be_saved_just_now_is_kept(
    client: FlaskClient, thoughts: Service, reply: Reply, status: int
) -> None:
    sign_in(client)
    thoughts.on("POST", "/api/me/thoughts/", reply)
    response = write(client, "Mine")
    assert (response.status_code, field(response, "text")) == (status, "Mine")
    assert "could not be saved just now" in response.text
    assert len([each for each in thoughts.requests if each.method == "POST"]) == 1


def test_who_does_not_know_whether_it_was_saved_is_told_to_look(
    impatient: FlaskClient, thoughts: Service
) -> None:
    sign_in(impatient)
    thoughts.on("POST", "/api/me/thoughts/", Reply(hangs=True))
    response = write(impatient, "Mine")
    assert (response.status_code, field(response, "text")) == (503, "Mine")
    assert "Look whether it is among your thoughts" in response.text
