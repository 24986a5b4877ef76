"""Writes what was measured into benchmarks/results: as JSON, and as a table to read."""

import json
import os
import platform
import subprocess
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.growth import LARGE, SMALL, Measured
from benchmarks.tables import Table
from tasks.folders import ROOT

RESULTS = ROOT / "benchmarks" / "results"
NAMED = ("flask", "flask-restx", "sqlalchemy", "psycopg2-binary", "pyuwsgi", "orjson")
"""The packages whose versions matter most here."""


def write(measured: list[Measured], table: Table) -> Path:
    """Write both files and return the one to read."""
    found = {
        "measured": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit(),
        "machine": machine(),
        "versions": versions(table),
        "rows": {"small": SMALL, "large": LARGE},
        "search_index": any("no index" in one.kind.name for one in measured),
        "requests": [one.as_json() for one in measured],
    }
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "growth.json").write_text(json.dumps(found, indent=2) + "\n", "utf-8")
    readable = RESULTS / "growth.md"
    readable.write_text(as_markdown(found), "utf-8")
    return readable


def as_markdown(found: dict[str, Any]) -> str:
    """Return the table."""
    machine, versions = found["machine"], found["versions"]
    lines = [
        f"# What {LARGE:,} rows cost beside {SMALL:,}",
        "",
        f"Commit {found['commit']}, {found['measured'][:10]}; {machine['processor']}, "
        f"{machine['cores']} cores, {machine['memory_gib']} GiB; "
        + ", ".join(f"{name} {version}" for name, version in versions.items())
        + ".",
        "",
        f"| request | {SMALL:,} rows, ms | {LARGE:,} rows, ms | ratio | least to most | bar |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    lines += [_row(one) for one in found["requests"]]
    if not found["search_index"]:
        lines += ["", "This PostgreSQL has no `pg_trgm`: the searches have no index."]
    return "\n".join(lines) + "\n"


def _row(one: dict[str, Any]) -> str:
    bar = "" if one["bar"] is None else f"{one['bar']}{'' if one['ratio'] <= one['bar'] else ' ✗'}"
    return (
        f"| {one['request']} | {one['small_ms']:.2f} | {one['large_ms']:.2f} | {one['ratio']:.2f} "
        f"| {one['ratio_least']:.2f} to {one['ratio_most']:.2f} | {bar} |"
    )


def commit() -> str:
    """Return the commit that was measured, and whether it was changed."""
    words = ["git", "describe", "--always", "--dirty", "--abbrev=10"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True)
    return done.stdout.strip() or "unknown"


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
        "Python": platform.python_version(),
        "PostgreSQL": table.server_version().partition(" ")[0],
    } | {name: known[name] for name in NAMED}
