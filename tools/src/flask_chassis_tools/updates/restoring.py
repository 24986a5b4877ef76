"""Restores a service after an update that was killed while it changed files.

While an update changes files, a note in `.git` lists them with their old and new content.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from . import git
from .faults import UpdateError

NOTE = "template-update.json"

Touched = Mapping[str, Sequence[str]]
"""File names, each with its old and new blob; an empty string stands for no blob."""


@contextmanager
def noted(service: Path, head: str, touched: Touched) -> Iterator[None]:
    """Write the note while files are changed; restore them on an exception."""
    note = _note(service)
    draft = note.with_suffix(".draft")
    draft.write_text(json.dumps({"head": head, "touched": touched}), encoding="utf-8")
    draft.replace(note)
    try:
        yield
    except BaseException:
        restore(service)
        raise
    note.unlink()


def restore(service: Path) -> None:
    """Restore the files of the last commit; UpdateError if somebody has edited one since."""
    note = _note(service)
    if not note.is_file():
        return
    found = json.loads(note.read_text(encoding="utf-8"))
    if found["head"] != git.ask(service, "rev-parse", "HEAD"):
        # Somebody has committed since.
        note.unlink()
        return
    touched: Touched = found["touched"]
    if edited := _edited_since(service, touched):
        raise UpdateError(
            f"An update was killed while it changed files, and these files were edited since: "
            f"{', '.join(edited)}. Undo or commit these edits, then start again."
        )
    print("An update was killed while it changed files. They have been restored.")
    (note.parent / "index.lock").unlink(missing_ok=True)
    git.ask(service, "read-tree", "--reset", "HEAD")
    for name, (before, _) in touched.items():
        if not before:
            (service / name).unlink(missing_ok=True)
    named = "".join(f"{name}\0" for name, (before, _) in touched.items() if before).encode()
    git.ask(service, "checkout-index", "--force", "-z", "--stdin", given=named)
    note.unlink()


def _edited_since(service: Path, touched: Touched) -> list[str]:
    """Return the files that have neither the old nor the (possibly partial) new content."""
    there = [name for name in touched if (service / name).is_file()]
    given = "".join(f"{name}\n" for name in there).encode()
    blobs = git.ask(service, "hash-object", "--stdin-paths", given=given).split()
    return [
        name
        for name, blob in zip(there, blobs, strict=True)
        if blob not in touched[name] and not _begins(service, touched[name][1], name)
    ]


def _begins(service: Path, blob: str, name: str) -> bool:
    """Return whether a file is the beginning of a blob."""
    whole = git.blob(service, blob) if blob else None
    return whole is not None and whole.startswith((service / name).read_bytes())


def _note(service: Path) -> Path:
    return service / git.ask(service, "rev-parse", "--git-path", NOTE)
