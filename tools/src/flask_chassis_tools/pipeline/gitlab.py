"""Calls the API of GitLab from one of its jobs, which has the addresses in predefined variables."""

import json
import os
from collections.abc import Mapping
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlencode
from urllib.request import Request, urlopen

from invoke import Exit

TOKEN = "TEMPLATE_UPDATE_TOKEN"  # noqa: S105 - the variable's name
"""A token of the project that may push branches and open merge requests (write_repository, api)."""

TIMEOUT_SECONDS = 30


def is_here() -> bool:
    """Return whether this is a job of GitLab CI."""
    return "GITLAB_CI" in os.environ


def publish_release(tag: str, text: str) -> str:
    """Create the release of a tag, or replace its text; the job's own token may do that."""
    login = {"JOB-TOKEN": os.environ["CI_JOB_TOKEN"]}
    status, answer = _call("GET", f"releases/{quote(tag, safe='')}", login)
    if status == 200:
        path, method = f"releases/{quote(tag, safe='')}", "PUT"
    else:
        path, method = "releases", "POST"
    fields = {"tag_name": tag, "name": tag, "description": text}
    status, answer = _call(method, path, login, fields)
    _require(status in (200, 201), f"{method} {path}", status, answer)
    return f"Released: {answer['_links']['self']}"


def require_token() -> None:
    """Exit if there is no token to push with: what the job's own token pushes starts nothing."""
    if not os.environ.get(TOKEN):
        raise Exit(
            f"Set {TOKEN}: a project access token with the role Developer and the scopes api and "
            "write_repository, as a protected and masked variable of the environment pipeline.",
            1,
        )


def remote() -> str:
    """Return the address of the project's repository, without the job's login."""
    return f"{os.environ['CI_PROJECT_URL']}.git"


def propose(branch: str, title: str, text: str, is_draft: bool) -> str:
    """Open the merge request of a branch, or update the one that is open; return its URL."""
    login = {"PRIVATE-TOKEN": os.environ[TOKEN]}
    query = urlencode({"state": "opened", "source_branch": branch})
    status, known = _call("GET", f"merge_requests?{query}", login)
    _require(status == 200, "GET merge_requests", status, known)
    fields = {"title": f"Draft: {title}" if is_draft else title, "description": text}
    if known:
        method, path = "PUT", f"merge_requests/{known[0]['iid']}"
    else:
        method, path = "POST", "merge_requests"
        fields |= {"source_branch": branch, "target_branch": os.environ["CI_DEFAULT_BRANCH"]}
        fields |= {"remove_source_branch": "true"}
    status, answer = _call(method, path, login, fields)
    _require(status in (200, 201), f"{method} {path}", status, answer)
    return str(answer["web_url"])


def _call(
    method: str, path: str, login: Mapping[str, str], fields: Mapping[str, str] | None = None
) -> tuple[int, Any]:
    """Return the status and body of the project's API; Exit if GitLab cannot be reached."""
    url = f"{os.environ['CI_API_V4_URL']}/projects/{os.environ['CI_PROJECT_ID']}/{path}"
    body = json.dumps(fields).encode() if fields else None
    headers = {"Content-Type": "application/json", **login}
    request = Request(url, body, headers, method=method)  # noqa: S310 - the server's own address
    try:
        with urlopen(request, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310 - as above
            return answer.status, json.load(answer)
    except HTTPError as error:
        return error.code, error.read().decode("utf-8", "replace")
    except (URLError, TimeoutError) as error:
        reason = getattr(error, "reason", error)
        raise Exit(f"GitLab, {method} {path}: {reason}", 1) from None


def _require(holds: bool, what: str, status: int, answer: Any) -> None:
    if not holds:
        raise Exit(f"GitLab, {what}: {status} {answer}", 1)
