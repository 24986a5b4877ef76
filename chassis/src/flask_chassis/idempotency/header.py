"""The headers of idempotent requests, as `draft-ietf-httpapi-idempotency-key-header` names them."""

import re

from flask import request
from werkzeug.exceptions import BadRequest

KEY = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"

LONGEST_KEY = 255
PATTERN = "^[!-~]+$"
"""Visible ASCII characters. The draft's quotes are a part of the key like any other character."""

_KEY = re.compile(rf"[!-~]{{1,{LONGEST_KEY}}}")


def key_of_request(*, required: bool) -> str | None:
    """Return the key of the request, or None without one; raises BadRequest."""
    key = request.headers.get(KEY)
    if key is None:
        if required:
            raise BadRequest(
                f"The header {KEY} is required: send a new UUID with each request, and the same "
                "one again when you repeat it."
            )
        return None
    if not _KEY.fullmatch(key):
        raise BadRequest(
            f"The header {KEY} must have 1 to {LONGEST_KEY} visible ASCII characters and no "
            "spaces: send a UUID, for example."
        )
    return key
