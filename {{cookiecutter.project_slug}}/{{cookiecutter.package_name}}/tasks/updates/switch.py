"""The one moment in which an update changes the service's repository.

Interrupts wait until it is over. Where the machine fails in it, a note in `.git` says what was
being changed, and the next task about the template restores that first.
"""

from collections.abc import Sequence
from pathlib import Path

from . import branches, git, restoring
from .faults import UpdateError
from .interrupts import uninterrupted
from .scratch import Scratch


def require_clean(service: Path) -> None:
    """Refuse to work on a service with changes that are in no commit: they could get lost."""
    top = git.tries(service, "rev-parse", "--show-toplevel")
    if top.returncode or Path(top.stdout.decode().strip()).resolve() != service.resolve():
        raise UpdateError(
            f"{service} is not the top folder of a git repository. Commit it to one first: an "
            "update is merged by git."
        )
    restoring.restore(service)
    if git.tries(service, "rev-parse", "--verify", "--quiet", "HEAD").returncode:
        raise UpdateError("The service has no commit yet. Commit it as it was rendered.")
    changes = git.names(service, "status", "--porcelain", "-z", "--untracked-files=all")
    if changes:
        shown = ", ".join(line[3:] for line in changes[:5]) + (", …" if len(changes) > 5 else "")
        raise UpdateError(f"There are changes that are in no commit: {shown}. Commit them first.")


def to_work_tree(scratch: Scratch, tree: str, stages: Sequence[str]) -> None:
    """Change the service's files, as `git merge --no-commit` would: staged, with its conflicts."""
    service = scratch.service
    before, after = scratch.files(scratch.tree), scratch.files(tree)
    touched = sorted(name for name in {*before, *after} if before.get(name) != after.get(name))
    there = [name for name in touched if name not in before and (service / name).exists()]
    if there:
        raise UpdateError(
            f"The update brings files that are here already, and git ignores them: "
            f"{', '.join(there)}. Move them away first."
        )
    _bring_objects(scratch, scratch.commit(tree, "Update", scratch.head), stages)
    noted = {name: [_blob(before.get(name)), _blob(after.get(name))] for name in touched}
    with uninterrupted(), restoring.noted(service, scratch.head, noted):
        if git.ask(service, "rev-parse", "HEAD") != scratch.head:
            raise UpdateError("The service has a new commit since the update began. Start again.")
        # A file that was only touched, or copied with all others, is as it was.
        git.tries(service, "update-index", "-q", "--refresh")
        git.ask(service, "read-tree", "-m", "-u", "HEAD", tree)
        if stages:
            names = {entry.split("\t", 1)[1] for entry in stages}
            lines = [*(f"0 {'0' * 40}\t{name}" for name in sorted(names)), *stages]
            given = "".join(f"{line}\0" for line in lines).encode()
            git.ask(service, "update-index", "-z", "--index-info", given=given)


def to_branch(scratch: Scratch, tree: str, branch: str, message: str) -> str:
    """Commit the update on a branch, with the service's files left as they are."""
    service = scratch.service
    before = branches.replaceable(service, branch)
    commit = branches.commit(scratch.folder, tree, scratch.head, message)
    _bring_objects(scratch, commit, ())
    # Only where it is what it was a moment ago.
    words = ("update-ref", f"refs/heads/{branch}", commit, before or "0" * 40)
    git.ask(service, *words)
    return commit


def _blob(entry: str | None) -> str:
    return entry.split()[2] if entry else ""


def _bring_objects(scratch: Scratch, commit: str, stages: Sequence[str]) -> None:
    """Copy what is new into the service's repository, where nothing refers to it yet."""
    blobs = [entry.split()[1] for entry in stages]
    wanted = "\n".join([commit, *blobs, f"^{scratch.head}", ""])
    words = ("pack-objects", "--revs", "--stdout", "-q")
    pack = git.tries(scratch.folder, *words, given=wanted.encode())
    if pack.returncode:
        raise UpdateError(f"git pack-objects failed: {pack.stderr.decode(errors='replace')}")
    git.ask(scratch.service, "unpack-objects", "-q", given=pack.stdout)
