"""`scan.code` finds what is planted, and fails where it cannot know."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.full.osv import advisories_against
from tests.full.scanned import Scanned, copy_to_scan, rows
from tests.services import InstalledService


@pytest.fixture
def scanned(rendered_service: InstalledService, tmp_path: Path) -> Scanned:
    """The example, with nothing planted yet."""
    return copy_to_scan(rendered_service, tmp_path / "service")


def test_the_service_as_it_is_rendered_is_clean(scanned: Scanned) -> None:
    with advisories_against("not-installed", "PyPI") as service:
        done = scanned.scan("scan.code", f"--advisories={service}")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith("No findings.\n")


def test_what_is_planted_is_found_in_one_table(scanned: Scanned) -> None:
    module = scanned.folder / "thoughts_backend" / "planted.py"
    module.write_text('"""Planted."""\n\nimport subprocess\n\nsubprocess.run("ls", shell=True)\n')
    secret = "AKIA" + "PLANTED0" * 2  # in two, as scans of this repository look for them too
    (scanned.folder / "notes.md").write_text(f"aws_key: {secret}\n")
    with advisories_against("flask", "PyPI") as service:
        done = scanned.scan("scan.code", f"--advisories={service}")
    assert done.returncode == 1
    assert rows(done) == [
        ["code", "S602", "thoughts_backend/planted.py:5"],
        ["secrets", "aws-access-key", "notes.md:1"],
        ["vulnerabilities", "PLANTED-1", "flask"],
    ]
    assert done.stderr.startswith("Found: 3.")


def test_what_was_reviewed_passes_until_it_expires(scanned: Scanned) -> None:
    ignores = scanned.folder / "infra" / "scan-ignores.toml"
    entry = (
        '[[ignore]]\nid = "PLANTED-1"\nwhere = "flask"\nreason = "Planted."\n'
        'reviewed_by = "ada"\nexpires = {}\n'
    )
    with advisories_against("flask", "PyPI") as service:
        ignores.write_text(entry.format(next_month()))
        passed = scanned.scan("scan.code", f"--advisories={service}")
        ignores.write_text(entry.format("2025-01-31"))
        expired = scanned.scan("scan.code", f"--advisories={service}")
    assert passed.returncode == 0, passed.stdout + passed.stderr
    assert "PLANTED-1 in flask (Planted.)" in passed.stdout
    assert expired.returncode == 1
    assert "it expired on 2025-01-31" in expired.stderr


def test_a_service_that_does_not_answer_fails_unless_that_is_said_to_do(scanned: Scanned) -> None:
    nowhere = "--advisories=http://127.0.0.1:9/v1"
    failed = scanned.scan("scan.code", nowhere)
    assert failed.returncode == 1
    assert rows(failed) == [["vulnerabilities", "unreachable", "http://127.0.0.1:9/v1"]]
    passed = scanned.scan("scan.code", nowhere, "--without-advisories")
    assert passed.returncode == 0
    assert "NOT SCANNED for known vulnerabilities: http://127.0.0.1:9/v1" in passed.stdout


def test_without_git_nothing_is_known_of_secrets(scanned: Scanned) -> None:
    (scanned.folder / ".git").rename(scanned.folder / ".not-git")
    failed = scanned.scan("scan.code", "--without-advisories")
    assert failed.returncode == 1
    assert "git does not list the files to scan for secrets" in failed.stderr


def next_month() -> str:
    return f"{datetime.now(UTC) + timedelta(days=30):%Y-%m-%d}"
