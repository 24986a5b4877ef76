"""Asks a deployed service from outside, as its users do."""

import json
import time
from http.client import HTTPException
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from invoke import Context, Exit, task

INTERNAL = ("/admin/version/", "/metrics", "/health/ready")
"""What nobody outside may reach, whatever lets requests in."""

PAUSE_SECONDS = 2.0
LONGEST_ANSWER_SECONDS = 10


@task(
    help={
        "url": "Where it is: https://service.example.com",
        "paths": "What has to answer with 200, with commas between",
        "timeout": "How many seconds it may take until it does",
        "inside": "Ask it inside the cluster, or on this machine: what is internal may answer",
        "version": "The version that it has to be; it is told inside only",
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
    """Ask a deployed service for a few pages, and see that what is internal stays inside."""
    if urlsplit(url).scheme not in {"http", "https"}:
        raise Exit(f"{url!r} is no address: https://service.example.com", 2)
    if version and not inside:
        raise Exit("The version is told inside only: add --inside.", 2)
    address, deadline = url.rstrip("/"), time.monotonic() + timeout
    for path in paths.split(","):
        _wait_for(f"{address}{path.strip()}", deadline)
    if version:
        _require_version(address, version)
    if not inside:
        _require_hidden(address)
    print(f"{address} answers.")


def _wait_for(url: str, deadline: float) -> None:
    """Wait until an address answers with 200: what lets requests in may be slower than a pod."""
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
        raise Exit(f"{address} is {running}, and not {version}.", 1)


def _require_hidden(address: str) -> None:
    seen = [path for path in INTERNAL if _get(f"{address}{path}")[0] == 200]
    if seen:
        raise Exit(f"{address}: everybody can see {', '.join(seen)}. Let the ingress hide it.", 1)


def _get(url: str) -> tuple[int, str]:
    """Return an answer's status and text; 0 and the reason where there is none."""
    request = Request(url, headers={"User-Agent": "smoke"})  # noqa: S310 - the scheme is looked at
    try:
        with urlopen(request, timeout=LONGEST_ANSWER_SECONDS) as answer:  # noqa: S310
            return answer.status, answer.read().decode("utf-8", "replace")
    except HTTPError as error:
        return error.code, f"{error.code} {error.reason}"
    except (OSError, HTTPException) as error:
        return 0, str(error)
