"""Provides a scratch repository, in which an update is prepared.

It borrows the objects of the service's repository and shares nothing else, so that it never changes
the service.
"""

import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from . import git

REGULAR, SYMLINK = "100644", "120000"
"""The modes of a file that is not executable, and of a symbolic link."""

_WHEN = "2000-01-01T00:00:00+00:00"


class Scratch:
    """The scratch repository, with a working tree."""

    def __init__(self, folder: Path, service: Path) -> None:
        """Create it in `folder`, which must not exist, with the service's last commit."""
        self.folder = folder
        self.service = service
        folder.mkdir(parents=True)
        form = git.ask(service, "rev-parse", "--show-object-format")
        words = ("--quiet", "--initial-branch=update", "--template=", f"--object-format={form}")
        git.ask(folder, "init", *words)
        objects = git.ask(service, "rev-parse", "--git-path", "objects")
        alternates = folder / ".git" / "objects" / "info" / "alternates"
        alternates.parent.mkdir(parents=True, exist_ok=True)
        alternates.write_text(f"{(service / objects).resolve()}\n", encoding="utf-8")
        shallow = service / git.ask(service, "rev-parse", "--git-path", "shallow")
        if shallow.is_file():
            shutil.copy(shallow, folder / ".git" / "shallow")
        # Objects of Git LFS that the service has fetched. No server is asked for others: which one,
        # its `.lfsconfig` would say.
        storage = service / git.ask(service, "rev-parse", "--git-path", "lfs")
        git.ask(folder, "config", "lfs.storage", str(storage.resolve()))
        git.ask(folder, "config", "lfs.url", f"file://{folder / 'no-server'}")
        self.head = git.ask(service, "rev-parse", "HEAD")
        self.no_object = "0" * len(self.head)
        """The id of no object, which is longer in a SHA-256 repository."""
        self.tree = git.ask(service, "rev-parse", "HEAD^{tree}")
        self.ours = self.tree
        """The tree of the service to merge, with the changes of the template's steps."""

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Check the service's files out, to be changed before the merge."""
        git.ask(self.folder, "read-tree", self.tree)
        git.ask(self.folder, "checkout-index", "--all", "--force", "--quiet")
        yield
        # What was written counts, even if the service's or somebody's own ignore list matches it.
        git.ask(self.folder, "add", "--all", "--force", ".")
        self.ours = git.ask(self.folder, "write-tree")

    def tree_of(self, folder: Path, without: Iterable[str]) -> str:
        """Store a render without the given files, and return its tree."""
        variables = {"GIT_INDEX_FILE": str(self.folder / ".git" / f"{folder.name}.index")}
        words = (f"--git-dir={self.folder / '.git'}", f"--work-tree={folder}")
        # Rendered files count, even if the service's .gitignore matches them.
        git.ask(folder, *words, "add", "--all", "--force", ".", variables=variables)
        named = "".join(f"{name}\0" for name in without).encode(errors="surrogateescape")
        remove = ("update-index", "--force-remove", "-z", "--stdin")
        git.ask(folder, *words, *remove, given=named, variables=variables)
        return git.ask(folder, *words, "write-tree", variables=variables)

    def stored(self, content: bytes, mode: str = REGULAR) -> str:
        """Store content, and return its entry for a tree."""
        blob = git.ask(self.folder, "hash-object", "-w", "--stdin", given=content)
        return f"{mode} blob {blob}"

    def edited(self, tree: str, entries: Mapping[str, str | None]) -> str:
        """Return a tree with changed entries, in the format of `files`; None deletes one."""
        variables = {"GIT_INDEX_FILE": str(self.folder / ".git" / "edited.index")}
        git.ask(self.folder, "read-tree", tree, variables=variables)
        lines = (f"{about or f'0 {self.no_object}'}\t{name}\0" for name, about in entries.items())
        words = ("update-index", "-z", "--index-info")
        given = "".join(lines).encode(errors="surrogateescape")
        git.ask(self.folder, *words, given=given, variables=variables)
        return git.ask(self.folder, "write-tree", variables=variables)

    def files(self, tree: str) -> dict[str, str]:
        """Return the files of a tree: mode, type and object by name."""
        lines = git.names(self.folder, "ls-tree", "-r", "-z", "--full-tree", tree)
        entries = (line.split("\t", 1) for line in lines)
        return {name: about for about, name in entries}

    def commit(self, tree: str, message: str, *parents: str) -> str:
        """Create a commit of a tree."""
        words = [word for parent in parents for word in ("-p", parent)]
        when = {"GIT_AUTHOR_DATE": _WHEN, "GIT_COMMITTER_DATE": _WHEN}
        return git.ask(self.folder, "commit-tree", tree, *words, "-m", message, variables=when)

    def present_tree(self) -> str:
        """Return the tree of the working tree, including conflict markers."""
        index = self.folder / ".git" / "present.index"
        variables = {"GIT_INDEX_FILE": str(index)}
        # A copy, so that the index keeps its conflicts. It has the time of the original, by which
        # git detects later changes.
        shutil.copy2(self.folder / ".git" / "index", index)
        git.ask(self.folder, "add", "--all", "--force", ".", variables=variables)
        return git.ask(self.folder, "write-tree", variables=variables)
