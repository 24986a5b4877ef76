"""Writes the changes of files of a service: all of them, or none."""

from collections.abc import Mapping
from pathlib import Path

from flask_chassis_tools.updates import git
from flask_chassis_tools.updates.faults import UpdateError

from .faults import ResourceError


def apply(folder: Path, texts: Mapping[str, str | None]) -> None:
    """Write files below a folder, and remove those whose text is None.

    If one fails, restores all, and raises ResourceError.
    """
    before = {name: _bytes(folder / name) for name in texts}
    try:
        for name, text in texts.items():
            _write(folder / name, None if text is None else text.encode())
    except OSError as error:
        for name, content in before.items():
            _write(folder / name, content)
        _remove_empty_folders(folder, texts)
        raise ResourceError(f"Nothing was changed: {error}.") from error
    _remove_empty_folders(folder, texts)


def uncommitted(folder: Path, names: list[str]) -> list[str]:
    """Return which of some files git does not have as they are; all of them without a repository.

    `names` may contain folders.
    """
    try:
        done = git.tries(
            folder, "status", "--porcelain", "--untracked-files=all", "-z", "--", *names
        )
    except UpdateError:
        return names
    if done.returncode:
        return names
    return sorted(each[3:] for each in done.stdout.decode(errors="replace").split("\0") if each)


def _bytes(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def _write(path: Path, content: bytes | None) -> None:
    if content is None:
        path.unlink(missing_ok=True)
    elif _bytes(path) != content:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def _remove_empty_folders(folder: Path, names: Mapping[str, str | None]) -> None:
    for parent in sorted({(folder / name).parent for name in names}, reverse=True):
        cache = parent / "__pycache__"
        if cache.is_dir() and [*parent.iterdir()] == [cache]:
            for each in cache.iterdir():
                each.unlink()
            cache.rmdir()
        if parent.is_dir() and not any(parent.iterdir()):
            parent.rmdir()
