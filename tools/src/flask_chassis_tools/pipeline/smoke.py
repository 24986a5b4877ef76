"""Smoke test of a deployed service."""

import json
import time
from http.client import HTTPException
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from invoke import Context, Exit, task

INTERNAL = ("/admin/version/", "/metrics", "/health/ready")
"""The paths that must not be reachable from outside the cluster."""

PAUSE_SECONDS = 2.0
LONGEST_ANSWER_SECONDS = 10


@task(
    help={
        "url": "The base URL: https://service.example.com",
        "paths": "The paths that must return 200, separated by commas",
        "timeout": "Seconds to wait until they do",
        "inside": "The URL is inside the cluster or on this machine: internal paths may respond",
        "version": "The expected version; requires --inside",
    }
)
def smoke(
    context: Context,
    url: str,
    paths: str = "/",
    timeout: int = 120,
    inside: bool = False,
    version: str = "",
) -> None:
    """Request paths of a deployed service, and verify that internal paths are not public."""
    if urlsplit(url).scheme not in {"http", "https"}:
        raise Exit(f"{url!r} is not a URL such as https://service.example.com", 2)
    if version and not inside:
        raise Exit("--version requires --inside: the version is not public.", 2)
    address, deadline = url.rstrip("/"), time.monotonic() + timeout
    for path in paths.split(","):
        _wait_for(f"{address}{path.strip()}", deadline)
    if version:
        _require_version(address, version)
    if not inside:
        _require_hidden(address)
    print(f"{address} responds.")


def _wait_for(url: str, deadline: float) -> None:
    """Wait until a URL returns 200: the ingress may need longer than the pod."""
    while True:
        status, reason = _get(url)
        if status == 200:
            return
        if time.monotonic() >= deadline:
            raise Exit(f"{url}: {reason}", 1)
        time.sleep(PAUSE_SECONDS)


def _require_version(address: str, version: str) -> None:
    status, text = _get(f"{address}/admin/version/")
    running = json.loads(text)["version"] if status == 200 else text
    if running != version:
        raise Exit(f"{address} runs {running}; expected {version}.", 1)


def _require_hidden(address: str) -> None:
    seen = [path for path in INTERNAL if _get(f"{address}{path}")[0] == 200]
    if seen:
        raise Exit(f"{address}: {', '.join(seen)} is public. Remove it from the ingress.", 1)


def _get(url: str) -> tuple[int, str]:
    """Return the status and text of a response, or 0 and the reason for its absence."""
    request = Request(url, headers={"User-Agent": "smoke"})  # noqa: S310 - the scheme is looked at
    try:
        with urlopen(request, timeout=LONGEST_ANSWER_SECONDS) as answer:  # noqa: S310
            return answer.status, answer.read().decode("utf-8", "replace")
    except HTTPError as error:
        return error.code, f"{error.code} {error.reason}"
    except (OSError, HTTPException) as error:
        return 0, str(error)
