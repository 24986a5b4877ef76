"""Calls the API of GitLab: from one of its jobs, or from a terminal."""

import json
import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlencode
from urllib.request import Request, urlopen

from flask_chassis import project as checkout
from invoke import Exit

TOKEN = "TEMPLATE_UPDATE_TOKEN"  # noqa: S105 - the variable's name
"""A token of the project that may push branches and open merge requests (write_repository, api)."""

TOKEN_OF_PERSON = "GITLAB_TOKEN"  # noqa: S105 - the variable's name

TIMEOUT_SECONDS = 30

PAGE = 100
"""The most that GitLab lists in one answer."""

REMOTE = re.compile(
    r"(?P<scheme>https?)://(?:[^/@]*@)?(?P<host>[^/]+)/(?P<path>.+?)(?:\.git)?/?"
    r"|ssh://(?:[^/@]*@)?(?P<ssh>[^/:]+)(?::\d+)?/(?P<ssh_path>.+?)(?:\.git)?/?"
    r"|(?:[\w.-]+@)?(?P<scp>[\w.-]+):(?P<scp_path>[^/].*?)(?:\.git)?/?"
)
"""An address of a project: https://host/path.git, ssh://git@host/path.git, git@host:path.git."""


@dataclass(frozen=True)
class Project:
    """A project's API, with the login of a person."""

    server: str
    id: str
    token: str

    def get(self, path: str) -> Any:
        """Return an answer; Exit if it is 404, or the token has no access."""
        found = self.find(path)
        if found is None:
            raise Exit(f"GitLab, {self._url(path)}: not found, or no access with this token.", 1)
        return found

    def find(self, path: str) -> Any:
        """Return an answer; None if there is no such object, or no such feature."""
        status, answer = self._call("GET", path)
        if status == 404:
            return None
        _require(status == 200, f"GET {path}", status, answer)
        return answer

    def all(self, path: str) -> list[Any]:
        """Return all of a list."""
        found: list[Any] = []
        while len(found) % PAGE == 0:
            page = len(found) // PAGE + 1
            more = self.get(f"{path}?{urlencode({'per_page': PAGE, 'page': page})}")
            if not more:
                break
            found += more
        return found

    def runner(self, number: int) -> Any:
        """Return what is known of a runner."""
        status, answer = _send("GET", f"{self.server}/runners/{number}", self._login)
        _require(status == 200, f"GET runners/{number}", status, answer)
        return answer

    def start(self, ref: str, inputs: Mapping[str, str]) -> Any:
        """Start a pipeline of a branch or tag with inputs."""
        status, answer = self._call("POST", "pipeline", {"ref": ref, "inputs": inputs})
        _require(status == 201, "POST pipeline", status, answer)
        return answer

    @property
    def _login(self) -> dict[str, str]:
        return {"PRIVATE-TOKEN": self.token}

    def _url(self, path: str) -> str:
        return f"{self.server}/projects/{self.id}{'/' if path else ''}{path}"

    def _call(self, method: str, path: str, fields: Any = None) -> tuple[int, Any]:
        return _send(method, self._url(path), self._login, fields)


def of_person() -> Project:
    """Return the project that the remote `origin` leads to; Exit without a token for it."""
    token = os.environ.get(TOKEN_OF_PERSON)
    if not token:
        raise Exit(
            f"Set {TOKEN_OF_PERSON}: a personal access token, with the scope read_api to check, "
            "and api to start a pipeline.",
            1,
        )
    done = subprocess.run(
        ["git", "remote", "get-url", "origin"],
        cwd=checkout.working_folder(),
        capture_output=True,
        text=True,
    )
    found = REMOTE.fullmatch(done.stdout.strip())
    if not found:
        raise Exit("The remote `origin` is not an address of a project on GitLab.", 1)
    host = found["host"] or found["ssh"] or found["scp"]
    path = found["path"] or found["ssh_path"] or found["scp_path"]
    return Project(f"{found['scheme'] or 'https'}://{host}/api/v4", quote(path, safe=""), token)


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
    return _send(method, url, login, fields)


def _send(method: str, url: str, login: Mapping[str, str], fields: Any = None) -> tuple[int, Any]:
    """Return the status and body of an answer; Exit if GitLab cannot be reached."""
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
        path = url.partition("/projects/")[2].partition("/")[2]
        raise Exit(f"GitLab, {method} {path}: {reason}", 1) from None


def _require(holds: bool, what: str, status: int, answer: Any) -> None:
    if not holds:
        raise Exit(f"GitLab, {what}: {status} {answer}", 1)
