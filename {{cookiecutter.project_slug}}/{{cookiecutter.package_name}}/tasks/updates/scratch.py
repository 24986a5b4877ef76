"""A repository beside the service's, in which an update is prepared.

It borrows the objects of the service's repository and has everything else for itself: whatever
happens in it, the service stays as it is.
"""

import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from . import git

_WHEN = "2000-01-01T00:00:00+00:00"


class Scratch:
    """The repository, with a work tree."""

    def __init__(self, folder: Path, service: Path) -> None:
        """Make it in `folder`, which does not exist yet, with the service's last commit."""
        self.folder = folder
        self.service = service
        folder.mkdir(parents=True)
        git.ask(folder, "init", "--quiet", "--initial-branch=update", "--template=")
        objects = git.ask(service, "rev-parse", "--git-path", "objects")
        alternates = folder / ".git" / "objects" / "info" / "alternates"
        alternates.parent.mkdir(parents=True, exist_ok=True)
        alternates.write_text(f"{(service / objects).resolve()}\n", encoding="utf-8")
        shallow = service / git.ask(service, "rev-parse", "--git-path", "shallow")
        if shallow.is_file():
            shutil.copy(shallow, folder / ".git" / "shallow")
        self.head = git.ask(service, "rev-parse", "HEAD")
        self.tree = git.ask(service, "rev-parse", "HEAD^{tree}")
        self.ours = self.tree
        """The service as it is merged: with what the template's steps have changed in it."""

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Put the service's files into the work tree, to be changed before they are merged."""
        git.ask(self.folder, "read-tree", self.tree)
        git.ask(self.folder, "checkout-index", "--all", "--force", "--quiet")
        yield
        git.ask(self.folder, "add", "--all", ".")
        self.ours = git.ask(self.folder, "write-tree")

    def tree_of(self, folder: Path, without: Iterable[str]) -> str:
        """Store a render, without some files, and return its tree."""
        variables = {"GIT_INDEX_FILE": str(self.folder / ".git" / f"{folder.name}.index")}
        words = (f"--git-dir={self.folder / '.git'}", f"--work-tree={folder}")
        # What a render has is meant, also where its own .gitignore names it.
        git.ask(folder, *words, "add", "--all", "--force", ".", variables=variables)
        named = "".join(f"{name}\0" for name in without)
        remove = ("update-index", "--force-remove", "-z", "--stdin")
        git.ask(folder, *words, *remove, given=named.encode(), variables=variables)
        return git.ask(folder, *words, "write-tree", variables=variables)

    def files(self, tree: str) -> dict[str, str]:
        """Return what a tree has: names, with mode and object of each."""
        lines = git.names(self.folder, "ls-tree", "-r", "-z", "--full-tree", tree)
        entries = (line.split("\t", 1) for line in lines)
        return {name: about for about, name in entries}

    def commit(self, tree: str, message: str, *parents: str) -> str:
        """Make a commit of a tree."""
        words = [word for parent in parents for word in ("-p", parent)]
        when = {"GIT_AUTHOR_DATE": _WHEN, "GIT_COMMITTER_DATE": _WHEN}
        return git.ask(self.folder, "commit-tree", tree, *words, "-m", message, variables=when)

    def present_tree(self) -> str:
        """Return the tree of the work tree as it stands, markers of conflicts included."""
        index = self.folder / ".git" / "present.index"
        variables = {"GIT_INDEX_FILE": str(index)}
        # A copy, as conflicts stay conflicts in the index itself; with its time, by which git tells
        # what was written after it.
        shutil.copy2(self.folder / ".git" / "index", index)
        git.ask(self.folder, "add", "--all", ".", variables=variables)
        return git.ask(self.folder, "write-tree", variables=variables)
