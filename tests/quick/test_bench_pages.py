"""What the benchmarks hold for the same page, and what stands behind it."""

import time
from collections.abc import Iterator

import pytest
import requests
from invoke import Exit

from benchmarks import pages, upstream
from benchmarks.page_elements import elements

ADDRESS = "http://127.0.0.1:8084"
PAGE = '<!doctype html><title>A</title><p class="x" id="y"><a href="/?after=7">Older</a>'


@pytest.mark.parametrize(
    "other",
    [
        PAGE.replace("<p", "\n <p"),
        PAGE.replace("/?", f"{ADDRESS}/?"),
        PAGE.replace('class="x" id="y"', 'id="y"\n class="x"'),
    ],
)
def test_a_page_that_is_laid_out_otherwise_is_the_same(other: str) -> None:
    assert other != PAGE
    assert elements(other, ADDRESS) == elements(PAGE, ADDRESS)


def test_the_version_of_a_static_file_may_be_in_its_name_or_behind_it() -> None:
    def style(link: str) -> list[str]:
        return elements(f'<link href="{link}">', ADDRESS)

    plain = style("/static/style.css")
    assert style("/static/style.928ea2a7ffc5.css") == plain
    assert style(f"{ADDRESS}/static/style.css?v=v1.0") == plain
    assert style("/static/other.928ea2a7ffc5.css") != plain


@pytest.mark.parametrize(
    "other",
    [
        PAGE.replace("Older", "Newer"),
        PAGE.replace("after=7", "after=8"),
        PAGE.replace("/?", "http://127.0.0.2/?"),
        PAGE.replace('class="x"', 'class="z"'),
        PAGE.replace("<title>A</title>", ""),
        PAGE + "<form></form>",
    ],
)
def test_a_page_with_other_elements_is_another(other: str) -> None:
    assert elements(other, ADDRESS) != elements(PAGE, ADDRESS)


def served(page: str, kind: str = "text/html; charset=utf-8", status: str = "200 OK") -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(page)}\r\n\r\n"
    return (head + page).encode()


class Listening:
    """Something that answers on a port."""

    def __init__(self, name: str, address: str) -> None:
        self.name = name
        self.port = int(address.rpartition(":")[2])


@pytest.fixture(scope="module")
def one() -> Iterator[Listening]:
    """What others are held against."""
    with upstream.answering(served(PAGE)) as address:
        yield Listening("one", address)


@pytest.mark.parametrize(
    "other",
    [
        served(PAGE + "<form></form>"),
        served(PAGE, kind="text/plain"),
        served(PAGE, status="500 INTERNAL SERVER ERROR"),
    ],
    ids=["page", "type", "status"],
)
def test_what_answers_otherwise_is_refused(one: Listening, other: bytes) -> None:
    pages.check_alike([one, one])
    with (
        upstream.answering(other) as address,
        pytest.raises(Exit, match="other makes another page than one"),
    ):
        pages.check_alike([one, Listening("other", address)])


def test_what_a_service_answers_is_given_again() -> None:
    said = b"HTTP/1.1 200 OK\r\nLink: </x>\r\nConnection: close\r\nContent-Length: 3\r\n\r\n[1]"
    with upstream.answering(said) as service:
        recorded = upstream.recorded(service)
    assert recorded == b"HTTP/1.1 200 OK\r\nLink: </x>\r\nContent-Length: 3\r\n\r\n[1]"
    with upstream.answering(recorded, seconds=0.2) as again:
        begun = time.monotonic()
        assert requests.get(again, timeout=5).json() == [1]
        assert time.monotonic() - begun >= 0.2


def test_an_error_is_not_recorded() -> None:
    with (
        upstream.answering(served("", status="503 SERVICE UNAVAILABLE")) as service,
        pytest.raises(requests.HTTPError),
    ):
        upstream.recorded(service)
