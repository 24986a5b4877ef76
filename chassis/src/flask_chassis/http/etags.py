"""Optimistic locking: compares `If-Match` with the revision of what a request reads or changes."""

import re

from flask import request
from werkzeug.exceptions import BadRequest, PreconditionFailed, PreconditionRequired

_TAG = r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]+"'
_LIST = re.compile(rf"[ \t,]*{_TAG}(?:[ \t]*,(?:[ \t]*{_TAG})?)*[ \t]*|[ \t]*\*[ \t]*")
"""RFC 9110, 13.1.1, except for the empty ETag, which nothing has."""


def require_match(revision: object, *, optional: bool = False) -> None:
    """Raise 412 unless the request's `If-Match` has the revision, or is `*`.

    Without `If-Match`, raises 428, or does nothing if it is `optional`. Raises 400 for a header
    that is not a list of ETags. `responses.ok(…, etag=revision)` tells the revision to callers.

    `*` is for callers that change what is there, whatever it is. A model with `version_id_col`
    still answers 412 if another transaction changes the row between the read and the write.

    Raises 412, too, if `If-None-Match` has the revision, or is `*`: RFC 9110, 13.1.2.
    """
    unwanted = request.if_none_match
    if unwanted.star_tag or unwanted.contains_weak(str(revision)):
        raise PreconditionFailed("If-None-Match has the ETag of the present version.")
    if "If-Match" not in request.headers:
        if optional:
            return
        raise PreconditionRequired(
            "Send the ETag of the version that you want to change in the header If-Match."
        )
    if not is_matched(revision):
        raise PreconditionFailed(
            "It was changed in the meantime: get it again, then repeat your change with its ETag."
        )


def is_matched(revision: object) -> bool:
    """Return whether the request has no `If-Match`, or one that has the revision; raises 400."""
    sent = request.headers.get("If-Match")
    if sent is None:
        return True
    if not _LIST.fullmatch(sent):
        raise BadRequest(
            "The header If-Match is not a list of ETags: send the header ETag of the version that "
            'you have seen as it is, with its quotes, such as "5".'
        )
    if sent.strip() == "*":
        return True
    # Proxies that compress a response make its ETag a weak one; it is the same revision.
    return request.if_match.contains_weak(str(revision))
