"""Own packages: known by the index of their lock, and no finding where nobody else knows them."""

from pathlib import Path

import pytest

from {{ cookiecutter.package_name }}.tasks import own_packages, scanners
from {{ cookiecutter.package_name }}.tasks.findings import Finding

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
def test_own_packages_are_those_of_an_own_index(
    sources: str, expected: set[str], tmp_path: Path
) -> None:
    (tmp_path / "pyproject.toml").write_text(sources)
    (tmp_path / "poetry.lock").write_text(LOCK)
    assert own_packages.names(tmp_path) == expected


AUDITED = {"name": "flask", "version": "2.0", "vulns": [{"id": "CVE-1", "fix_versions": ["3.0"]}]}
SKIPPED = {"name": "acme-words", "skip_reason": "not found"}


def test_an_own_package_without_advisories_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    known = scanners.known_against([AUDITED, SKIPPED], own={"acme-words"})
    assert known == [
        Finding("vulnerabilities", "CVE-1", "flask", "2.0 is installed, mended in 3.0")
    ]
    assert capsys.readouterr().out == "No advisories for own packages: acme-words\n"


def test_any_other_package_without_advisories_is_no_good_news() -> None:
    assert scanners.known_against([AUDITED, SKIPPED], own=set()) == "1 of 2 packages: not found"
