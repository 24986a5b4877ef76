"""A server that answers as GitLab's API does, as its documentation describes it."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

PROJECT = "/api/v4/projects/42"
BY_PATH = "/api/v4/projects/acme%2Fplanted"
RUNNERS = "/api/v4/runners/"

JOB_TOKEN = "of-the-job"
TOKEN = "of-the-project"


@dataclass
class GitLab:
    """What the server has."""

    url: str = ""
    releases: dict[str, Any] = field(default_factory=dict)
    merge_requests: list[dict[str, Any]] = field(default_factory=list)
    pipelines: list[dict[str, Any]] = field(default_factory=list)
    settings: dict[str, Any] = field(default_factory=dict)
    """What a person is told: the project under an empty name, lists, and runners by number."""

    def answer(self, method: str, path: str, login: dict[str, str], body: Any) -> tuple[int, Any]:
        """Return the status and body of an answer."""
        if path.startswith((BY_PATH, RUNNERS)):
            return self._answer_person(method, path, login, body)
        kind, _, name = urlsplit(path).path.removeprefix(f"{PROJECT}/").partition("/")
        token = {"releases": ("job-token", JOB_TOKEN), "merge_requests": ("private-token", TOKEN)}
        header, secret = token[kind]
        if login.get(header) != secret:
            return 401, {"message": "401 Unauthorized"}
        if kind == "releases":
            return self._release(method, name, body)
        query = parse_qs(urlsplit(path).query)
        return self._merge_request(method, name, query, body)

    def _answer_person(
        self, method: str, path: str, login: dict[str, str], body: Any
    ) -> tuple[int, Any]:
        if login.get("private-token") != TOKEN:
            return 401, {"message": "401 Unauthorized"}
        parts = urlsplit(path)
        if method == "POST" and parts.path == f"{BY_PATH}/pipeline":
            self.pipelines.append(body)
            return 201, {"web_url": f"{self.url}/pipelines/{len(self.pipelines)}"}
        name = parts.path.removeprefix(BY_PATH).removeprefix("/api/v4").removeprefix("/")
        if name not in self.settings:
            return 404, {"message": "404 Not Found"}
        found, query = self.settings[name], parse_qs(parts.query)
        if "page" in query:
            size = int(query["per_page"][0])
            start = (int(query["page"][0]) - 1) * size
            found = found[start : start + size]
        return 200, found

    def _release(self, method: str, name: str, body: Any) -> tuple[int, Any]:
        if method == "GET":
            return (200, self.releases[name]) if name in self.releases else (404, {})
        if method == "POST" and body["tag_name"] in self.releases:
            return 409, {"message": "Release already exists"}
        tag = body["tag_name"] if method == "POST" else name
        self.releases[tag] = {"description": body["description"], "_links": {"self": f"/{tag}"}}
        return (201 if method == "POST" else 200), self.releases[tag]

    def _merge_request(
        self, method: str, name: str, query: dict[str, list[str]], body: Any
    ) -> tuple[int, Any]:
        if method == "GET":
            branch, state = query["source_branch"][0], query["state"][0]
            return 200, [
                each
                for each in self.merge_requests
                if (each["source_branch"], each["state"]) == (branch, state)
            ]
        if method == "PUT":
            [found] = [each for each in self.merge_requests if str(each["iid"]) == name]
            found.update(body)
            return 200, found
        number = len(self.merge_requests) + 1
        made = {"iid": number, "state": "opened", "web_url": f"{self.url}/{number}", **body}
        self.merge_requests.append(made)
        return 201, made


@contextmanager
def running() -> Iterator[GitLab]:
    """Run the server."""
    gitlab = GitLab()

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            body = json.loads(self.rfile.read(length)) if length else None
            login = {key.lower(): value for key, value in self.headers.items()}
            status, answer = gitlab.answer(self.command, self.path, login, body)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(answer).encode())

        do_GET = do_POST = do_PUT = _answer  # noqa: N815 - their names

        def log_message(self, format: str, *args: object) -> None:
            """Log nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        gitlab.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield gitlab
        server.shutdown()
        thread.join()
