"""The environment of each variant: its own packages, each file checked against its hash."""

import subprocess
from pathlib import Path

from benchmarks import interpreter
from tasks.folders import ROOT

VARIANTS = ROOT / "benchmarks" / "variants"
KEPT = ROOT / ".cache" / "bench" / "environments"
"""Where environments stay between runs."""


def install(name: str) -> Path:
    """Return the folder of a variant's programs; quick where its requirements are as they were."""
    requirements = VARIANTS / name / "requirements.txt"
    environment = KEPT / interpreter.minor() / name
    wanted = f"{interpreter.version()}\n{requirements.read_text('utf-8')}"
    made_for = environment / "made-for"
    programs = environment / "bin"
    if not made_for.is_file() or made_for.read_text("utf-8") != wanted:
        subprocess.run([interpreter.path(), "-m", "venv", "--clear", environment], check=True)
        words = ["install", "-qq", "--require-hashes", "--only-binary", ":all:"]
        subprocess.run([programs / "pip", *words, "--requirement", requirements], check=True)
        made_for.write_text(wanted, "utf-8")
    return programs
