"""Writes what growth cost into benchmarks/results: as JSON, and as a table to read."""

import json
from pathlib import Path
from typing import Any

from benchmarks.circumstances import RESULTS, as_line, circumstances
from benchmarks.growth import LARGE, SMALL, Measured
from benchmarks.tables import Table


def write(measured: list[Measured], table: Table, results: Path = RESULTS) -> Path:
    """Write both files and return the one to read."""
    found = {
        **circumstances(table),
        "rows": {"small": SMALL, "large": LARGE},
        "search_index": any("no index" in one.kind.name for one in measured),
        "requests": [one.as_json() for one in measured],
    }
    results.mkdir(exist_ok=True)
    (results / "growth.json").write_text(json.dumps(found, indent=2) + "\n", "utf-8")
    readable = results / "growth.md"
    readable.write_text(as_markdown(found), "utf-8")
    return readable


def as_markdown(found: dict[str, Any]) -> str:
    """Return the table."""
    lines = [
        f"# What {LARGE:,} rows cost beside {SMALL:,}",
        "",
        as_line(found),
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
