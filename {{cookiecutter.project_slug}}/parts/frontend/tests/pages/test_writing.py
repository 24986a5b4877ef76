"""Tests of writing, changing and deleting texts."""

import pytest
from flask.testing import FlaskClient
from flask_chassis.testing.upstream import Reply, Service

from .conftest import ALL, MINE, NEW, OWN, TOKEN, field, hidden, item, sign_in, write

SCRIPT = "<script>alert('x')</script> & \"quotes\""
ONE = f"{ALL}1/"
EDIT, DELETE = f"{MINE}1/edit", f"{MINE}1/delete"


def test_text_is_saved_and_shown(client: FlaskClient, kept: Service) -> None:
    sign_in(client)
    response = write(client, "First\r\nsecond")
    assert (response.status_code, response.location) == (303, MINE)
    received = next(each for each in kept.requests if each.method == "POST")
    assert received.json == {"text": "First\nsecond"}
    assert received.headers["Authorization"] == f"Bearer {TOKEN}"
    assert '<p class="message" role="status">It is saved.</p>' in (client.get(MINE).text)
    assert "It is saved." not in client.get(MINE).text


@pytest.mark.parametrize(
    "text",
    ["\nfirst line is empty", SCRIPT, "ünïcödé 🎈", "a</textarea>b", "x" * 10_001, ""],
    ids=lambda text: text[:20],
)
@pytest.mark.parametrize("status", [400, 403, 409, 413, 422, 429])
def test_error_is_shown_and_the_text_kept(
    client: FlaskClient, kept: Service, text: str, status: int
) -> None:
    sign_in(client)
    errors = {"text": "Must have at most 10000 characters."}
    kept.on("POST", OWN, Reply(status, {"message": "No.", "errors": errors}))
    response = write(client, text)
    assert response.status_code == status
    assert 'role="alert"' in response.text
    assert '<a href="#text">Your text must have at most 10,000 characters.</a>' in response.text
    assert 'aria-describedby="text-hint text-error" aria-invalid="true"' in response.text
    assert "<title>Error: " in response.text
    assert field(response, "text") == text


def test_error_without_a_message_is_shown(client: FlaskClient, kept: Service) -> None:
    sign_in(client)
    kept.on("POST", OWN, Reply(400, body=b"no"))
    response = write(client, "Mine")
    assert (response.status_code, field(response, "text")) == (400, "Mine")
    assert "<li>Something in this form was not accepted." in response.text


@pytest.mark.parametrize(
    ("status", "headers", "words"),
    [
        (409, {}, "This does not fit what is saved now"),
        (422, {}, "Something in this form was not accepted"),
        (429, {"Retry-After": "30"}, "Wait for 30 seconds, then try again."),
    ],
)
@pytest.mark.parametrize("path", [NEW, EDIT])
def test_error_message_hides_internal_details(
    client: FlaskClient,
    kept: Service,
    path: str,
    status: int,
    headers: dict[str, str],
    words: str,
) -> None:
    sign_in(client)
    body = {"message": "internal_words", "detail": [{"loc": ["body", "text"]}]}
    for method, called in (("POST", OWN), ("PATCH", ONE)):
        kept.on(method, called, Reply(status, body, headers=headers))
    response = write(client, "Mine", path)
    assert (response.status_code, field(response, "text")) == (status, "Mine")
    assert words in response.text
    for internal in ("internal_words", "loc", "&#34;body"):
        assert internal not in response.text


def test_error_of_an_unknown_field_has_no_link(client: FlaskClient, kept: Service) -> None:
    sign_in(client)
    kept.on("POST", OWN, Reply(400, {"errors": {"items.0.quantity": "Must be at least 1."}}))
    response = write(client, "Mine")
    assert "items.0" not in response.text
    assert "<li>Something in this form was not accepted." in response.text


