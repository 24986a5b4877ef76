"""Services that are merged with the change of a made-up template, in real git repositories."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from flask_chassis_tools.updates import git, merging, ownership, sides
from flask_chassis_tools.updates.merging import Merged
from flask_chassis_tools.updates.scratch import Scratch

LISTS = 'template = ["**"]\n\nseeded = ["own/**"]\n\nshared = ["README.md"]\n'

Files = dict[str, bytes]


def written(folder: Path, files: Files) -> Path:
    """Write the files of a render."""
    for name, content in ({ownership.FILE: LISTS.encode(), "README.md": b"# Read me\n"}).items():
        files.setdefault(name, content)
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


@dataclass
class Update:
    """A service with its repository, merged with the change of a template."""

    service: Path
    scratch: Scratch
    merged: Merged
    tree: str

    @property
    def files(self) -> Files:
        """The files after the merge, without those that all tests have in common."""
        folder = self.scratch.folder
        return {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in folder.rglob("*")
            if path.is_file() and ".git" not in path.parts
            if path.name not in {ownership.FILE, "README.md"}
        }


def commit(folder: Path) -> None:
    """Commit all files of a folder to its repository."""
    git.ask(folder, "init", "--quiet")
    git.ask(folder, "add", "--all")
    git.ask(folder, "commit", "--quiet", "--message=Render")


def updated(
    folder: Path,
    *,
    old: Files | None,
    new: Files,
    ours: Files,
    known: Collection[str] = (),
    restored: Collection[str] = (),
) -> Update:
    """Merge; `old` is None for a service that is adopted without a known release."""
    service = written(folder / "service", ours)
    commit(service)
    before = None if old is None else written(folder / "old", old)
    after = written(folder / "new", new)
    scratch = Scratch(folder / "scratch", service)
    merged = merging.merge(
        scratch, sides.prepare(scratch, before, after, known, restored), "template"
    )
    return Update(service, scratch, merged, scratch.present_tree())
