"""What a service has edited of the template's own files, and how."""

from pathlib import Path

from . import checksums, differences, preparing, rendering
from .faults import UpdateError
from .preparing import Wish


def drift(service: Path) -> dict[str, str]:
    """Return the template's files that are not as they were rendered: `edited` or `deleted`."""
    file = service / checksums.FILE
    if not file.is_file():
        raise UpdateError(
            f"There is no {checksums.FILE}, which says what the template's files were: an update "
            "of the template brings it."
        )
    listed = checksums.read(file.read_text(encoding="utf-8"))
    return checksums.edited(listed, checksums.content_in(service))


def patch(wish: Wish, names: list[str], folder: Path) -> str:
    """Return how these files differ from what the template rendered."""
    written = preparing.recorded(wish.service)
    source = preparing.fetch(wish, written, folder)
    base = source.commit(written.commit)
    template = source.folder_of(base, folder / "old-template")
    job = rendering.Job(str(template), written.template, base, written.answers, str(folder / "old"))
    [old] = rendering.render(wish.python, folder, [job])
    return differences.of_all(names, (old.folder, "template"), (wish.service, "service"))
