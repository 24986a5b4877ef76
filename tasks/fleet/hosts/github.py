"""Pull requests of GitHub, or of GitHub Enterprise Server."""

from typing import Any

from .api import Api, HostError, Proposal, Request

PUBLIC = "https://github.com"

TO_DRAFT = """\
mutation($node: ID!) {
  convertPullRequestToDraft(input: {pullRequestId: $node}) { pullRequest { isDraft } }
}"""


class GitHub:
    """The REST API, and GraphQL for what only that has: turning a request into a draft."""

    user = "x-access-token"
    """The user that git logs in as with a token."""

    def __init__(self, server: str) -> None:
        """`server` is https://github.com, or the address of GitHub Enterprise Server."""
        self.server = server.rstrip("/")
        is_public = self.server == PUBLIC
        address = "https://api.github.com" if is_public else f"{self.server}/api/v3"
        graph = "https://api.github.com" if is_public else f"{self.server}/api"
        self._graph = f"{graph}/graphql"
        rights = "read and write access to contents and pull requests"
        self.api = Api("GitHub", address, "GITHUB_TOKEN", rights)

    def main_branch(self, project: str) -> str:
        """Return the name of a repository's default branch."""
        return str(self.api.get(f"repos/{project}")["default_branch"])

    def requests(self, project: str, branch: str) -> list[Request]:
        """Return the pull requests of a branch, open or not, the newest first."""
        owner = project.split("/")[0]
        query: dict[str, str | int] = {"head": f"{owner}:{branch}", "state": "all", "per_page": 100}
        return [_request(found) for found in self.api.get(f"repos/{project}/pulls", **query)]

    def open(self, project: str, branch: str, base: str, proposal: Proposal) -> Request | None:
        """Open a pull request; None if there is one."""
        fields = {
            "title": proposal.title,
            "body": proposal.text,
            "head": branch,
            "base": base,
            "draft": proposal.is_draft,
        }
        path = f"repos/{project}/pulls"
        found = self.api.change("POST", path, fields, unless=422)
        if found is None and not self._is_open(project, branch):
            # Plans without drafts refuse them. The title says that there are conflicts.
            found = self.api.change("POST", path, fields | {"draft": False})
        return None if found is None else _request(found)

    def update(self, project: str, request: Request, proposal: Proposal) -> Request:
        """Replace title and text. What is a draft stays one."""
        fields = {"title": proposal.title, "body": proposal.text}
        found = self.api.change("PATCH", f"repos/{project}/pulls/{request.number}", fields)
        if proposal.is_draft and not request.is_draft:
            given = {"query": TO_DRAFT, "variables": {"node": request.node}}
            done = self.api.change("POST", self._graph, given)
            if errors := done.get("errors"):
                raise HostError(
                    f"GitHub, {request.url} was not made a draft: {errors[0]['message']}"
                )
        return _request(found)

    def _is_open(self, project: str, branch: str) -> bool:
        return any(each.state == "open" for each in self.requests(project, branch))


def _request(found: dict[str, Any]) -> Request:
    state = "merged" if found.get("merged_at") else str(found["state"])
    return Request(
        found["number"],
        found["html_url"],
        state,
        found["head"]["sha"],
        found["title"],
        # GitHub keeps the ends of lines of a browser.
        (found["body"] or "").replace("\r\n", "\n"),
        found["draft"],
        found["node_id"],
    )
