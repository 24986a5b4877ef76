"""What can go wrong with a call of another service, each with the status that an API answers then.

Nobody needs to catch these: an API answers 502, 503 or 504 by itself, and never passes on another
service's 401 or 500 as its own. Who can do better (sign in again, show what to mend) catches
`RefusedError` and looks at its answer.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from werkzeug.exceptions import HTTPException

RETRY_AFTER_SECONDS = "2"


class UpstreamError(HTTPException):
    """A call of another service failed. `service` is its name in settings.yaml."""

    code = 502
    outcome = "bad"
    sentence = "The service {} does not work as it should."

    def __init__(self, service: str, reason: str) -> None:
        """`reason` is for the log: it may name addresses and is not for callers."""
        super().__init__(self.sentence.format(service))
        self.service = service
        self.reason = reason

    def __str__(self) -> str:
        """Return the whole story, for the log."""
        return f"{self.service}: {self.reason}"


class UnreachableError(UpstreamError):
    """The service cannot be reached, or says that it cannot serve: it may in a moment."""

    code = 503
    outcome = "unreachable"
    sentence = "The service {} cannot be reached. Try again in a moment."

    def get_headers(self, *arguments: Any, **named: Any) -> list[tuple[str, str]]:
        """Return the headers, with the one that says when to try again."""
        return [*super().get_headers(*arguments, **named), ("Retry-After", RETRY_AFTER_SECONDS)]


class LostAnswerError(UnreachableError):
    """The service was asked, and its answer did not come. It may have been done all the same."""

    outcome = "lost"
    sentence = "The answer of the service {} was lost on its way."


class TooSlowError(UpstreamError):
    """The service did not answer in time. What was asked may have been done all the same."""

    code = 504
    outcome = "slow"
    sentence = "The service {} did not answer in time."


class BadAnswerError(UpstreamError):
    """The service answered what nobody can use: an error of its own, a redirect, garbage."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a service answered."""

    service: str
    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """Return the body; BadAnswerError where it is no JSON."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError) as error:
            raise BadAnswerError(self.service, f"the body is no JSON: {error}") from error


class RefusedError(UpstreamError):
    """The service refused this very call, with a 4xx: the same again will not do."""

    outcome = "refused"

    def __init__(self, answer: Answer) -> None:
        """`answer` is what the service said."""
        super().__init__(answer.service, f"refused with {answer.status}")
        self.answer = answer

    @property
    def status(self) -> int:
        """The status that the service answered, 400 to 499."""
        return self.answer.status

    @property
    def errors(self) -> dict[str, str]:
        """What is wrong by field, as the services of the organisation say it; empty otherwise."""
        errors = self._said().get("errors")
        if not isinstance(errors, dict):
            return {}
        return {str(field): str(sentence) for field, sentence in errors.items()}

    @property
    def message(self) -> str:
        """What is wrong as a whole, in the service's words; empty where it has none."""
        message = self._said().get("message")
        return message if isinstance(message, str) else ""

    def _said(self) -> dict[str, Any]:
        try:
            said = self.answer.json()
        except BadAnswerError:
            return {}
        return said if isinstance(said, dict) else {}
