"""Safe redirects after login: prevents open redirects to other sites."""

import re
from urllib.parse import quote

from flask import has_request_context, request

# A path of this host starts with one slash and not with two. Browsers treat a backslash as a slash,
# and remove tabs and line feeds from a URL.
_PATH = re.compile(r"/(?![/\\])[^\\\x00-\x20\x7f]*")

LONGEST = 1000
"""In characters as they are encoded. A proxy reads 4 or 8 KiB of all headers of a response, and
`Location` has the address of a page encoded once more, as `next` of the login."""


def safe(path: str | None) -> str:
    """Return `path` if it is a path of this site and not too long, else that of the home page.

    Behind a proxy that takes a prefix away, the site is what is below the prefix.
    """
    root = request.script_root if has_request_context() else ""
    is_here = (
        path
        and len(quote(path)) <= LONGEST
        and _PATH.fullmatch(path)
        and path.startswith(f"{root}/")
    )
    if not path or not is_here or path.startswith((f"{root}/login", f"{root}/logout")):
        return f"{root}/"
    return path


def asked_for() -> str:
    """Return the path of the current request, to redirect to after the login.

    It includes the query string of a GET request, unless that makes it too long.
    """
    path = request.script_root + request.path
    address = address_of_request() if request.method == "GET" else path
    return safe(address if len(quote(address)) <= LONGEST else path)


def address_of_request() -> str:
    """Return the path of the current request as the browser has it, with its query string."""
    return request.script_root + request.full_path.rstrip("?")
