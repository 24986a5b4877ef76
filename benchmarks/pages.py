"""A page of the frontend beside the same page made in other ways, of the same list."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from itertools import zip_longest
from pathlib import Path
from typing import Any

import requests
from invoke import Exit

from benchmarks import page_elements, upstream
from benchmarks.load import Request
from benchmarks.rounds import Measurable, measure
from benchmarks.servers import (
    GUNICORN,
    UVICORN,
    UWSGI_LIMIT,
    Changed,
    Rendered,
    Server,
    Variant,
)
from benchmarks.work import TIMEOUT_SECONDS, Answering, Work
from tasks.running_service import VERSION, RunningService

PAGE = Work("page", Request("/"))
"""What somebody sees who is not signed in: the newest 20."""

LIST = "/api/thoughts/"

VARIANTS = (
    Variant(
        "page_raw",
        "raw WSGI, urllib3, Jinja2",
        lambda port: ("uwsgi", f"--http11-socket=127.0.0.1:{port}", *UWSGI_LIMIT),
    ),
    Variant(
        "page_fastapi",
        "FastAPI, httpx, Jinja2",
        lambda port: (*UVICORN, f"--port={port}"),
    ),
    Variant(
        "page_flask",
        "Flask, requests, gunicorn",
        lambda port: (*GUNICORN, f"--bind=127.0.0.1:{port}"),
    ),
)


def frontend(
    folder: Path, private: Path, address: str, more: Mapping[str, str] | None = None
) -> RunningService:
    """Return a frontend whose pages are made of what one service answers."""
    supplied = {
        "upstream.users.url": address,
        "upstream.thoughts.url": address,
        "session.secret_key": "benchmark" * 8,
    }
    return RunningService(
        folder, private, say=lambda what: None, supplied=supplied | dict(more or {})
    )


@contextmanager
def started(
    folder: Path, private: Path, backend: str, variants: Sequence[Variant]
) -> Iterator[Sequence[Measurable]]:
    """Start the frontend and the variants, behind them what a service answers to the list.

    Before that, see that a page that is made of the service's own answer is the same.
    """
    with ExitStack() as stack:
        canned = stack.enter_context(upstream.answering(upstream.recorded(backend + LIST)))
        service = frontend(folder, private / "page", canned)
        variables = {"UPSTREAM": canned, **site(service)}
        in_earnest = Changed(frontend(folder, private / "earnest", backend), "the page in earnest")
        stack.callback(in_earnest.stop)
        servers: list[Changed | Server] = [Changed(service, Rendered.name)]
        stack.callback(servers[0].stop)
        for variant in variants:
            servers.append(Server(variant, private, variables))
            stack.callback(servers[-1].stop)
        for each in (in_earnest, *servers):
            each.wait()
        check_alike([in_earnest, *servers])
        yield servers


def site(service: RunningService) -> dict[str, str]:
    """Return what a page says of its site, as variables of the variants."""
    said = service.service.settings["service"]
    return {
        "SITE_TITLE": said["title"],
        "SITE_DESCRIPTION": said["description"],
        "SITE_VERSION": VERSION,
    }


def check_alike(servers: Sequence[Answering]) -> None:
    """Raise Exit where the page of a server has other elements or texts than the first one's."""
    first, *others = servers
    expected = answer(first.port)
    for other in others:
        for found, wanted in zip_longest(answer(other.port), expected):
            if found != wanted:
                raise Exit(
                    f"{other.name} makes another page than {first.name}:\n{found}\n{wanted}", 1
                )


def answer(port: int) -> list[str]:
    """Return status, type and elements of the page on a port."""
    address = f"http://127.0.0.1:{port}"
    got = requests.get(address + PAGE.request.path, timeout=TIMEOUT_SECONDS)
    return [
        str(got.status_code),
        got.headers["Content-Type"],
        *page_elements.elements(got.text, address),
    ]


def as_json(
    folder: Path, private: Path, backend: str, *, rows: int, rounds: int
) -> list[dict[str, Any]]:
    """Measure the page on all servers, in turns; `rows` are those behind the list."""
    with started(folder, private, backend, VARIANTS) as servers:
        found = measure(servers, PAGE, connections=8, rows=rows, rounds=rounds)
    return [series.as_json() for series in found]
