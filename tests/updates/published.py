"""The number of conflicts that each update of the gate ends with, published for a release."""

import json
import tomllib
from typing import Any

from tasks.folders import GATE, ROOT
from tests.full.programs import Finished
from tests.updates.pasts import Release
from tests.updates.services import Service

FILE = GATE / "conflicts.json"
"""Beside it stands the same as a table, for people."""


def conflicts(service: Service) -> list[str]:
    """Return the files that are left in conflict, or have hunks that were rejected."""
    rejected = [path.relative_to(service.path).as_posix() for path in service.path.rglob("*.rej")]
    unmerged = service.git("diff", "--name-only", "--diff-filter=U").splitlines()
    return sorted({*rejected, *unmerged})


def begin() -> None:
    """Forget the notes of an earlier run, which was of another state of the template."""
    FILE.unlink(missing_ok=True)


def add(way: str, service: Service, since: Release, done: Finished) -> None:
    """Note what an update came to, in the place of an earlier note about the same."""
    row = {
        "way": way,
        "service": service.path.name,
        "from": str(since),
        "exit code": done.returncode,
        "conflicts": conflicts(service),
    }
    FILE.parent.mkdir(parents=True, exist_ok=True)
    rows: list[dict[str, Any]] = json.loads(FILE.read_text("utf-8")) if FILE.exists() else []
    key = ("way", "service", "from")
    rows = [each for each in rows if [each[name] for name in key] != [row[name] for name in key]]
    rows = sorted([*rows, row], key=lambda each: [each[name] for name in key])
    FILE.write_text(json.dumps(rows, indent=2) + "\n", "utf-8")
    FILE.with_suffix(".md").write_text(table(rows), "utf-8")


def table(rows: list[dict[str, Any]]) -> str:
    """Return the notes as a table in Markdown."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    conflicting = sum(bool(row["conflicts"]) for row in rows)
    lines = [
        f"## Conflicts of updates to {version}",
        "",
        f"{conflicting} of {len(rows)} updates of services, with a year's work, end in a conflict.",
        "",
        "| service | from | by | conflicts |",
        "|---|---|---|---|",
    ]
    for row in rows:
        files = ", ".join(row["conflicts"]) or "none"
        lines.append(f"| {row['service']} | {row['from']} | `{row['way']}` | {files} |")
    return "\n".join([*lines, ""])
