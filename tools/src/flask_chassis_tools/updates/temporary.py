"""Temporary folders of the tasks. A task removes those that killed ones have left."""

import fcntl
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from . import interrupts

PREFIX = "template-update-"

OWNED = "owned"
"""A file in each folder, which its task holds a lock on until it ends, however that happens."""

ATTEMPTS = 50


@contextmanager
def scratch_folder(where: Path | None = None) -> Iterator[Path]:
    """Provide a temporary folder that is also removed after SIGTERM; after SIGKILL, by the next."""
    with interrupts.ended_by_term():
        _remove_leftovers(where or Path(tempfile.gettempdir()))
        folder = tempfile.TemporaryDirectory(prefix=PREFIX, dir=where, ignore_cleanup_errors=True)
        try:
            handle = _owned(Path(folder.name))
            try:
                yield Path(folder.name)
            finally:
                os.close(handle)
        finally:
            with interrupts.uninterrupted():
                _remove(folder)


def _owned(folder: Path) -> int:
    """Return a handle of the lock on a folder."""
    draft = folder / f"{OWNED}.draft"
    handle = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    fcntl.flock(handle, fcntl.LOCK_EX)
    # Only now it counts: another task must not find it without its lock.
    draft.rename(folder / OWNED)
    return handle


def _remove_leftovers(where: Path) -> None:
    for folder in where.glob(f"{PREFIX}*"):
        # A folder that is of somebody else, that goes just now, or that is not owned yet.
        with suppress(OSError):
            if folder.is_symlink() or folder.stat().st_uid != os.getuid():
                continue
            handle = os.open(folder / OWNED, os.O_RDWR | os.O_NOFOLLOW)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(handle)


def _remove(folder: tempfile.TemporaryDirectory[str]) -> None:
    """Remove the folder; retry if a killed program has written a last file."""
    for _ in range(ATTEMPTS):
        folder.cleanup()
        if not Path(folder.name).exists():
            return
        time.sleep(0.1)
    print(f"{folder.name} was not removed completely. Remove it.", file=sys.stderr)
