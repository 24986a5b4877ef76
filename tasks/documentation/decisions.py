"""Lists the decisions: number, title, status and date of each, which each states itself.

# 17. Keep-alive belongs to what stands in front

**Status.** Accepted, 2026-11-28.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from tasks.folders import ROOT

from .tables import table as table_of

FOLDER = ROOT / "docs" / "decisions"

STATUSES = ("Proposed", "Accepted", "Amended", "Superseded", "Rejected")

_HEAD = re.compile(
    r"\A# (?P<number>\d+)\. (?P<title>.+)\n\n"
    r"\*\*Status\.\*\* (?P<status>[A-Z]\w+)(?P<by>[^,\n]*), (?P<date>\d{4}-\d\d-\d\d)\."
)


@dataclass(frozen=True)
class Decision:
    """A decision, as its first lines say."""

    name: str
    number: int
    title: str
    status: str
    date: str


def read(path: Path) -> Decision | str:
    """Return the decision in a file, or a sentence about what its first lines lack."""
    found = _HEAD.match(path.read_text("utf-8"))
    if not found:
        return (
            f"{path.name}: begin with `# NUMBER. Title`, an empty line and "
            "`**Status.** Accepted, YYYY-MM-DD.`"
        )
    if found["status"] not in STATUSES:
        names = ", ".join(STATUSES)
        return f"{path.name}: {found['status']} is not a status. Name one of: {names}."
    if int(path.name.partition("-")[0]) != int(found["number"]):
        return f"{path.name}: the title has the number {found['number']}. Give both the same."
    return Decision(
        path.name,
        int(found["number"]),
        found["title"],
        found["status"] + found["by"],
        found["date"],
    )


def read_all(folder: Path = FOLDER) -> list[Decision | str]:
    """Return all decisions, in the order of their numbers."""
    return [read(path) for path in sorted(folder.glob("[0-9]*.md"))]


def table() -> str:
    """Return the index of all decisions."""
    found = [each for each in read_all() if isinstance(each, Decision)]
    rows = [
        (str(each.number), f"[{each.title}]({each.name})", each.status, each.date) for each in found
    ]
    return table_of(("#", "decision", "status", "date"), rows)
