"""The committed OpenAPI document, `openapi.json` in the root of a service's repository.

It makes each change of the API visible in a review. The task `api.document` writes it, a guard of
the tests compares it with the code, and `api.diff` compares it with that of the last release.
"""

import json
from copy import deepcopy
from typing import Any

from flask import Flask

FILE = "openapi.json"
"""The name of the file."""


def document_of(app: Flask) -> dict[str, Any] | None:
    """Return the document without what depends on the environment; None without an API.

    That is the address of the service, and the address of the issuer in the help about tokens.
    """
    served = app.extensions.get("openapi")
    if served is None:
        return None
    document: dict[str, Any] = deepcopy(served.content)
    for scheme in document["components"]["securitySchemes"].values():
        scheme.pop("description", None)
    return document


def text_of(document: dict[str, Any]) -> str:
    """Return the text of the file: the same for the same document, whatever its keys' order."""
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def difference(old: Any, new: Any, place: str = "") -> str:
    """Return where two documents differ first, as `paths./api/bills/.get`; empty if nowhere."""
    if old == new:
        return ""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted({*old, *new}):
            if found := difference(old.get(key), new.get(key), f"{place}.{key}" if place else key):
                return found
    return place or "the whole file"
