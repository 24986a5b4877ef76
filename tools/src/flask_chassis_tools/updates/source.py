"""Reads the template's repository."""

import tempfile
from pathlib import Path

from . import git, releases
from .faults import UpdateError


class Source:
    """A bare clone of the template."""

    def __init__(self, folder: Path, address: str, shared: Path | None = None) -> None:
        """`address` is for messages; `shared` is a folder that several updates share."""
        self.folder = folder
        self.address = address
        self.shared = shared

    @classmethod
    def cloned(cls, address: str, into: Path) -> "Source":
        """Clone the template."""
        into.parent.mkdir(parents=True, exist_ok=True)
        done = git.tries(into.parent, "clone", "--quiet", "--bare", address, str(into))
        if done.returncode:
            raise UpdateError(
                f"Cloning the template from {address} failed: "
                f"{done.stderr.decode(errors='replace').strip()}"
            )
        return cls(into, address)

    def tags(self) -> list[str]:
        """Return all tags."""
        return git.ask(self.folder, "tag", "--list").split()

    def release(self, wanted: str = "") -> str:
        """Return an existing tag; by default the newest release."""
        tags = releases.in_order(self.tags())
        if not wanted:
            if newest := releases.newest(tags):
                return newest
            raise UpdateError(f"{self.address} has no release: it needs a tag such as v1.0.0.")
        for name in (wanted, f"v{wanted}"):
            if name in tags:
                return name
        known = ", ".join(tags[-8:]) or "none"
        raise UpdateError(
            f"{wanted} is not a release of {self.address}. A release is a tag that is a version. "
            f"The newest are: {known}."
        )

    def commit(self, name: str) -> str:
        """Return the commit of a tag or of a recorded commit; UpdateError if it does not exist."""
        done = git.tries(self.folder, "rev-parse", "--verify", "--quiet", name + "^{commit}")
        if done.returncode:
            raise UpdateError(
                f"{self.address} has no commit {name}. Its history was rewritten, or the service "
                "was rendered from another template. Link it again with the task template.adopt."
            )
        return done.stdout.decode().strip()

    def version_of(self, commit: str) -> str | None:
        """Return the newest version that a commit contains; None if it contains none."""
        merged = git.ask(self.folder, "tag", "--merged", commit).split()
        versions = releases.in_order(merged)
        return versions[-1] if versions else None

    def contains(self, commit: str, other: str) -> bool:
        """Return whether a commit has another commit in its history."""
        done = git.tries(self.folder, "merge-base", "--is-ancestor", other, commit)
        return done.returncode == 0

    def file(self, commit: str, name: str) -> str:
        """Return the text of a file at a commit; empty if it does not exist."""
        return (git.blob(self.folder, f"{commit}:{name}") or b"").decode("utf-8")

    @property
    def compiled(self) -> Path | None:
        """The shared folder for compiled Jinja templates, if there is one."""
        return self.shared / "compiled" if self.shared else None

    def folder_of(self, commit: str, into: Path) -> Path:
        """Return a read-only folder with the template at a commit: `into`, or a shared one.

        The callers must not write to it.
        """
        if not self.shared:
            return self._written(commit, into)
        known = self.shared / commit
        if not known.is_dir():
            with tempfile.TemporaryDirectory(dir=self.shared) as draft:
                made = self._written(commit, Path(draft) / commit)
                try:
                    made.rename(known)
                except OSError:  # another update was faster
                    if not known.is_dir():
                        raise
        return known

    def _written(self, commit: str, into: Path) -> Path:
        into.mkdir(parents=True)
        variables = {"GIT_INDEX_FILE": str(into.with_suffix(".index"))}
        words = (f"--git-dir={self.folder}", f"--work-tree={into}")
        git.ask(into, *words, "read-tree", commit, variables=variables)
        git.ask(into, *words, "checkout-index", "--all", "--quiet", variables=variables)
        return into
