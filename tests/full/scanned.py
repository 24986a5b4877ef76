"""A copy of the example in which tests plant what scans have to find."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.full.programs import Finished, run, succeeds
from tests.services import KEPT, InstalledService, alone

LONGEST_SCAN_SECONDS = 300


@dataclass(frozen=True)
class Scanned:
    """The copy, a git repository of its own, and the tasks with its code."""

    folder: Path
    command: Path

    def scan(self, *words: str) -> Finished:
        """Run a scan."""
        environment = {"PYTHONPATH": str(self.folder)}
        return run([self.command, *words], self.folder, environment, seconds=LONGEST_SCAN_SECONDS)


def copy_to_scan(service: InstalledService, folder: Path, environment: str = "scanners") -> Scanned:
    """Copy a service; the scanners are installed once, in the .venv that both have."""
    # There and not in the copy: a virtual environment remembers where it was made. Tests that run
    # beside these may want it, too.
    with alone(KEPT, f"{service.path.name}-{environment}"):
        words = (
            f"from flask_chassis_tools import environments; environments.install({environment!r})"
        )
        succeeds([service.bin / "python", "-c", words], service.path, seconds=LONGEST_SCAN_SECONDS)
    made = shutil.ignore_patterns(".venv", ".*_cache", "__pycache__", ".coverage")
    shutil.copytree(service.path, folder, ignore=made)
    (folder / ".venv").symlink_to(service.path / ".venv")
    succeeds(["git", "init", "--quiet"], folder)
    (folder / ".git" / "info" / "exclude").write_text(".venv\n")
    return Scanned(folder, service.bin / "acme-tasks")


def rows(done: Finished) -> list[list[str]]:
    """Return the table of what was found, as scan, id and where."""
    lines = done.stdout.splitlines()
    head = next(number for number, line in enumerate(lines) if line.startswith("scan "))
    return [line.split()[:3] for line in lines[head + 1 :]]


def validated(document: Path, service: InstalledService) -> subprocess.CompletedProcess[str]:
    """Hold a bill of materials against CycloneDX's own schema."""
    script = (
        "import sys\n"
        "from cyclonedx.schema import SchemaVersion\n"
        "from cyclonedx.validation.json import JsonStrictValidator\n"
        "text = open(sys.argv[1]).read()\n"
        "sys.exit(str(JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) or '') or 0)\n"
    )
    return service.run("../scanners/bin/python", "-c", script, str(document))
