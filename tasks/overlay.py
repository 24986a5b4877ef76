"""Puts the domain of an example into a rendered service, as the tutorial does by hand."""

import os
import shutil
import subprocess
from pathlib import Path

from .folders import EXAMPLES

INVOICES = "invoices"
"""The example with a domain of its own: docs/tutorial/build-a-domain.md builds it."""

SEEDED = (
    "invoices_backend/invoices",
    "tests/invoices",
    "migrations/versions/0002_create_invoices.py",
)
"""What the template renders of the example. The domain takes its place."""


def put(service: Path, name: str = INVOICES) -> None:
    """Replace the seeded example of a service by the domain in `examples/<name>/`.

    Raises RuntimeError if `examples/<name>.patch` does not fit the files that are rendered.
    """
    for seeded in SEEDED:
        path = service / seeded
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(EXAMPLES / name, service, ignore=ignored, dirs_exist_ok=True)
    patch = EXAMPLES / f"{name}.patch"
    done = subprocess.run(
        ["git", "apply", patch],
        cwd=service,
        # Below another repository, git would take the paths to be that one's.
        env=os.environ | {"GIT_CEILING_DIRECTORIES": str(service.parent)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(
            f"{patch} does not fit what the template renders: {done.stderr.strip()}. Make these "
            "changes in a rendered service, and write its `git diff` there."
        )
