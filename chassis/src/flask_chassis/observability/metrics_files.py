"""Memory-mapped metrics files of prometheus_client, with their disk space reserved.

prometheus_client maps sparse files into memory. On a full file system, a write to a part without
disk space does not raise an exception but kills the process (SIGBUS), so that each request would
kill a worker.
"""

import os
from pathlib import Path
from typing import Any, BinaryIO

from prometheus_client import mmap_dict


class ReservedFile(mmap_dict.MmapedDict):
    """A metrics file that raises OSError if there is no disk space to create or extend it."""

    def __init__(self, filename: str, read_mode: bool = False) -> None:
        """Open the file, and create it with its disk space if it does not exist."""
        if not read_mode and not Path(filename).exists():
            _create(Path(filename), mmap_dict._INITIAL_MMAP_SIZE)
        super().__init__(filename, read_mode)  # type: ignore[no-untyped-call]

    def _init_value(self, key: str) -> None:
        # The base class doubles the file until a new value fits: its padded key and 20 bytes.
        size, wanted = self._capacity, self._used + len(key.encode()) + 32
        while size < wanted:
            size *= 2
        if size > self._capacity:
            _reserve(self._f, size)
        super()._init_value(key)  # type: ignore[no-untyped-call]


def _reserve(file: BinaryIO, size: int) -> None:
    """Extend a file to a size, with disk space for all of it."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(file.fileno(), 0, size)
        return
    # macOS does not have it, where nobody serves in production: zeros take the space as well.
    while (present := os.fstat(file.fileno()).st_size) < size:
        os.pwrite(file.fileno(), bytes(size - present), present)


def _create(path: Path, size: int) -> None:
    # The collector reads all `*.db` files at any moment, and fails on an empty one: the file gets
    # its name once it has its size.
    unfinished = path.with_suffix(".new")
    with unfinished.open("wb") as file:
        try:
            _reserve(file, size)
        except OSError:
            unfinished.unlink()
            raise
    unfinished.rename(path)


def use(values: Any) -> None:
    """Make prometheus_client use reserved files; `values` is its module `values`."""
    values.MmapedDict = ReservedFile
