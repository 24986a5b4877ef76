"""Reads and writes `.cruft.json`: the template, its commit, and the answers.

Recorded answers are data: nothing in them is rendered. `cruft` itself renders what it finds in the
file, so that a brace is written there as the expression for a brace, and read as a brace.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from .addresses import without_login
from .faults import UpdateError

FILE = ".cruft.json"

BRACE = "{{ '{' }}"
"""What stands for `{` in the file. Each expression, block and comment of Jinja begins with one."""

HASH = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")

HOW_TO_LINK = "Link the service: template.adopt --template=https://..."

HOW_TO_LINK_AGAIN = (
    f"remove the record (git rm {FILE}), commit that, and link the service again: "
    "template.adopt --template=https://..."
)

HOW_TO_NAME = (
    "Name the release that the service was rendered from: template.update --since=RELEASE. "
    "This update records it."
)
"""The way out if the recorded commit cannot be used."""


@dataclass(frozen=True)
class Record:
    """The content of `.cruft.json`."""

    template: str
    commit: str
    answers: Mapping[str, Any]
    """The answers as they were given, without private ones, which the template computes."""
    more: Mapping[str, Any]
    """Other keys, which are kept."""

    def text(self, commit: str, checkout: str | None, context: Mapping[str, Any]) -> str:
        """Return the text of a record of another commit."""
        content = {
            "template": self.template,
            "commit": commit,
            "checkout": checkout,
            "context": context,
            **self.more,
        }
        return formatted(content)


def formatted(content: Mapping[str, Any]) -> str:
    """Return a record in cruft's format."""
    return json.dumps(content, ensure_ascii=False, indent=2, separators=(",", ": ")) + "\n"


def read(text: str | bytes | None) -> Record:
    """Read a record; UpdateError if it is missing or not valid."""
    if text is None:
        raise UpdateError(f"The service has no {FILE}, so its template is unknown. {HOW_TO_LINK}")
    try:
        found = json.loads(text)
        context = found["context"]["cookiecutter"]
        answers = {
            key: _plain(key, value) for key, value in context.items() if not key.startswith("_")
        }
        known = ("template", "commit", "checkout", "context")
        more = {key: value for key, value in found.items() if key not in known}
        return Record(str(found["template"]), str(found["commit"]), answers, more)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise UpdateError(
            f"{FILE} cannot be read ({error!r}). Restore it from git's history and commit it; if "
            f"no commit has a good one, {HOW_TO_LINK_AGAIN}"
        ) from None


def require_hash(commit: str) -> None:
    """Raise UpdateError if what a record names as its commit is not a full commit hash."""
    if not HASH.fullmatch(commit):
        raise UpdateError(
            f"{commit[:60]!r}, the commit in {FILE}, is not a commit: a full hash is needed. "
            f"{HOW_TO_NAME}"
        )


def escaped(context: Mapping[str, Any]) -> dict[str, Any]:
    """Return all answers in the form that the file has them in; private ones stay as they are."""
    return {
        key: value.replace("{", BRACE)
        if isinstance(value, str) and not key.startswith("_")
        else value
        for key, value in context.items()
    }


def _plain(question: str, value: object) -> object:
    """Return an answer as it was given. Cookiecutter would also render what lists contain."""
    if isinstance(value, str):
        return value.replace(BRACE, "{")
    if isinstance(value, bool | int | float):
        return value
    raise UpdateError(
        f"The answer {question} in {FILE} is {json.dumps(value)[:60]}, but an answer is a text, a "
        "number or a boolean. Correct it, and commit the file."
    )


def is_local(address: str) -> bool:
    """Return whether an address is a local folder, which nobody else can reach."""
    scheme = urlsplit(address).scheme
    if scheme == "file" or (len(scheme) == 1 and address[1:2] == ":"):
        return True
    is_remote = scheme or ("@" in address and ":" in address)
    return not is_remote or Path(address).exists()


def without_secrets(address: str) -> str:
    """Return an address without credentials, as `addresses.without_login` does."""
    return without_login(address)
