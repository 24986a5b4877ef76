"""The circumstances of a measurement: when, what, on which machine, with which versions."""

import os
import platform
import subprocess
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks import interpreter
from benchmarks.tables import Table
from tasks.folders import ROOT

RESULTS = ROOT / "benchmarks" / "results"
"""Of the Python that services have by default; those of others are in folders below it."""

NAMED = ("flask", "flask-restx", "sqlalchemy", "psycopg2-binary", "pyuwsgi", "orjson")
"""The packages whose versions matter most here."""


def circumstances(table: Table) -> dict[str, Any]:
    """Return what belongs to every result."""
    return {
        "measured": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit(),
        "machine": machine(),
        "versions": versions(table),
    }


def as_line(found: dict[str, Any]) -> str:
    """Return the circumstances of a result as a sentence."""
    machine, versions = found["machine"], found["versions"]
    named = ", ".join(f"{name} {version}" for name, version in versions.items())
    return (
        f"Commit {found['commit']}, {found['measured'][:10]}; {machine['processor']}, "
        f"{machine['cores']} cores, {machine['memory_gib']} GiB; {named}."
    )


def commit() -> str:
    """Return the commit that was measured, and whether it was changed; results are none of it."""
    named = _git("describe", "--always", "--abbrev=10") or "unknown"
    changed = _git("status", "--porcelain", "--", ".", f":!{RESULTS.relative_to(ROOT)}")
    return f"{named}-dirty" if changed else named


def _git(*words: str) -> str:
    done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True)
    return done.stdout.strip()


def machine() -> dict[str, Any]:
    """Return what it was measured on."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gib": round(memory / 2**30),
        "system": platform.platform(),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def versions(table: Table) -> dict[str, str]:
    """Return the versions of what was measured."""
    locked = tomllib.loads((table.service.folder / "poetry.lock").read_text("utf-8"))["package"]
    known = {package["name"]: package["version"] for package in locked}
    return {
        "Python": interpreter.version(),
        "PostgreSQL": table.server_version().partition(" ")[0],
    } | {name: known[name] for name in NAMED}
