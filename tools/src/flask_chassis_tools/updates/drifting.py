"""Finds template-owned files that were edited in a service."""

from pathlib import Path

from . import checksums, differences, git, ownership, preparing, record, rendering
from .faults import UpdateError
from .preparing import Wish


def drift(service: Path) -> dict[str, str]:
    """Return the template-owned files that were changed: `edited`, `deleted`, or their new mode.

    What the service lists as its own, or as shared, is not drift. UpdateError if the checksums are
    missing, or if the record of the template is faulty; OwnershipError if the list is not valid.
    """
    written = service / record.FILE
    if written.is_file():
        record.require_hash(record.read(written.read_bytes()).commit)
    file = service / checksums.FILE
    if not file.is_file():
        raise UpdateError(
            f"{checksums.FILE} not found. It has the checksums of the template's files; the next "
            "template.update creates it."
        )
    listed_text = file.read_text(encoding="utf-8")
    listed = checksums.read(listed_text)
    content = checksums.content_in(service)
    found = checksums.edited(listed, content)
    executable = checksums.executables(listed_text)
    if executable is not None:
        others = checksums.other_modes(service, listed.keys() - found.keys(), executable)
        if others and _has_modes(service):
            found |= others
    # Earlier releases listed the list itself as the template's, but a service changes it, too.
    found.pop(ownership.FILE, None)
    text = content(ownership.FILE)
    owners = {} if text is None else ownership.read(text)
    kept = (ownership.SEEDED, ownership.SHARED)
    left = {name: what for name, what in found.items() if ownership.owner(owners, name) not in kept}
    return dict(sorted(left.items()))


def _has_modes(service: Path) -> bool:
    """Return whether the modes of files mean something here; on some file systems they do not."""
    done = git.tries(service, "config", "--type=bool", "core.fileMode")
    return done.stdout.strip() != b"false"


def patch(wish: Wish, names: list[str], folder: Path) -> str:
    """Return the differences between the rendered files and the service's."""
    written = preparing.recorded(wish.service)
    source = preparing.fetch(wish, written, folder)
    base = source.base(written.commit)
    template = source.folder_of(base, folder / "old-template")
    job = rendering.Job(str(template), written.template, base, written.answers, str(folder / "old"))
    [old] = rendering.render(wish.python, folder, [job], environment=wish.environment)
    return differences.of_all(names, (old.folder, "template"), (wish.service, "service"))
