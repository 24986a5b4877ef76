"""Locates the service that runs on the chassis: its package, its files, its settings' prefix.

A service names its package in its `pyproject.toml`. An environment has exactly one service:

    [project.entry-points."flask_chassis.service"]
    service = "billing"

An application without a distribution of its own, as in a script or a test, calls `use` first.
"""

from dataclasses import dataclass
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path

from .exceptions import ConfigurationError

GROUP = "flask_chassis.service"
"""The group of entry points in which a service names its package."""


@dataclass(frozen=True)
class Project:
    """A service: the name of its package, and the folder of that package."""

    package: str
    folder: Path

    @property
    def in_checkout(self) -> bool:
        """Whether the package runs from a checkout rather than from an installed wheel."""
        return (self.folder.parent / "pyproject.toml").is_file()

    @property
    def prefix(self) -> str:
        """What the names of the service's environment variables begin with: `BILLING`."""
        return self.package.upper()


_current: Project | None = None


def current() -> Project:
    """Return the service; ConfigurationError unless exactly one is installed."""
    global _current
    if _current is None:
        _current = _installed()
    return _current


def use(package: str, folder: Path) -> Project:
    """Make a package the service of this process, whichever is installed, and return it."""
    global _current
    _current = Project(package, folder.resolve())
    return _current


def package() -> str:
    """Return the name of the service's package."""
    return current().package


def in_checkout() -> bool:
    """Return whether the service runs from a checkout rather than from an installed wheel."""
    return current().in_checkout


def find(name: str) -> Path:
    """Return the path of a file or folder that comes with the service.

    `name` is relative to the repository's root: `settings.yaml`, `migrations`, `infra/uwsgi.yaml`.
    In a checkout it lies beside the package, in a wheel inside it.
    """
    found = current()
    return (found.folder.parent if found.in_checkout else found.folder) / name


def working_folder() -> Path:
    """Return the folder for files that are not shipped: the checkout, or where the service runs."""
    found = current()
    return found.folder.parent if found.in_checkout else Path.cwd()


def _installed() -> Project:
    names = sorted({entry.value for entry in entry_points(group=GROUP)})
    if not names:
        raise ConfigurationError(
            "An environment has exactly one service; this one has none. Install the service with "
            f'./bootstrap; its pyproject.toml names its package under "{GROUP}".'
        )
    if len(names) > 1:
        raise ConfigurationError(
            f"An environment has exactly one service; this one has {', '.join(names)}. Uninstall "
            "all but one with pip, or remove .venv and run ./bootstrap."
        )
    spec = find_spec(names[0])
    if spec is None or spec.origin is None:
        raise ConfigurationError(
            f"The service's package {names[0]} cannot be found. Install the service: ./bootstrap."
        )
    return Project(names[0], Path(spec.origin).resolve().parent)
