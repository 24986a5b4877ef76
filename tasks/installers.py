"""Locks what installs a service, and what builds packages for it: Poetry, uv, build backends.

They compute the hashes of everything else, so that they are locked with hashes themselves.
"""

import os
import subprocess
import tempfile
import tomllib
from pathlib import Path

from .folders import PROGRAMS, ROOT, TEMPLATE

FILE = TEMPLATE / "infra" / "requirements-installers.txt"
"""What a service's ./bootstrap installs them from: written by `./invoke lock`."""

PROGRAMS_OF_BOOTSTRAP = ("poetry", "poetry-plugin-export", "uv")
"""The programs, in the versions that this repository has itself."""

BACKENDS = ("poetry-core", "setuptools")
"""What builds the service itself, and the packages that have no wheel."""

CONSTRAINTS = ROOT / "requirements.txt"


def write(*, update: bool = False) -> None:
    """Write the versions and hashes; those that are there stay, unless `update` is True."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "installers.in"
        file.write_text("\n".join(wanted()), "utf-8")
        words = ["--universal", "--python-version=3.11", "--generate-hashes", "--quiet"]
        words += ["--no-header", "--no-annotate", "--only-binary=:all:"]
        words += [f"--constraints={CONSTRAINTS}"]
        if index := os.environ.get("POETRY_PYPI_MIRROR_URL"):
            words.append(f"--default-index={index}")
        if update:
            words.append("--upgrade")
        words += [f"--output-file={FILE}", str(file)]
        subprocess.run([PROGRAMS / "uv", "pip", "compile", *words], cwd=ROOT, check=True)


def wanted(root: Path = ROOT) -> list[str]:
    """Return what the file has to have, with the versions of this repository's pyproject.toml."""
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    pinned = [pin for pin in project["dependencies"] if pin.split("==")[0] in PROGRAMS_OF_BOOTSTRAP]
    return [*pinned, *BACKENDS]
