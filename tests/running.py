"""Runs an installed service while tests use it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tasks.running_service import RunningService
from tests.services import InstalledService


@contextmanager
def running_service(installed: InstalledService, folder: Path) -> Iterator[RunningService]:
    """Run a service under uWSGI, with a PostgreSQL of its own; `folder` has its keys and logs."""
    service = RunningService(installed.path, folder)
    try:
        service.start()
        yield service
    finally:
        service.stop()
