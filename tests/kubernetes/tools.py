"""Programs that `.ci/install-kubernetes-tools` has brought here."""

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tasks.folders import ROOT

FOLDER = ROOT / ".cache" / "kubernetes"
OVERLAYS = ("development", "staging", "production")

Object = dict[str, Any]


def path_with_tools() -> str:
    """Return a PATH that leads to them first."""
    return f"{FOLDER / 'bin'}{os.pathsep}{os.environ['PATH']}"


def program(name: str) -> Path:
    """Return where a program is; without it, the test is skipped."""
    found = FOLDER / "bin" / name
    if not found.is_file():
        pytest.skip(f"there is no {name} here: .ci/install-kubernetes-tools brings it")
    return found


def kustomize(folder: Path) -> str:
    """Return what kustomize makes of a folder; what it warns of is a fault."""
    done = subprocess.run([program("kustomize"), "build", folder], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return done.stdout


def objects_of(text: str) -> list[Object]:
    """Return the objects of a manifest."""
    return [each for each in yaml.safe_load_all(text) if each]
