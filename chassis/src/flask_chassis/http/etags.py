"""Optimistic locking: compares `If-Match` with the revision of what a request changes."""

from flask import request
from werkzeug.exceptions import PreconditionFailed, PreconditionRequired


def require_match(revision: object, *, optional: bool = False) -> None:
    """Raise 412 unless the request's `If-Match` has the revision, or is `*`.

    Without `If-Match`, raises 428, or does nothing if it is `optional`. `responses.ok(…,
    etag=revision)` tells the revision to callers.
    """
    if "If-Match" not in request.headers:
        if optional:
            return
        raise PreconditionRequired(
            "Send the ETag of the version that you want to change in the header If-Match."
        )
    # Proxies that compress a response make its ETag a weak one; it is the same revision.
    if not request.if_match.contains_weak(str(revision)):
        raise PreconditionFailed(
            "It was changed in the meantime: get it again, then repeat your change with its ETag."
        )
