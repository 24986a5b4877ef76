"""A host of git repositories on this machine, which behaves as GitHub and GitLab document theirs.

It serves the repositories of a folder through git's own `http-backend`, and of both APIs what
`fleet.update --propose` calls: GitHub's below /api/v3 and /api/graphql, as GitHub Enterprise Server
does, and GitLab's below /api/v4. It keeps what it was told, as a real one does.
"""

import base64
import json
import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from tests.serving import serving

TOKEN = "planted-token"
"""What the tests look for in all that is printed."""

Answer = tuple[int, Any]
Entry = dict[str, Any]


@dataclass
class CodeHost:
    """The state of the host, which tests look at and change."""

    folder: Path
    address: str = ""
    has_drafts: bool = True
    """Whether the plan allows drafts, which not all of GitHub's do."""
    limits: list[tuple[int, dict[str, str], str]] = field(default_factory=list)
    """What the next calls of an API are answered with: code, headers and message."""
    calls: list[str] = field(default_factory=list)
    """Methods and paths of all calls of an API."""
    entries: dict[str, list[Entry]] = field(default_factory=dict)
    """Pull and merge requests by project: number, head, base, title, body, draft, state, sha."""

    def git(self, project: str, *words: str) -> str:
        """Run git in the repository of a project."""
        folder = self.folder / f"{project}.git"
        done = subprocess.run(["git", *words], cwd=folder, capture_output=True, text=True)
        return done.stdout.strip()

    def open(self, project: str, given: Entry) -> Entry:
        """Add a request."""
        listed = self.entries.setdefault(project, [])
        entry = {"number": len(listed) + 1, "state": "open", "project": project, **given}
        listed.append(entry)
        return entry

    def ends(self, project: str, number: int, state: str) -> None:
        """Merge or close a request: its newest commit is kept."""
        entry = self.entries[project][number - 1]
        entry["sha"] = self.sha(entry)
        entry["state"] = state

    def sha(self, entry: Entry) -> str:
        """Return the newest commit of a request."""
        ref = f"refs/heads/{entry['head']}"
        kept = entry.get("sha", "")
        return str(kept or self.git(entry["project"], "rev-parse", "--verify", "--quiet", ref))

    def call(self, method: str, path: str, query: dict[str, str], given: Entry) -> Answer:
        """Answer a call."""
        for pattern, answer in (
            (r"/api/v3/repos/([^/]+/[^/]+)(?:/(pulls)(?:/(\d+))?)?", self._github),
            (r"/api/v4/projects/([^/]+)(?:/(merge_requests)(?:/(\d+))?)?", self._gitlab),
        ):
            if found := re.fullmatch(pattern, path):
                project = unquote(found[1])
                if not (self.folder / f"{project}.git").is_dir():
                    return 404, {"message": "Not Found"}
                if not found[2]:
                    head = self.git(project, "symbolic-ref", "--short", "HEAD")
                    return 200, {"default_branch": head}
                return answer(method, project, int(found[3] or 0), query, given)
        if path == "/api/graphql":
            assert "convertPullRequestToDraft" in given["query"]
            for entry in (each for listed in self.entries.values() for each in listed):
                if self._pull(entry)["node_id"] == given["variables"]["node"]:
                    entry["draft"] = True
            return 200, {"data": {}}
        return 404, {"message": "Not Found"}

    def _github(
        self, method: str, project: str, number: int, query: dict[str, str], given: Entry
    ) -> Answer:
        listed = self.entries.get(project, [])
        if method == "PATCH":
            # The API does not know `draft` here.
            listed[number - 1].update({key: given[key] for key in ("title", "body")})
            return 200, self._pull(listed[number - 1])
        if method == "GET":
            branch = query["head"].partition(":")[2]
            assert query["head"].partition(":")[0] == project.split("/")[0]
            same = [each for each in listed if each["head"] == branch]
            return 200, [self._pull(each) for each in reversed(same)]
        if given["draft"] and not self.has_drafts:
            return _invalid("Draft pull requests are not supported in this repository.")
        fault = self._fault(project, given["head"], given["base"])
        return _invalid(fault) if fault else (201, self._pull(self.open(project, given)))

    def _gitlab(
        self, method: str, project: str, number: int, query: dict[str, str], given: Entry
    ) -> Answer:
        listed = self.entries.get(project, [])
        if method == "PUT":
            listed[number - 1].update({"title": given["title"], "body": given["description"]})
            return 200, self._merge_request(listed[number - 1])
        if method == "GET":
            same = [each for each in listed if each["head"] == query["source_branch"]]
            return 200, [self._merge_request(each) for each in reversed(same)]
        head, base = given["source_branch"], given["target_branch"]
        fault = self._fault(project, head, base)
        if "already exists" in fault:
            same = [each["number"] for each in listed if each["head"] == head]
            text = f"Another open merge request already exists for this source branch: !{same[-1]}"
            return 409, {"message": [text]}
        if fault:
            return 400, {"error": fault}
        fields = {"head": head, "base": base, "title": given["title"]}
        return 201, self._merge_request(self.open(project, fields | {"body": given["description"]}))

    def _fault(self, project: str, head: str, base: str) -> str:
        is_open = (
            each["head"] == head and each["state"] == "open"
            for each in self.entries.get(project, [])
        )
        if any(is_open):
            return f"A pull request already exists for {head}."
        for name in (head, base):
            if not self.git(project, "rev-parse", "--verify", "--quiet", f"refs/heads/{name}"):
                return f"{name} does not exist"
        return ""

    def _pull(self, entry: Entry) -> Entry:
        is_open, is_merged = entry["state"] == "open", entry["state"] == "merged"
        return {
            "number": entry["number"],
            "node_id": f"{entry['project']}#{entry['number']}",
            "html_url": f"{self.address}/{entry['project']}/pull/{entry['number']}",
            "state": "open" if is_open else "closed",
            "merged_at": "2026-01-01T00:00:00Z" if is_merged else None,
            "head": {"sha": self.sha(entry)},
            "title": entry["title"],
            "body": entry["body"] or None,
            "draft": entry["draft"],
        }

    def _merge_request(self, entry: Entry) -> Entry:
        return {
            "iid": entry["number"],
            "web_url": f"{self.address}/{entry['project']}/-/merge_requests/{entry['number']}",
            "state": "opened" if entry["state"] == "open" else entry["state"],
            "sha": self.sha(entry),
            "title": entry["title"],
            "description": entry["body"],
            "draft": entry["title"].startswith("Draft: "),
        }


