"""Calls the API of a host, one request after another, and waits if the host asks for it."""

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import requests

TIMEOUT_SECONDS = 30

PAUSE_SECONDS = 1.0
"""Between requests that change something, as GitHub asks for."""

WITHOUT_A_TIME = 60
"""Seconds to wait if a host limits requests, and does not say for how long."""

LONGEST_WAIT = 120
"""Seconds. After a longer limit, the task has to be started again."""

ATTEMPTS = 3

LONGEST_TEXT = 60_000
"""The length of a request's text, in characters; GitHub accepts a little more."""


class HostError(Exception):
    """No request can be opened or updated."""


@dataclass(frozen=True)
class Proposal:
    """What a request says."""

    title: str
    text: str
    is_draft: bool


@dataclass(frozen=True)
class Request:
    """A pull request or merge request."""

    number: int
    url: str
    state: str
    """`open`, `merged` or `closed`."""
    commit: str
    """The newest commit of its branch."""
    title: str
    text: str
    is_draft: bool
    node: str = ""
    """The name that GitHub's GraphQL API has for it."""

    def says(self, proposal: Proposal) -> bool:
        """Return whether it needs no update: one that is a draft stays one."""
        is_draft = self.is_draft or not proposal.is_draft
        return is_draft and (self.title, self.text) == (proposal.title, proposal.text)


class Token(requests.auth.AuthBase):
    """Logs in with a token, and not with what `~/.netrc` has."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Add the header, which `requests` removes if it is redirected to another host."""
        request.headers["Authorization"] = f"Bearer {self._text}"
        return request


class Api:
    """The API of one host."""

    def __init__(self, name: str, address: str, variable: str, rights: str) -> None:
        """`variable` has the token, which needs these `rights`."""
        self.name = name
        self.address = address
        self.variable = variable
        self.rights = rights
        self._session = requests.Session()
        self._refused = ""
        self._changed = 0.0

    @property
    def token(self) -> str:
        """The token; HostError if the variable is not set."""
        if found := os.environ.get(self.variable, ""):
            return found
        raise HostError(
            f"{self.variable} is not set. It has the token for {self.name}, which needs "
            f"{self.rights}."
        )

    def require_token(self) -> None:
        """Raise HostError if there is no token."""
        _ = self.token

    def get(self, path: str, **query: str | int) -> Any:
        """Return the body of an answer; HostError if the host refuses the request."""
        return self._body("GET", path, self._call("GET", path, query=query))

    def change(
        self, method: str, path: str, fields: Mapping[str, object], *, unless: int = 0
    ) -> Any:
        """Change something and return the body; None if the host answers with `unless`."""
        time.sleep(max(0.0, self._changed + PAUSE_SECONDS - time.monotonic()))
        answer = self._call(method, path, fields=fields)
        self._changed = time.monotonic()
        return None if answer.status_code == unless else self._body(method, path, answer)

    def _call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str | int] | None = None,
        fields: Mapping[str, object] | None = None,
    ) -> requests.Response:
        if self._refused:
            # A host bans who goes on asking in spite of a limit, or with a wrong token.
            raise HostError(self._refused)
        seconds = 0.0
        for _ in range(ATTEMPTS):
            time.sleep(seconds)
            answer = self._asked(method, path, query or {}, fields)
            if (limit := _limited(answer)) is None:
                return answer
            seconds = limit
            if seconds > LONGEST_WAIT:
                break
        until = (datetime.now(UTC) + timedelta(seconds=seconds)).strftime("%H:%M UTC")
        self._refused = (
            f"{self.name} limits the number of requests until {until}. Start again then: what is "
            "open already is kept."
        )
        raise HostError(self._refused)

    def _asked(
        self,
        method: str,
        path: str,
        query: Mapping[str, str | int],
        fields: Mapping[str, object] | None,
    ) -> requests.Response:
        try:
            return self._session.request(
                method,
                path if "://" in path else f"{self.address}/{path}",
                params=dict(query),
                json=fields,
                headers={"Accept": "application/json"},
                auth=Token(self.token),
                timeout=TIMEOUT_SECONDS,
            )
        except requests.RequestException as error:
            where = f"{self.name} cannot be reached at {self.address}"
            raise HostError(f"{where}: {type(error).__name__}.") from None

    def _body(self, method: str, path: str, answer: requests.Response) -> Any:
        status = answer.status_code
        if answer.ok:
            try:
                return answer.json()
            except ValueError:
                raise HostError(f"{self.name} answers {method} {path} with no JSON.") from None
        said = f"{method} {path}: {status} {self._said(answer)}"
        if status == 401:
            self._refused = f"{self.name} refuses the token in {self.variable}. {said}"
            raise HostError(self._refused)
        hint = ""
        if status in {403, 404}:
            hint = f" The token in {self.variable} needs {self.rights} of this repository."
        raise HostError(f"{self.name}, {said}{hint}")

    def _said(self, answer: requests.Response) -> str:
        """Return what an answer says, in one line."""
        try:
            body = answer.json()
        except ValueError:
            return str(answer.reason)
        known = body if isinstance(body, dict) else {}
        texts = [known.get("message") or known.get("error") or answer.reason]
        texts += [each["message"] for each in known.get("errors", ()) if "message" in each]
        return " ".join(str(text) for text in texts).replace(self.token, "***")[:500]


def _limited(answer: requests.Response) -> float | None:
    """Return for how many seconds a host answers no requests; None if it does."""
    if answer.status_code not in {403, 429}:
        return None
    headers = answer.headers
    if (after := headers.get("Retry-After", "")).isdigit():
        return float(after)
    if headers.get("X-RateLimit-Remaining", headers.get("RateLimit-Remaining")) == "0":
        reset = headers.get("X-RateLimit-Reset", headers.get("RateLimit-Reset", ""))
        return max(1.0, float(reset) - time.time()) if reset.isdigit() else WITHOUT_A_TIME
    is_limit = answer.status_code == 429 or "rate limit" in answer.text.lower()
    return WITHOUT_A_TIME if is_limit else None
