"""Reads and writes `.cruft.json`: the template, its commit, and the answers."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from .faults import UpdateError

FILE = ".cruft.json"

HOW_TO_LINK = "Link the service with the task template.adopt."


@dataclass(frozen=True)
class Record:
    """The content of `.cruft.json`."""

    template: str
    commit: str
    answers: Mapping[str, Any]
    """The recorded answers, without private ones, which the template computes."""
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
        answers = {key: value for key, value in context.items() if not key.startswith("_")}
        known = ("template", "commit", "checkout", "context")
        more = {key: value for key, value in found.items() if key not in known}
        return Record(str(found["template"]), str(found["commit"]), answers, more)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UpdateError(
            f"{FILE} cannot be read ({error!r}). Restore it from git's history."
        ) from None


def is_local(address: str) -> bool:
    """Return whether an address is a local folder, which nobody else can reach."""
    scheme = urlsplit(address).scheme
    if scheme == "file" or (len(scheme) == 1 and address[1:2] == ":"):
        return True
    is_remote = scheme or ("@" in address and ":" in address)
    return not is_remote or Path(address).exists()


def without_secrets(address: str) -> str:
    """Return an address without credentials.

    The user name of an SSH address, as in `ssh://git@...`, is a part of the address and is kept.
    """
    parts = urlsplit(address)
    user, at, host = parts.netloc.rpartition("@")
    name = "" if parts.scheme in {"http", "https"} else user.partition(":")[0]
    return parts._replace(netloc=f"{name}{at if name else ''}{host}").geturl() if at else address
