"""The files that metrics are kept in, with the room that they take reserved.

They are mapped into memory. Where a file system is full, a write to a part that takes no room yet
does not fail, it ends the process (SIGBUS), and so would each request: temporary files that are in
nobody's way would take the service down.
"""

import os
from pathlib import Path
from typing import Any

from prometheus_client import mmap_dict


class ReservedFile(mmap_dict.MmapedDict):
    """A file of metrics; OSError where there is no room for it, or for it to grow."""

    def __init__(self, filename: str, read_mode: bool = False) -> None:
        """Make the file where it is not there."""
        if not read_mode and not Path(filename).exists():
            _make(Path(filename), mmap_dict._INITIAL_MMAP_SIZE)
        super().__init__(filename, read_mode)  # type: ignore[no-untyped-call]

    def _init_value(self, key: str) -> None:
        # It doubles the file until a new value fits: its text, padded, and 20 bytes.
        size, wanted = self._capacity, self._used + len(key.encode()) + 32
        while size < wanted:
            size *= 2
        if size > self._capacity:
            os.posix_fallocate(self._f.fileno(), 0, size)
        super()._init_value(key)  # type: ignore[no-untyped-call]


def _make(path: Path, size: int) -> None:
    with path.open("ab") as file:
        try:
            os.posix_fallocate(file.fileno(), 0, size)
        except OSError:
            # Whoever reads all files could make nothing of an empty one.
            path.unlink()
            raise


def use(values: Any) -> None:
    """Have prometheus_client's module of values keep them in such files."""
    values.MmapedDict = ReservedFile
