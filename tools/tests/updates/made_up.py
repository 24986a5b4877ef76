"""A template of a few files with a real repository, and services that are rendered from it."""

import json
import sys
from dataclasses import dataclass
from pathlib import Path

from flask_chassis_tools.updates import content_hash, git, record
from flask_chassis_tools.updates.preparing import Wish

PROGRAMS = Path(sys.executable).parent
"""What these tests run in has Cookiecutter."""

SERVICE = "{{cookiecutter.project_slug}}"

PYPROJECT = '[project]\nname = "blog"\ndependencies = ["flask"]\n'

LISTS = 'template = ["**"]\nseeded = ["own/**"]\nshared = ["README.md"]\n'


def lock(**packages: str) -> str:
    """Return a lock with these versions, several with spaces between them."""
    entries = [
        f'[[package]]\nname = "{name}"\nversion = "{version}"\n\n'
        for name, versions in sorted(packages.items())
        for version in versions.split()
    ]
    return (
        f"# Made up.\n\n{''.join(entries)}"
        f'[metadata]\ncontent-hash = "{content_hash.of(PYPROJECT)}"\n'
    )


FILES = {
    "pyproject.toml": PYPROJECT,
    "poetry.lock": lock(flask="3.1.3"),
    "template-ownership.toml": LISTS,
    "README.md": "# Blog\n",
    "app.txt": "one\ntwo\nthree\nfour\nfive\n",
}

Files = dict[str, str]


def commit(folder: Path, message: str = "Change") -> str:
    """Commit all files of a folder, and return the commit."""
    git.ask(folder, "add", "--all")
    git.ask(folder, "commit", "--quiet", "--allow-empty", f"--message={message}")
    return git.ask(folder, "rev-parse", "HEAD")


def write(folder: Path, files: Files) -> None:
    """Write files below a folder."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


@dataclass(frozen=True)
class Template:
    """The repository of a template."""

    folder: Path

    @classmethod
    def begun(cls, folder: Path) -> "Template":
        """Make one, without a commit."""
        folder.mkdir(parents=True)
        git.ask(folder, "init", "--quiet", "--initial-branch=main", "--template=")
        write(folder, {"cookiecutter.json": json.dumps({"project_slug": "blog"})})
        write(folder / SERVICE, FILES)
        return cls(folder)

    def commits(self, files: Files, news: str = "") -> str:
        """Commit files that services get, and what CHANGELOG.md says of them."""
        write(self.folder / SERVICE, files)
        if news:
            write(self.folder, {"CHANGELOG.md": news})
        return commit(self.folder)

    def releases(self, tag: str, files: Files, news: str = "") -> str:
        """Commit and tag files that services get."""
        made = self.commits(files, news)
        git.ask(self.folder, "tag", tag)
        return made

    def switch(self, *words: str) -> None:
        """Switch to another branch."""
        git.ask(self.folder, "switch", "--quiet", *words)

    def service(self, folder: Path, commit_of: str) -> Path:
        """Render a service at a commit, which its record names, into a repository of its own."""
        names = git.names(self.folder, "ls-tree", "-r", "-z", "--name-only", commit_of, SERVICE)
        for name in names:
            content = git.blob(self.folder, f"{commit_of}:{name}")
            write(folder, {name.removeprefix(f"{SERVICE}/"): (content or b"").decode()})
        found = git.ask(self.folder, "rev-parse", f"{commit_of}^{{commit}}")
        write(folder, {record.FILE: self.record(found)})
        git.ask(folder, "init", "--quiet", "--initial-branch=main", "--template=")
        commit(folder)
        return folder

    def record(self, named: object) -> str:
        """Return the record of a service, with this as its commit."""
        content = {
            "template": "https://templates.acme.example/flask.git",
            "commit": named,
            "checkout": None,
            "context": {"cookiecutter": {"project_slug": "blog"}},
            "directory": None,
        }
        return record.formatted(content)

    def wish(self, service: Path, tag: str = "", since: str = "") -> Wish:
        """Return the parameters of an update from this template."""
        return Wish(service, PROGRAMS, tag, str(self.folder), since=since)


def recorded(service: Path) -> str:
    """Return the commit in the record of a service, as it is in its folder."""
    return record.read((service / record.FILE).read_bytes()).commit


def state(service: Path) -> tuple[str, str, bytes]:
    """Return what a task that only looks does not change: commits, files, the index."""
    references = git.ask(service, "for-each-ref")
    files = git.ask(service, "status", "--porcelain", "--ignored")
    return references, files, (service / ".git" / "index").read_bytes()