def _invalid(text: str) -> Answer:
    return 422, {"message": "Validation Failed", "errors": [{"message": text}]}


class Handler(BaseHTTPRequestHandler):
    """Answers calls of the APIs, and hands the rest to git."""

    host: CodeHost

    def do_GET(self) -> None:
        """Answer a request of any method."""
        path, _, query = self.path.partition("?")
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if not path.startswith("/api/"):
            self._git(path, query, body)
            return
        self.host.calls.append(f"{self.command} {path}")
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            self._json(401, {"message": "Bad credentials"}, {})
        elif self.host.limits:
            code, headers, text = self.host.limits.pop(0)
            self._json(code, {"message": text}, headers)
        else:
            words = dict(parse_qsl(query))
            given = json.loads(body) if body else {}
            self._json(*self.host.call(self.command, path, words, given), {})

    do_PATCH = do_GET  # noqa: N815  (the names are those of http.server)
    do_POST = do_GET  # noqa: N815
    do_PUT = do_GET  # noqa: N815

    def _json(self, code: int, content: Any, headers: dict[str, str]) -> None:
        text = json.dumps(content).encode()
        self.send_response(code)
        for name, value in {**headers, "Content-Length": str(len(text))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text)

    def _git(self, path: str, query: str, body: bytes) -> None:
        known = {f"{user}:{TOKEN}".encode() for user in ("x-access-token", "oauth2")}
        login = self.headers.get("Authorization", "").removeprefix("Basic ")
        if base64.b64decode(login or b"") not in known:
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="git"')
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        variables = {
            "GIT_HTTP_EXPORT_ALL": "1",
            "GIT_PROJECT_ROOT": str(self.host.folder),
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "REMOTE_USER": "somebody",
            "REQUEST_METHOD": self.command,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
        }
        done = subprocess.run(
            ["git", "http-backend"], env=os.environ | variables, input=body, capture_output=True
        )
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().splitlines())
        self.send_response(int(headers.pop("Status", "200").split()[0]))
        for name, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *words: object) -> None:
        """Print nothing."""


@contextmanager
def running(folder: Path) -> Iterator[CodeHost]:
    """Serve the repositories in a folder."""
    host = CodeHost(folder)
    handler = type("HostHandler", (Handler,), {"host": host})
    with serving(ThreadingHTTPServer(("127.0.0.1", 0), handler)) as address:
        host.address = address
        assert urlsplit(address).port
        yield host
