"""Applies a prepared update to the service's repository.

Interrupts are deferred until it is done. If the machine fails meanwhile, a note in `.git` lists the
files, and the next template task restores them.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from . import branches, git, restoring, unresolved
from .faults import UpdateError
from .interrupts import uninterrupted
from .scratch import Scratch


def require_clean(service: Path) -> None:
    """Raise UpdateError if the service has uncommitted changes, which could get lost.

    Restore the service first if an update was killed: the caller holds its lock.
    """
    require_repository(service)
    restoring.restore(service)
    require_commit(service)
    # What a submodule contains is not part of the update, and its configuration can name programs.
    words = ("status", "--porcelain", "-z", "--untracked-files=all", "--ignore-submodules=dirty")
    changes = git.names(service, *words)
    if changes:
        shown = ", ".join(line[3:] for line in changes[:5]) + (", …" if len(changes) > 5 else "")
        raise UpdateError(f"There are uncommitted changes: {shown}. Commit them first.")


def require_repository(service: Path) -> None:
    """Raise UpdateError if the service is not the top folder of a git repository."""
    done = git.tries(service, "rev-parse", "--show-toplevel")
    if done.returncode:
        raise UpdateError(
            f"{service} is not the top folder of a git repository. Create one and commit the "
            "service first: updates are merged by git."
        )
    top = Path(done.stdout.decode().strip())
    if top.resolve() != service.resolve():
        prefix = git.ask(service, "rev-parse", "--show-prefix").rstrip("/")
        raise UpdateError(
            f"{service} is a folder of the repository {top}, and updates are merged in a "
            "repository of the service alone. Make one of it, update that, and apply the change "
            f"with git am --directory={prefix}: docs/how-to/updates.md of the template, A service "
            "in a monorepo, has the commands."
        )


def require_commit(service: Path) -> None:
    """Raise UpdateError if the service has no commit."""
    if git.tries(service, "rev-parse", "--verify", "--quiet", "HEAD").returncode:
        raise UpdateError("The service has no commit yet. Commit the rendered files first.")


def to_work_tree(scratch: Scratch, tree: str, stages: Sequence[str]) -> None:
    """Change the service's files like `git merge --no-commit`: staged, with conflicts."""
    service = scratch.service
    before, after = scratch.files(scratch.tree), scratch.files(tree)
    touched = sorted(name for name in {*before, *after} if before.get(name) != after.get(name))
    there = [name for name in touched if name not in before and (service / name).exists()]
    if there:
        raise UpdateError(
            f"The update adds files that already exist here and are ignored by git: "
            f"{', '.join(there)}. Move them away first."
        )
    _bring_objects(scratch, scratch.commit(tree, "Update", scratch.head), stages)
    noted = {name: [_blob(before.get(name)), _blob(after.get(name))] for name in touched}
    with uninterrupted(), restoring.noted(service, scratch.head, noted):
        if git.ask(service, "rev-parse", "HEAD") != scratch.head:
            raise UpdateError("The service has a new commit since the update began. Start again.")
        # Files with a new timestamp and the same content count as unchanged.
        git.tries(service, "update-index", "-q", "--refresh")
        git.ask(service, "read-tree", "-m", "-u", "HEAD", tree)
        if stages:
            names = {entry.split("\t", 1)[1] for entry in stages}
            lines = [*(f"0 {scratch.no_object}\t{name}" for name in sorted(names)), *stages]
            given = "".join(f"{line}\0" for line in lines).encode(errors="surrogateescape")
            git.ask(service, "update-index", "-z", "--index-info", given=given)


def to_branch(
    scratch: Scratch,
    tree: str,
    branch: str,
    message: str,
    conflicts: Mapping[str, str] | None = None,
) -> str:
    """Commit the update on a branch, without changing the working tree.

    With conflicts, a file in the commit lists them.
    """
    service = scratch.service
    if conflicts:
        mark = scratch.stored(unresolved.text(conflicts).encode())
        tree = scratch.edited(tree, {unresolved.FILE: mark})
    before = branches.replaceable(service, branch)
    commit = branches.commit(scratch.folder, tree, scratch.head, message)
    _bring_objects(scratch, commit, ())
    # This fails if the branch has moved since.
    words = ("update-ref", f"refs/heads/{branch}", commit, before or scratch.no_object)
    git.ask(service, *words)
    return commit


def _blob(entry: str | None) -> str:
    return entry.split()[2] if entry else ""


def _bring_objects(scratch: Scratch, commit: str, stages: Sequence[str]) -> None:
    """Copy new objects to the service's repository, where nothing refers to them yet."""
    blobs = [entry.split()[1] for entry in stages]
    wanted = "\n".join([commit, *blobs, f"^{scratch.head}", ""])
    words = ("pack-objects", "--revs", "--stdout", "-q")
    pack = git.tries(scratch.folder, *words, given=wanted.encode())
    if pack.returncode:
        raise UpdateError(f"git pack-objects failed: {pack.stderr.decode(errors='replace')}")
    git.ask(scratch.service, "unpack-objects", "-q", given=pack.stdout)
