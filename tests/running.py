"""Runs an installed service while tests use it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tasks.running_service import RunningService
from tests.services import InstalledService


@contextmanager
def running_service(
    installed: InstalledService, folder: Path, supplied: Mapping[str, str] | None = None
) -> Iterator[RunningService]:
    """Run a service under uWSGI, with a PostgreSQL of its own; `folder` has its keys and logs.

    `supplied` are settings by their names in settings.yaml.
    """
    service = RunningService(installed.path, folder, supplied=supplied)
    try:
        service.start()
        yield service
    finally:
        service.stop()
