"""The hosts of services' repositories: GitHub and GitLab, on their own sites or self-hosted."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from .. import repositories
from .api import HostError
from .github import GitHub
from .gitlab import GitLab

Host = GitHub | GitLab


@dataclass(frozen=True)
class Hosts:
    """The hosts that requests are opened at. Each gets the token of its own, and no other."""

    known: Sequence[Host]

    @classmethod
    def named(cls, github: str = "", gitlab: str = "") -> "Hosts":
        """Use these addresses; by default those of the job, or the public ones."""
        github = github or os.environ.get("GITHUB_SERVER_URL") or "https://github.com"
        gitlab = gitlab or os.environ.get("CI_SERVER_URL") or "https://gitlab.com"
        return cls([GitHub(github), GitLab(gitlab)])

    def of(self, remote: str) -> tuple[Host, str]:
        """Return the host of a repository, and its path there; HostError if it is unknown."""
        page = urlsplit(repositories.web_address(remote))
        for host in self.known:
            server = urlsplit(host.server)
            is_port_equal = page.port in {None, server.port}
            if page.hostname and page.hostname == server.hostname and is_port_equal:
                return host, page.path.removeprefix(server.path).strip("/")
        where = page.hostname or "a local folder"
        raise HostError(
            f"its remote `origin` is at {where}, which is neither {self.known[0].server} nor "
            f"{self.known[1].server}. Name your own host: --github=https://... or "
            "--gitlab=https://..."
        )
