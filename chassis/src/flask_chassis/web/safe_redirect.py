"""Safe redirects after login: prevents open redirects to other sites."""

import re

from flask import request

HOME = "/"

# A path of this host starts with one slash and not with two. Browsers treat a backslash as a slash,
# and remove tabs and line feeds from a URL.
_PATH = re.compile(r"/(?![/\\])[^\\\x00-\x20\x7f]*")


def safe(path: str | None) -> str:
    """Return `path` if it is a path of this site, else that of the home page."""
    if not path or not _PATH.fullmatch(path) or path.startswith(("/login", "/logout")):
        return HOME
    return path


def asked_for() -> str:
    """Return the path of the current request, to redirect to after the login.

    It includes the query string of a GET request.
    """
    if request.method != "GET":
        return safe(request.path)
    return safe(request.full_path.rstrip("?"))
