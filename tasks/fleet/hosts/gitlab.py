"""Merge requests of GitLab."""

from typing import Any
from urllib.parse import quote

from .api import Api, Proposal, Request

DRAFT = "Draft: "
"""What the title of a draft begins with."""


class GitLab:
    """Version 4 of the REST API."""

    user = "oauth2"
    """The user that git logs in as with a token."""

    def __init__(self, server: str) -> None:
        """`server` is https://gitlab.com, or the address of another one."""
        self.server = server.rstrip("/")
        rights = "the role Developer and the scopes api and write_repository"
        self.api = Api("GitLab", f"{self.server}/api/v4", "GITLAB_TOKEN", rights)

    def main_branch(self, project: str) -> str:
        """Return the name of a project's default branch."""
        return str(self.api.get(_path(project))["default_branch"])

    def requests(self, project: str, branch: str) -> list[Request]:
        """Return the merge requests of a branch, open or not, the newest first."""
        query: dict[str, str | int] = {"source_branch": branch, "state": "all", "per_page": 100}
        return [
            _request(each) for each in self.api.get(f"{_path(project)}/merge_requests", **query)
        ]

    def open(self, project: str, branch: str, base: str, proposal: Proposal) -> Request | None:
        """Open a merge request; None if there is one."""
        fields = {
            "source_branch": branch,
            "target_branch": base,
            "title": _title(proposal.title, proposal.is_draft),
            "description": proposal.text,
            "remove_source_branch": True,
        }
        found = self.api.change("POST", f"{_path(project)}/merge_requests", fields, unless=409)
        return None if found is None else _request(found)

    def update(self, project: str, request: Request, proposal: Proposal) -> Request:
        """Replace title and text. What is a draft stays one."""
        title = _title(proposal.title, proposal.is_draft or request.is_draft)
        path = f"{_path(project)}/merge_requests/{request.number}"
        fields = {"title": title, "description": proposal.text}
        return _request(self.api.change("PUT", path, fields))


def _title(title: str, is_draft: bool) -> str:
    return f"{DRAFT}{title}" if is_draft else title


def _path(project: str) -> str:
    return f"projects/{quote(project, safe='')}"


def _request(found: dict[str, Any]) -> Request:
    state = {"opened": "open", "locked": "open"}.get(found["state"], found["state"])
    return Request(
        found["iid"],
        found["web_url"],
        state,
        found["sha"],
        found["title"].removeprefix(DRAFT) if found["draft"] else found["title"],
        found["description"] or "",
        found["draft"],
    )
