"""Where to go after signing in: a page of this site, and of no other, whatever the address says."""

import re

from flask import request

HOME = "/"

# What browsers take for a path of this host: one slash, then no second one. They read a backslash
# as a slash, and leave out tabs and line feeds before they look.
_PATH = re.compile(r"/(?![/\\])[^\\\x00-\x20\x7f]*")


def safe(path: str | None) -> str:
    """Return a path of this site, or the home page for anything else."""
    if not path or not _PATH.fullmatch(path) or path.startswith(("/login", "/logout")):
        return HOME
    return path


def asked_for() -> str:
    """Return the page that the request is for, to come back to."""
    if request.method != "GET":
        return safe(request.path)
    return safe(request.full_path.rstrip("?"))
