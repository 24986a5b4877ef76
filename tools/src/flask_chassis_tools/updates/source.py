"""Reads the template's repository."""

import tempfile
from pathlib import Path

from . import credentials, git, record, releases, signatures
from .addresses import without_logins
from .faults import UpdateError


class Source:
    """A bare clone of the template."""

    def __init__(
        self, folder: Path, address: str, shared: Path | None = None, keys: str = ""
    ) -> None:
        """`address` is for messages; `shared` is a folder that several updates share.

        If there are `keys`, only releases that they have signed are used.
        """
        self.folder = folder
        self.address = record.without_secrets(address)
        self.shared = shared
        self.keys = keys

    @classmethod
    def cloned(cls, address: str, into: Path, keys: str = "") -> "Source":
        """Clone the template."""
        into.parent.mkdir(parents=True, exist_ok=True)
        options = credentials.options(address)
        words = (*options, "clone", "--quiet", "--bare", "--", address, str(into))
        done = git.tries(into.parent, *words)
        if done.returncode:
            said = done.stderr.decode(errors="replace").strip()
            message = (
                f"Cloning the template from {address} failed: {said}{credentials.advice(said)}"
            )
            raise UpdateError(without_logins(message, address))
        return cls(into, address, keys=keys)

    def tags(self, *options: str) -> list[str]:
        """Return all tags, or those that options of `git tag` select."""
        return git.ask(self.folder, "tag", "--list", *options).split()

    def release(self, wanted: str = "") -> str:
        """Return an existing tag, by default the newest release; verify its signature."""
        tag = self._release(wanted)
        if self.keys and not signatures.is_signed(self.folder, tag, self.keys):
            raise UpdateError(
                f"The tag {tag} of {self.address} has no good signature under this name by one of "
                "the trusted keys. Do not use it before somebody knows why; an earlier release can "
                "be named: --to=v1.2.0."
            )
        return tag

    def _release(self, wanted: str) -> str:
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

    def known(self, name: str) -> str | None:
        """Return the commit of a tag or of a full hash; None if it does not exist."""
        done = git.tries(self.folder, "rev-parse", "--verify", "--quiet", name + "^{commit}")
        return None if done.returncode else done.stdout.decode().strip()

    def commit(self, tag: str) -> str:
        """Return the commit of a tag; UpdateError if it does not exist."""
        if found := self.known(tag):
            return found
        raise UpdateError(f"{self.address} has no tag {tag}.")

    def base(self, commit: str) -> str:
        """Return the commit that a service names as its origin, which is rendered again.

        A service could name one that nobody has reviewed: it has to be published, or, if there are
        keys, to be a part of a release that they have signed.
        """
        record.require_hash(commit)
        found = self.known(commit)
        if not found:
            self.require_history()
            raise UpdateError(
                f"{self.address} has no commit {commit}, which {record.FILE} names. If the service "
                "is from another repository, set its address: --template=https://... If the "
                f"history was rewritten: {record.HOW_TO_NAME}"
            )
        words = ("for-each-ref", "--contains", found, "--format=%(refname)")
        names = git.ask(self.folder, *words, "refs/heads", "refs/tags").split()
        if self.keys:
            tags = [name.removeprefix("refs/tags/") for name in names]
            names = [tag for tag in tags if signatures.is_signed(self.folder, tag, self.keys)]
        if not names:
            what = "release that the trusted keys have signed" if self.keys else "branch or tag"
            raise UpdateError(
                f"The service names the commit {found[:10]} of {self.address} as its origin, which "
                f"is in no {what}. Correct the commit in the service's record. {record.HOW_TO_NAME}"
            )
        return found

    def require_history(self) -> None:
        """Raise UpdateError if the template is a shallow clone, which lacks older commits."""
        if git.ask(self.folder, "rev-parse", "--is-shallow-repository") == "true":
            raise UpdateError(
                f"{self.address} has only a part of the template's history. Fetch the rest there: "
                "git fetch --unshallow --tags"
            )

    def version_of(self, commit: str) -> str | None:
        """Return the newest version that a commit contains; None if it contains none."""
        versions = releases.in_order(self.tags("--merged", commit))
        return versions[-1] if versions else None

    def contains(self, commit: str, other: str) -> bool:
        """Return whether a commit has another commit in its history."""
        done = git.tries(self.folder, "merge-base", "--is-ancestor", other, commit)
        return done.returncode == 0

    def common(self, commit: str, other: str) -> str | None:
        """Return the newest commit that two commits contain; None if they have none in common."""
        done = git.tries(self.folder, "merge-base", commit, other)
        return None if done.returncode else done.stdout.decode().split()[0]

    def file(self, commit: str, name: str) -> str:
        """Return the text of a file at a commit; empty if it does not exist."""
        return (git.blob(self.folder, f"{commit}:{name}") or b"").decode("utf-8")

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
