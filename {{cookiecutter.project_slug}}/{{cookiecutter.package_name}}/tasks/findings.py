"""What scans have found, and the list of what is let pass: for a reason, and for a time.

# infra/scan-ignores.toml
[[ignore]]
id = "CVE-2026-1234"          # as the table of findings calls it
where = "jinja2"              # the package or the file; * stands for any text
reason = "We render no templates of strangers."
reviewed_by = "ada"
expires = 2027-01-31          # within half a year
"""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import date, timedelta
from fnmatch import fnmatchcase
from pathlib import Path

from invoke import Exit

LONGEST_IGNORED = timedelta(days=184)


@dataclass(frozen=True, order=True)
class Finding:
    """One thing that is wrong."""

    scan: str
    id: str
    where: str
    what: str


@dataclass(frozen=True)
class Ignored:
    """A finding that somebody has looked at and lets pass."""

    id: str
    where: str
    reason: str
    reviewed_by: str
    expires: date

    def covers(self, finding: Finding) -> bool:
        """Return whether a finding is meant."""
        return self.id == finding.id and fnmatchcase(finding.where, self.where)


def read_ignored(path: Path, today: date) -> list[Ignored]:
    """Return the entries of the list; each has to be complete, and none may have expired."""
    if not path.is_file():
        return []
    names = {field.name for field in fields(Ignored)}
    found, faults = [], []
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8")).get("ignore", [])
    except tomllib.TOMLDecodeError as error:
        raise Exit(f"{path.name} cannot be read: {error}", 1) from None
    for number, entry in enumerate(entries, start=1):
        name = f"{path.name}, entry {number} ({entry.get('id', '?')})"
        if entry.keys() != names or not all(entry.values()):
            faults.append(f"{name}: it has to have {', '.join(sorted(names))}, and no more")
        elif type(entry["expires"]) is not date:
            faults.append(f"{name}: expires is a date without quotes, 2027-01-31")
        elif entry["expires"] < today:
            faults.append(f"{name}: it expired on {entry['expires']}; review it again")
        elif entry["expires"] > today + LONGEST_IGNORED:
            faults.append(f"{name}: it expires more than {LONGEST_IGNORED.days} days from now")
        else:
            found.append(Ignored(**entry))
    if faults:
        raise Exit("\n".join(faults), 1)
    return found


def judge(findings: Iterable[Finding], ignored: list[Ignored]) -> None:
    """Print what was found, and stop where something is not let pass."""
    left, passed = [], []
    for finding in sorted(set(findings)):
        entry = next((entry for entry in ignored if entry.covers(finding)), None)
        if entry:
            passed.append((finding, entry))
        else:
            left.append(finding)
    for finding, entry in passed:
        print(f"Let pass until {entry.expires}: {finding.id} in {finding.where} ({entry.reason})")
    if left:
        print(table(left))
        raise Exit(f"Found: {len(left)}. Mend them, or list them in infra/scan-ignores.toml.", 1)
    print("Nothing was found.")


def table(findings: Iterable[Finding]) -> str:
    """Return findings as a table, with columns as wide as they have to be."""
    rows = [("scan", "id", "where", "what")]
    rows += [(each.scan, each.id, each.where, each.what) for each in findings]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return "\n".join(
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[3]])
        for row in rows
    )
