"""Gives git the credentials for a private template, from the environment of a pipeline."""

import os
from urllib.parse import urlsplit

TOKEN = "TEMPLATE_TOKEN"  # noqa: S105 - the name of a variable
USER = "TEMPLATE_USER"

_HELPER = (
    f'!f() {{ test "$1" = get && printf "username=%s\\npassword=%s\\n"'
    f' "${{{USER}:-x-access-token}}" "${TOKEN}"; }}; f'
)
"""Reads the variables itself: a token in an argument could be listed by all users of a machine."""

_REFUSED = ("could not read Username", "Authentication failed", "Repository not found", " 403")


def options(address: str) -> tuple[str, ...]:
    """Return options that give git the token, for the template's own host and no other."""
    parts = urlsplit(address)
    if parts.scheme != "https" and parts.hostname not in {"localhost", "127.0.0.1"}:
        return ()
    if not os.environ.get(TOKEN):
        return ()
    host = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
    # An empty one forgets the helpers that are configured for all hosts.
    key = f"credential.{host}.helper"
    return ("-c", f"{key}=", "-c", f"{key}={_HELPER}")


def advice(said: str) -> str:
    """Return what to do if a host has asked for credentials or refused them."""
    if not any(each in said for each in _REFUSED):
        return ""
    return (
        f"\nA private template needs credentials: in {TOKEN}, and {USER} if the host wants a user "
        "with it, or from git's own credential helper."
    )
