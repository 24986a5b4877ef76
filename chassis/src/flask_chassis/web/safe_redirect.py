"""Safe redirects after login: prevents open redirects to other sites."""

import re

from flask import has_request_context, request

# A path of this host starts with one slash and not with two. Browsers treat a backslash as a slash,
# and remove tabs and line feeds from a URL.
_PATH = re.compile(r"/(?![/\\])[^\\\x00-\x20\x7f]*")


def safe(path: str | None) -> str:
    """Return `path` if it is a path of this site, else that of the home page.

    Behind a proxy that takes a prefix away, the site is what is below the prefix.
    """
    root = request.script_root if has_request_context() else ""
    is_here = path and _PATH.fullmatch(path) and path.startswith(f"{root}/")
    if not path or not is_here or path.startswith((f"{root}/login", f"{root}/logout")):
        return f"{root}/"
    return path


def asked_for() -> str:
    """Return the path of the current request, to redirect to after the login.

    It includes the query string of a GET request.
    """
    if request.method != "GET":
        return safe(request.script_root + request.path)
    return safe(address_of_request())


def address_of_request() -> str:
    """Return the path of the current request as the browser has it, with its query string."""
    return request.script_root + request.full_path.rstrip("?")
