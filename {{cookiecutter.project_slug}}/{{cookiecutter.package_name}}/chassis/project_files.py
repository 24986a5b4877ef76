"""Finds the files that are beside the package in a checkout, and inside it in a wheel."""

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent
IN_CHECKOUT = (PACKAGE.parent / "pyproject.toml").is_file()
"""Whether the package runs from a checkout rather than from an installed wheel."""


def find(name: str) -> Path:
    """Return the path of a file or folder that comes with the service.

    `name` is relative to the repository's root: `settings.yaml`, `migrations`, `infra/uwsgi.yaml`.
    """
    return (PACKAGE.parent if IN_CHECKOUT else PACKAGE) / name


def working_folder() -> Path:
    """Return the folder for files that are not shipped: the checkout, or where the service runs."""
    return PACKAGE.parent if IN_CHECKOUT else Path.cwd()