@pytest.mark.parametrize(
    ("reply", "status"),
    [
        (Reply(502), 503),
        (Reply(504), 503),
        (Reply(raw=b""), 503),
        (Reply(500), 502),
        (Reply(body=b"<html>A proxy greets you</html>"), 502),
        (Reply(201, None), 502),
        (Reply(201, item(id=None)), 502),
        (Reply(201, body=b"[" * 100_000), 502),
    ],
    ids=lambda value: str(value)[:40],
)
def test_uncertain_save_keeps_the_text(
    client: FlaskClient,
    kept: Service,
    caplog: pytest.LogCaptureFixture,
    reply: Reply,
    status: int,
) -> None:
    sign_in(client)
    kept.on("POST", OWN, reply)
    with caplog.at_level("WARNING"):
        response = write(client, "Mine")
    assert (response.status_code, field(response, "text")) == (status, "Mine")
    assert "Look whether it is among your own" in response.text
    [warning] = [each for each in caplog.records if each.levelname == "WARNING"]
    assert ": " in warning.getMessage()  # the log has the reason, once


@pytest.mark.parametrize(("reply", "status"), [(Reply(503), 503)])
def test_unavailable_service_keeps_the_text(
    client: FlaskClient, kept: Service, reply: Reply, status: int
) -> None:
    sign_in(client)
    kept.on("POST", OWN, reply)
    response = write(client, "Mine")
    assert (response.status_code, field(response, "text")) == (status, "Mine")
    assert "could not be saved just now" in response.text
    assert len([each for each in kept.requests if each.method == "POST"]) == 1


def test_timeout_while_saving_keeps_the_text(impatient: FlaskClient, kept: Service) -> None:
    sign_in(impatient)
    kept.on("POST", OWN, Reply(hangs=True))
    response = write(impatient, "Mine")
    assert (response.status_code, field(response, "text")) == (503, "Mine")
    assert "Look whether it is among your own" in response.text


# Changing and deleting.


def changes(kept: Service) -> list[tuple[str, object, str | None]]:
    """Return the changes that reached the service, each with the version that it is based on."""
    return [
        (each.method, each.json if each.body else None, each.headers.get("If-Match"))
        for each in kept.requests
        if each.method in ("PATCH", "DELETE")
    ]


@pytest.mark.parametrize("headers", [{}, {"ETag": '"3"'}, {"ETag": 'W/"3"'}], ids=str)
def test_own_text_can_be_changed(
    client: FlaskClient, kept: Service, headers: dict[str, str]
) -> None:
    kept.on("GET", ONE, Reply(json=item(text="\nBefore"), headers=headers))
    sign_in(client)
    assert field(client.get(EDIT), "text") == "\nBefore"
    response = write(client, "After\r\nall", EDIT)
    assert (response.status_code, response.location) == (303, MINE)
    assert changes(kept) == [("PATCH", {"text": "After\nall"}, headers.get("ETag"))]
    assert kept.requests[-1].headers["Authorization"] == f"Bearer {TOKEN}"
    assert "Your change is saved." in client.get(MINE).text


@pytest.mark.parametrize("headers", [{}, {"ETag": '"3"'}], ids=str)
def test_conflicting_edit_shows_both_texts(
    client: FlaskClient, kept: Service, headers: dict[str, str]
) -> None:
    now = Reply(json=item(text="Theirs <b>"), headers={"ETag": '"4"'} if headers else {})
    before = Reply(json=item(text="Before"), headers=headers)
    kept.on("GET", ONE, before, now)
    kept.on("PATCH", ONE, *([Reply(412)] if headers else []), Reply(json=item()))
    sign_in(client)
    response = write(client, "Mine", EDIT)
    assert response.status_code == 409
    assert '<a href="#text">This was changed in the meantime' in response.text
    assert field(response, "text") == "Mine"
    assert "Theirs &lt;b&gt;</blockquote>" in response.text
    fields = {name: hidden(response, name) for name in ("csrf_token", "version")}
    again = client.post(EDIT, data=fields | {"text": "Both"})
    assert again.status_code == 303
    assert changes(kept)[-1] == ("PATCH", {"text": "Both"}, '"4"' if headers else None)


