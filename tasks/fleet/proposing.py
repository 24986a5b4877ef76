"""Pushes prepared updates, and opens or updates their pull requests and merge requests.

One service after another, as the hosts ask for. Everything is asked of the host first, so that it
can be run again: what is open is updated, and what somebody has merged or closed stays so.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ..engine import engine
from . import progress
from .hosts import Host, Hosts
from .hosts.api import LONGEST_TEXT, HostError, Proposal, Request
from .updating import Result

addresses: Any = engine("addresses")
branches: Any = engine("branches")
faults: Any = engine("faults")
git: Any = engine("git")
unresolved: Any = engine("unresolved")

DONE = ("opened", "updated", "unchanged", "merged", "closed", "worked on")
"""What can come of a request: `merged`, `closed` and `worked on` were done by somebody else."""

Refs = Mapping[str, str]
"""Commits of the remote repository by the names of the references."""


@dataclass(frozen=True)
class Clone:
    """A service's clone, with an update on a branch."""

    service: Path
    branch: str
    remote: str
    login: tuple[str, ...]
    """Options that give git the token."""

    @property
    def ref(self) -> str:
        """The branch's full name."""
        return f"refs/heads/{self.branch}"

    def ask(self, *words: str) -> str:
        """Run git, and return its output."""
        return str(git.ask(self.service, *words))

    def there(self, *refs: str) -> Refs:
        """Return the commits that references have at the remote."""
        listed = self.ask(*self.login, "ls-remote", "--refs", "--", self.remote, *refs)
        pairs = (line.split("\t", 1) for line in listed.splitlines())
        return {name: commit for commit, name in pairs}

    def fetch(self, ref: str) -> None:
        """Fetch a reference of the remote, as FETCH_HEAD."""
        words = ("fetch", "--quiet", "--no-tags", "--no-recurse-submodules", "--")
        self.ask(*self.login, *words, self.remote, ref)

    def has(self, commit: str) -> bool:
        """Return whether a commit is here."""
        return not git.tries(self.service, "cat-file", "-e", commit).returncode

    def contains(self, commit: str, other: str) -> bool:
        """Return whether a commit has another commit in its history."""
        words = ("merge-base", "--is-ancestor", other, commit)
        return not git.tries(self.service, *words).returncode


def propose_all(
    results: Iterable[Result], hosts: Hosts, tell: Callable[[str], None] = print
) -> None:
    """Propose all updates that are on branches, and write into each result what came of it."""
    found = [each for each in results if each.branch]
    for result in progress.shown("Requests", found, len(found)):
        try:
            result.request, result.link = propose(Path(result.path), result.branch, hosts)
        except (HostError, faults.UpdateError) as error:
            result.request, result.link = "failed", ""
            result.left.append(f"No request: {addresses.without_logins(str(error))}")
        except Exception as error:  # noqa: BLE001  (one failure stops no other)
            result.request, result.link = "failed", ""
            result.left.append(f"No request: {addresses.without_logins(repr(error))}")
        tell(f"{result.name}: {' '.join(filter(None, [result.request, result.link]))}")


def propose(service: Path, branch: str, hosts: Hosts) -> tuple[str, str]:
    """Push a branch and open its request, or update it; return what was done, and its link."""
    remote = git.ask(service, "config", "--default=", "--get", "remote.origin.url")
    host, project = hosts.of(remote)
    clone = Clone(service, branch, remote, _login(host, remote))
    tip = clone.ask("rev-parse", clone.ref)
    known = host.requests(project, branch)
    opened = next((each for each in known if each.state == "open"), None)
    if clone.ask("log", "-1", "--format=%ce", tip) != branches.EMAIL:
        return "worked on", opened.url if opened else ""
    settled = [each for each in known if each.state != "open" and each.commit == tip]
    if settled and not opened:
        return settled[0].state, settled[0].url
    base = host.main_branch(project)
    _require_on(clone, base)
    main = f"refs/heads/{base}"
    there = clone.there(main, clone.ref)
    _require_pushed(clone, base, there.get(main, ""))
    if not _push(clone, tip, there.get(clone.ref, "")):
        return "worked on", opened.url if opened else ""
    proposal = _proposal(clone, tip)
    if not opened:
        if made := host.open(project, branch, base, proposal):
            return "opened", made.url
        opened = _opened_meanwhile(host, project, branch)
    if opened.says(proposal):
        return "unchanged", opened.url
    return "updated", host.update(project, opened, proposal).url


def _login(host: Host, remote: str) -> tuple[str, ...]:
    """Return options that give git the host's token over HTTPS, and no other login.

    HostError if there is no token.
    """
    parts = urlsplit(remote)
    is_local = parts.hostname in {"localhost", "127.0.0.1"}
    if parts.scheme != "https" and not (parts.scheme == "http" and is_local):
        return ()
    host.api.require_token()
    # The helper reads the variable itself: all users of a machine could list an argument.
    helper = (
        f'!f() {{ test "$1" = get && printf "username=%s\\npassword=%s\\n" {host.user} '
        f'"${host.api.variable}"; }}; f'
    )
    key = f"credential.{parts.scheme}://{parts.netloc.rpartition('@')[2]}.helper"
    return ("-c", f"{key}=", "-c", f"{key}={helper}")


def _require_on(clone: Clone, base: str) -> None:
    """Raise HostError if the clone is not on the branch that requests go to."""
    done = git.tries(clone.service, "symbolic-ref", "--quiet", "--short", "HEAD")
    here = done.stdout.decode().strip()
    if here != base:
        raise HostError(
            f"the clone is on {here or 'no branch'}, and requests go to {base}. Switch to {base}, "
            f"delete the branch {clone.branch}, and start again."
        )


def _require_pushed(clone: Clone, base: str, there: str) -> None:
    """Raise HostError if the main branch has commits that the remote lacks: a request has them."""
    if not there:
        raise HostError(f"the remote `origin` has no branch {base}.")
    if not clone.has(there):
        clone.fetch(f"refs/heads/{base}")
    if not clone.contains(there, "HEAD"):
        raise HostError(
            f"{base} has commits here that `origin` lacks, and the request would have them, too. "
            "Push them, or reset the branch, and start again."
        )


def _push(clone: Clone, tip: str, there: str) -> bool:
    """Push the branch; return False if somebody has committed to the remote one, which is kept."""
    if there == tip:
        return True
    if there:
        if not clone.has(there):
            clone.fetch(clone.ref)
        committers = clone.ask("log", "--format=%ce", there, "--not", "HEAD").split()
        if {*committers} - {branches.EMAIL}:
            return False
    lease = f"--force-with-lease={clone.ref}:{there}"
    clone.ask(*clone.login, "push", "--quiet", lease, "--", clone.remote, f"{tip}:{clone.ref}")
    return True


def _proposal(clone: Clone, tip: str) -> Proposal:
    """Return what a request says: the message of the commit, with conflicts at the top."""
    title, _, text = clone.ask("log", "-1", "--format=%B", tip).partition("\n")
    conflicts = (git.blob(clone.service, f"{tip}:{unresolved.FILE}") or b"").decode()
    is_left = f"\n{branches.LEFT_TO_MEND}" in text
    body = "\n\n".join(filter(None, [conflicts.strip(), text.strip()]))
    return Proposal(title, body[:LONGEST_TEXT], bool(conflicts) or is_left)


def _opened_meanwhile(host: Host, project: str, branch: str) -> Request:
    for each in host.requests(project, branch):
        if each.state == "open":
            return each
    raise HostError(f"{host.api.name} has a request of the branch {branch}, and does not list it.")
