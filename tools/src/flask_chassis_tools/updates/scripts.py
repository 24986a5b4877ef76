"""Locates the scripts of this package that other interpreters run."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import as_file, files
from pathlib import Path


@contextmanager
def script(name: str) -> Iterator[Path]:
    """Provide the path of a script; if this package is imported from a zip file, of a copy."""
    with as_file(files(__package__) / name) as path:
        yield path
