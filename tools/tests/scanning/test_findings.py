"""Test which findings are ignored, for how long, and how the others are shown."""

from datetime import date
from pathlib import Path

import pytest
from invoke import Exit

from flask_chassis_tools.scanning import findings
from flask_chassis_tools.scanning.findings import Finding, judge, read_ignored

TODAY = date(2026, 11, 21)

FOUND = Finding("vulnerabilities", "CVE-1", "jinja2", "2.4.1 is installed, fixed in 2.4.2")

ENTRY = """
[[ignore]]
id = "CVE-1"
where = "jinja*"
reason = "Nobody renders with it."
reviewed_by = "ada"
expires = 2027-01-31
"""


def listed(folder: Path, text: str) -> Path:
    path = folder / "scan-ignores.toml"
    path.write_text(text)
    return path


def test_no_findings_are_reported(capsys: pytest.CaptureFixture[str]) -> None:
    judge([], [])
    assert capsys.readouterr().out == "No findings.\n"


def test_findings_are_shown_as_a_table_and_fail(capsys: pytest.CaptureFixture[str]) -> None:
    other = Finding("code", "S101", "a_long_name.py:1", "assert")
    with pytest.raises(Exit, match=r"Found: 2\."):
        judge([FOUND, other, FOUND], [])
    head, *rows = capsys.readouterr().out.splitlines()
    assert head.index("what") == rows[0].index("assert") == rows[1].index("2.4.1")
    assert findings.table([FOUND]).splitlines()[1].split() == [
        *("vulnerabilities", "CVE-1", "jinja2"),
        *FOUND.what.split(),
    ]


def test_an_ignored_finding_passes_and_is_reported_with_its_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    judge([FOUND], read_ignored(listed(tmp_path, ENTRY), TODAY))
    assert "Ignored until 2027-01-31: CVE-1 in jinja2 (Nobody" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("old", "new"), [("CVE-1", "CVE-2"), ("jinja*", "jinja"), ("jinja*", "flask")]
)
def test_a_finding_that_no_entry_covers_fails(tmp_path: Path, old: str, new: str) -> None:
    ignored = read_ignored(listed(tmp_path, ENTRY.replace(old, new)), TODAY)
    assert len(ignored) == 1
    with pytest.raises(Exit, match=r"Found: 1\."):
        judge([FOUND], ignored)


def test_without_a_list_nothing_is_ignored(tmp_path: Path) -> None:
    assert read_ignored(tmp_path / "none.toml", TODAY) == []


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("2027-01-31", "2026-11-20", "it expired on 2026-11-20; review it again"),
        ("2027-01-31", "2028-01-31", "it expires more than 184 days from now"),
        ("2027-01-31", '"2027-01-31"', "expires must be a date without quotes"),
        ("2027-01-31", "2027-01-31T00:00:00", "expires must be a date without quotes"),
        ('reviewed_by = "ada"\n', "", "it must have expires, id, reason, reviewed_by, where"),
        ('"Nobody renders with it."', '""', "it must have expires, id, reason"),
        ("reason", "raeson", "it must have expires, id, reason"),
        ("[[ignore]]", "[[ignore", "cannot be read"),
    ],
)
def test_an_invalid_entry_is_an_error(tmp_path: Path, old: str, new: str, fault: str) -> None:
    with pytest.raises(Exit) as refused:
        read_ignored(listed(tmp_path, ENTRY.replace(old, new)), TODAY)
    assert fault in str(refused.value.message)
