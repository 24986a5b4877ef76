"""Formats Python code with ruff, by the service's own rules."""

import subprocess
import sys
from pathlib import Path

from .faults import ResourceError


def formatted(text: str, name: str, folder: Path, *, unused_imports: bool = True) -> str:
    """Return the code of a file of the service, formatted, with its imports sorted.

    Removes imports that nothing uses, unless `unused_imports` stay. Raises ResourceError if it does
    not compile.
    """
    rules = "I" if unused_imports else "I,F401"
    fix = ["check", "--fix", "--exit-zero", f"--select={rules}"]
    for words in (fix, ["format"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *words, f"--stdin-filename={name}", "-"],
            cwd=folder,
            input=text,
            capture_output=True,
            encoding="utf-8",
        )
        if done.returncode:
            raise ResourceError(f"ruff cannot format {name}: {done.stderr.strip()}")
        text = done.stdout
    return text
