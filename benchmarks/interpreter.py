"""The Python that everything is measured on: `./invoke bench --python=PATH`, else this one."""

import json
import os
import subprocess
import sys
from functools import cache

from tasks.folders import ROOT

VARIABLE = "PYTHON"
"""The variable that a service's `bootstrap` reads, too."""


def path() -> str:
    """Return the path of the interpreter."""
    return os.environ.get(VARIABLE) or sys.executable


@cache
def version() -> str:
    """Return its version, such as 3.13.5."""
    program = "import platform; print(platform.python_version())"
    done = subprocess.run([path(), "-c", program], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def minor() -> str:
    """Return its version without the last number, such as 3.13."""
    return version().rpartition(".")[0]


def is_default() -> bool:
    """Return whether it is the version that services have by default."""
    questions = json.loads((ROOT / "cookiecutter.json").read_text("utf-8"))
    offered: list[str] = questions["python_version"]
    return minor() == offered[0]
