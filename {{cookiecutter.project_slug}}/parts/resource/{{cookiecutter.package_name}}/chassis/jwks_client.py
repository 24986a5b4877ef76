"""Fetches the issuer's JWKS, trusting the other side with neither time nor memory."""

import os
import time

import requests
from urllib3.exceptions import HTTPError

from . import jwks
from .jwks import JwksError, Keys

TIMEOUT_SECONDS = 5.0
"""For all of it. A read's own time-out begins anew with each byte of a body that trickles."""

SILENCE_SECONDS = 2.0
"""How long the other side may take to connect, or say nothing."""

LARGEST_BODY = 65536
"""Bytes: a hundred keys."""

_PIECE = 8192


def fetch(url: str, timeout_seconds: float = TIMEOUT_SECONDS) -> Keys:
    """Return the usable keys at an address; JwksError says why there are none."""
    deadline = time.monotonic() + timeout_seconds
    silence = min(SILENCE_SECONDS, timeout_seconds)
    try:
        with requests.Session() as session:
            # Neither proxies nor ~/.netrc: nobody else has a say in whose keys these are.
            session.trust_env = False
            session.verify = os.environ.get("REQUESTS_CA_BUNDLE", True)
            return jwks.read(_fetched(session, url, silence, deadline))
    except (requests.RequestException, HTTPError, OSError) as error:
        raise JwksError(f"it cannot be reached: {error}") from error


def _fetched(session: requests.Session, url: str, silence: float, deadline: float) -> bytes:
    with session.get(
        url,
        # What is compressed would have to be unpacked, to a size that nobody knows.
        headers={"Accept": "application/json", "Accept-Encoding": "identity"},
        timeout=(silence, silence),
        # The address is a matter of trust: wherever it leads on to is not.
        allow_redirects=False,
        stream=True,
    ) as response:
        if response.status_code != requests.codes.ok:
            raise JwksError(f"it answers with status {response.status_code}")
        return _body(response, deadline)


def _body(response: requests.Response, deadline: float) -> bytes:
    body = b""
    # A piece at a time as it comes, which iter_content does not do: it waits for a full one.
    while piece := response.raw.read1(_PIECE):
        body += piece
        if len(body) > LARGEST_BODY:
            raise JwksError(f"it has more than {LARGEST_BODY} bytes")
        if time.monotonic() > deadline:
            raise JwksError("it takes too long")
    return body
