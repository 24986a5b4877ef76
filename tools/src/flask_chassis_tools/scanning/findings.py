"""Findings of the scans, and the list of ignored findings with reason and expiry date.

# infra/scan-ignores.toml
[[ignore]]
id = "CVE-2026-1234"          # as in the table of findings
where = "jinja2"              # the package or the file; * matches any text
reason = "The service renders only its own templates."
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
    """One problem that a scan found."""

    scan: str
    id: str
    where: str
    what: str


@dataclass(frozen=True)
class Ignored:
    """A finding that somebody has reviewed and accepted."""

    id: str
    where: str
    reason: str
    reviewed_by: str
    expires: date

    def covers(self, finding: Finding) -> bool:
        """Return whether this entry covers a finding."""
        return self.id == finding.id and fnmatchcase(finding.where, self.where)


def read_ignored(path: Path, today: date) -> list[Ignored]:
    """Return the entries of the list; Exit if one is incomplete or has expired."""
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
            faults.append(f"{name}: it must have {', '.join(sorted(names))}, and nothing else")
        elif type(entry["expires"]) is not date:
            faults.append(f"{name}: expires must be a date without quotes, such as 2027-01-31")
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
    """Print the findings; Exit if one is not ignored."""
    left, passed = [], []
    for finding in sorted(set(findings)):
        entry = next((entry for entry in ignored if entry.covers(finding)), None)
        if entry:
            passed.append((finding, entry))
        else:
            left.append(finding)
    for finding, entry in passed:
        print(f"Ignored until {entry.expires}: {finding.id} in {finding.where} ({entry.reason})")
    if left:
        print(table(left))
        raise Exit(f"Found: {len(left)}. Fix them, or list them in infra/scan-ignores.toml.", 1)
    print("No findings.")


def table(findings: Iterable[Finding]) -> str:
    """Return findings as a table with aligned columns."""
    rows = [("scan", "id", "where", "what")]
    rows += [(each.scan, each.id, each.where, each.what) for each in findings]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return "\n".join(
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[3]])
        for row in rows
    )