def test_edit_of_a_deleted_text_keeps_the_form(client: FlaskClient, kept: Service) -> None:
    sign_in(client)
    kept.on("PATCH", ONE, Reply(404))
    response = write(client, "Mine", EDIT)
    assert (response.status_code, field(response, "text")) == (404, "Mine")
    assert "somebody may have deleted it" in response.text


@pytest.mark.parametrize("headers", [{}, {"ETag": '"3"'}], ids=str)
def test_own_text_is_deleted_after_confirmation(
    client: FlaskClient, kept: Service, headers: dict[str, str]
) -> None:
    kept.on("GET", ONE, Reply(json=item(text=SCRIPT), headers=headers))
    sign_in(client)
    page = client.get(DELETE)
    assert "&lt;script&gt;alert(" in page.text
    assert changes(kept) == []
    fields = {name: hidden(page, name) for name in ("csrf_token", "version")}
    response = client.post(DELETE, data=fields)
    assert (response.status_code, response.location) == (303, MINE)
    assert changes(kept) == [("DELETE", None, headers.get("ETag"))]
    assert "It is deleted." in client.get(MINE).text


@pytest.mark.parametrize(
    ("reply", "status", "words"),
    [
        (Reply(404), 303, ""),
        (Reply(412), 409, "Look at it again before you delete it."),
        (Reply(503), 503, "could not be deleted just now"),
        (Reply(403), 403, "You may not do this"),
        (Reply(429), 429, "Too many attempts"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_failed_delete_shows_the_reason(
    client: FlaskClient, kept: Service, reply: Reply, status: int, words: str
) -> None:
    kept.on("GET", ONE, Reply(json=item(), headers={"ETag": '"3"'}))
    kept.on("DELETE", ONE, reply)
    sign_in(client)
    page = client.get(DELETE)
    fields = {name: hidden(page, name) for name in ("csrf_token", "version")}
    response = client.post(DELETE, data=fields)
    assert response.status_code == status
    assert words in response.text


@pytest.mark.parametrize("path", [EDIT, DELETE])
def test_edit_and_delete_of_others_texts_are_forbidden(
    client: FlaskClient, kept: Service, path: str
) -> None:
    assert client.get(path).location == f"/login/?next={path}"
    sign_in(client)
    kept.on("GET", ONE, Reply(json=item(username="eve")))
    assert client.get(path).status_code == 403
    kept.on("GET", ONE, Reply(404))
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("version", ["", "x", '"a\r\nX: b"', '"' + "x" * 300 + '"'])
def test_invalid_version_is_not_sent_to_the_service(
    client: FlaskClient, kept: Service, version: str
) -> None:
    sign_in(client)
    fields = {"csrf_token": hidden(client.get(EDIT), "csrf_token"), "version": version}
    assert client.post(EDIT, data=fields | {"text": "Mine"}).status_code == 409
    assert changes(kept) == []


def test_expired_session_keeps_the_change(client: FlaskClient, kept: Service) -> None:
    sign_in(client)
    kept.on("PATCH", ONE, Reply(401), Reply(json=item()))
    asked = write(client, "Mine", EDIT)
    assert asked.status_code == 401
    names = ("csrf_token", "next", "id", "version")
    fields = {name: hidden(asked, name) for name in names}
    login = {"username": "ada", "password": "x", "draft": field(asked, "draft")}
    again = client.post("/login/", data=fields | login)
    assert f'action="{EDIT}"' in again.text
    fields = {name: hidden(again, name) for name in ("csrf_token", "version")}
    saved = client.post(EDIT, data=fields | {"text": field(again, "text")})
    assert saved.status_code == 303
    assert changes(kept)[-1][:2] == ("PATCH", {"text": "Mine"})
