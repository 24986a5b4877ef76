"""Test that own packages are recognised by their index, and may be unknown to public services."""

from pathlib import Path

import pytest

from flask_chassis_tools.scanning import own_packages, scanners
from flask_chassis_tools.scanning.findings import Finding

OWN = '[[tool.poetry.source]]\nname = "acme"\npriority = "primary"\n'
PUBLIC = '[[tool.poetry.source]]\nname = "PyPI"\npriority = "supplemental"\n'
BY_NAME = '[[tool.poetry.source]]\nname = "acme"\npriority = "explicit"\n'

LOCK = """
[[package]]
name = "acme-words"

[package.source]
reference = "acme"

[[package]]
name = "flask"
"""


@pytest.mark.parametrize(
    ("sources", "expected"),
    [
        (OWN + PUBLIC, {"acme-words"}),
        (BY_NAME, {"acme-words"}),
        # An index that has all packages is a mirror.
        (OWN, set()),
        ("", set()),
    ],
    ids=["before the public index", "by name only", "a mirror", "none"],
)
def test_own_packages_come_from_an_own_index(
    sources: str, expected: set[str], tmp_path: Path
) -> None:
    (tmp_path / "pyproject.toml").write_text(sources)
    (tmp_path / "poetry.lock").write_text(LOCK)
    assert own_packages.names(tmp_path) == expected


@pytest.mark.parametrize("kind", ["directory", "file", "git"])
def test_packages_from_no_index_are_own_packages(kind: str, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(PUBLIC)
    (tmp_path / "poetry.lock").write_text(
        f'{LOCK}\n[[package]]\nname = "flask-chassis"\n\n[package.source]\ntype = "{kind}"\n'
    )
    assert own_packages.names(tmp_path) == {"flask-chassis"}


AUDITED = {"name": "flask", "version": "2.0", "vulns": [{"id": "CVE-1", "fix_versions": ["3.0"]}]}
SKIPPED = {"name": "acme-words", "skip_reason": "not found"}


def test_an_own_package_without_advisories_is_reported(capsys: pytest.CaptureFixture[str]) -> None:
    known = scanners.known_against([AUDITED, SKIPPED], own={"acme-words"})
    assert known == [Finding("vulnerabilities", "CVE-1", "flask", "2.0 is installed, fixed in 3.0")]
    assert capsys.readouterr().out == "No advisories for own packages: acme-words\n"


def test_another_unknown_package_is_an_error() -> None:
    assert scanners.known_against([AUDITED, SKIPPED], own=set()) == "1 of 2 packages: not found"
