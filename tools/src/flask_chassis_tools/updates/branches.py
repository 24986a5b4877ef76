"""Commits updates to branches, and never replaces somebody else's commits."""

from pathlib import Path

from . import git, record
from .faults import UpdateError

NAME, EMAIL = "Template", "template@localhost"
"""The committer of updates, and of nothing else."""

LEFT_TO_MEND = "Left to mend: "
WITH_CONFLICTS = ", with conflicts"
"""Parts of the commit messages of updates that leave something to do."""


def commit(service: Path, tree: str, parent: str, message: str) -> str:
    """Create the commit of an update."""
    variables = {
        f"GIT_{role}_{what}": value
        for role in ("AUTHOR", "COMMITTER")
        for what, value in (("NAME", NAME), ("EMAIL", EMAIL))
    }
    words = ("commit-tree", tree, "-p", parent, "-m", message)
    return git.ask(service, *words, variables=variables)


def require_name(service: Path, branch: str) -> None:
    """Raise UpdateError if git would refuse a branch of this name."""
    done = git.tries(service, "check-ref-format", f"refs/heads/{branch}")
    if done.returncode or branch.startswith("-"):
        raise UpdateError(
            f"--branch={branch} is not a name that git allows for a branch. Use letters, digits, "
            "`-` and `/`, such as template/v1.2.0."
        )


def replaceable(service: Path, branch: str) -> str:
    """Return the tip of a branch that may be replaced; empty if the branch does not exist."""
    tip = _tip(service, branch)
    if not tip:
        return ""
    checked_out = git.ask(service, "worktree", "list", "--porcelain").splitlines()
    if f"branch refs/heads/{branch}" in checked_out:
        raise UpdateError(f"The branch {branch} is checked out. Switch to another branch first.")
    if not _is_ours(service, tip):
        subject = git.ask(service, "log", "-1", "--format=%s (%an)", tip)
        raise UpdateError(
            f"Somebody else has committed to the branch {branch}: {subject}. Merge it or delete it "
            f"(git branch -D {branch}), then start again."
        )
    return tip


def is_worked_on(service: Path, branch: str, target: str) -> bool:
    """Return whether a branch has this update on top of HEAD, and somebody else's commits."""
    tip = _tip(service, branch)
    return bool(tip) and _holds(service, tip, target) and not _is_ours(service, tip)


def is_done(service: Path, branch: str, target: str, address: str = "") -> bool:
    """Return whether a branch has this update, and needs no other attempt.

    `address`: it also has to record this address of the template.
    """
    tip = _tip(service, branch)
    if not tip or not _holds(service, tip, target, address):
        return False
    message = git.ask(service, "log", "-1", "--format=%B", tip)
    has_work = WITH_CONFLICTS in message.split("\n", 1)[0] or f"\n{LEFT_TO_MEND}" in message
    return not (_is_ours(service, tip) and has_work)


def is_on_top(service: Path, branch: str) -> bool:
    """Return whether a branch has commits on top of HEAD."""
    tip = _tip(service, branch)
    return bool(tip) and tip != git.ask(service, "rev-parse", "HEAD") and _follows(service, tip)


def _tip(service: Path, branch: str) -> str:
    done = git.tries(service, "rev-parse", "--verify", "--quiet", f"refs/heads/{branch}")
    return done.stdout.decode().strip()


def _holds(service: Path, tip: str, target: str, address: str = "") -> bool:
    text = git.blob(service, f"{tip}:{record.FILE}")
    if text is None:
        return False
    written = record.read(text)
    is_there = written.commit == target and address in ("", written.template)
    return is_there and _follows(service, tip)


def _follows(service: Path, tip: str) -> bool:
    return git.tries(service, "merge-base", "--is-ancestor", "HEAD", tip).returncode == 0


def _is_ours(service: Path, tip: str) -> bool:
    """Return whether an update created a commit; amending or rebasing changes the committer."""
    return git.ask(service, "log", "-1", "--format=%ce", tip) == EMAIL
