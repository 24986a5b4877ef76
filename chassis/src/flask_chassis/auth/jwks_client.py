"""Fetches the issuer's JWKS over HTTP, with limits on time and size."""

import os
import time

import requests
from urllib3.exceptions import HTTPError

from flask_chassis.auth import jwks
from flask_chassis.auth.jwks import JwksError, Keys
from flask_chassis.clients.deadline import Deadline, DeadlineAdapter

TIMEOUT_SECONDS = 5.0
"""Time-out of a whole fetch, headers and body."""

SILENCE_SECONDS = 2.0
"""Time-out of the connection, and of each read."""

LARGEST_BODY = 65536
"""Largest accepted JWKS in bytes; about a hundred keys."""

_PIECE = 8192


def fetch(url: str, timeout_seconds: float = TIMEOUT_SECONDS) -> Keys:
    """Return the usable keys at an address; JwksError if none exist."""
    silence = min(SILENCE_SECONDS, timeout_seconds)
    with Deadline(time.monotonic() + timeout_seconds) as until:
        try:
            return _keys(url, silence, until)
        except JwksError:
            if not until.has_ended_it:
                raise
    raise JwksError(f"it takes too long: more than {timeout_seconds} s")


def _keys(url: str, silence: float, until: Deadline) -> Keys:
    try:
        with requests.Session() as session:
            session.mount("http://", DeadlineAdapter())
            session.mount("https://", DeadlineAdapter())
            # Neither proxies nor ~/.netrc: nobody else has a say in whose keys these are.
            session.trust_env = False
            session.verify = os.environ.get("REQUESTS_CA_BUNDLE", True)
            body = _fetched(session, url, silence)
    except (requests.RequestException, HTTPError, OSError) as error:
        raise JwksError(f"it cannot be reached: {error}") from error
    if until.has_ended_it:
        raise JwksError("the rest of it is missing")
    return jwks.read(body)


def _fetched(session: requests.Session, url: str, silence: float) -> bytes:
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
        return _body(response)


def _body(response: requests.Response) -> bytes:
    body = b""
    # A piece at a time as it comes, which iter_content does not do: it waits for a full one.
    while piece := response.raw.read1(_PIECE):
        body += piece
        if len(body) > LARGEST_BODY:
            raise JwksError(f"it has more than {LARGEST_BODY} bytes")
    return body
