"""Installs the programs that tasks run in virtual environments of their own.

Each folder here is one environment: its `pyproject.toml` names the programs, its `requirements.txt`
locks them and everything they need with hashes. Their dependencies stay out of the service's own
environment.
"""

import hashlib
import shutil
import subprocess
import sys
from importlib.resources import as_file, files
from pathlib import Path

from flask_chassis import project
from invoke import Exit

CLIENT, SAFETY, SCANNERS, TEMPLATE = NAMES = ("client", "safety", "scanners", "template")


def install(name: str, service: Path | None = None) -> Path:
    """Create `.venv/<name>` in the service's checkout if it is missing or outdated, and return it.

    The service's `./bootstrap` does the work, because it knows the package index and uv.
    """
    service = service or project.working_folder()
    if not (service / "bootstrap").is_file():
        raise Exit(f"Not a checkout of the service: {service} has no bootstrap script.", 1)
    environment = service / ".venv" / name
    marker = environment / "made-for"
    with as_file(files(__package__) / name / "requirements.txt") as requirements:
        if _read(marker) == _wanted(environment, requirements):
            return environment
        _remove(environment)
        command = ["./bootstrap", "environment", f".venv/{name}", str(requirements)]
        # Tasks that print JSON have it alone on standard output.
        if subprocess.run(command, cwd=service, stdout=sys.stderr).returncode:
            raise Exit(f"Installing .venv/{name} failed. The output above says why.", 1)
        marker.write_text(_wanted(environment, requirements), encoding="utf-8")
    return environment


def _wanted(environment: Path, requirements: Path) -> str:
    """Return the folder, because an environment cannot be moved, and a checksum."""
    checksum = hashlib.sha256(requirements.read_bytes()).hexdigest()
    return f"{environment.resolve()} {checksum}\n"


def _read(marker: Path) -> str | None:
    try:
        return marker.read_text(encoding="utf-8")
    except OSError:
        return None


def _remove(environment: Path) -> None:
    if environment.is_symlink():
        environment.unlink()
    elif environment.exists():
        shutil.rmtree(environment)
