"""The tests of chassis pass on each Python that is here: once, and not in every service."""

from collections.abc import Callable
from pathlib import Path

from tests.packages.conftest import REPORT, passes_its_tests


def test_it_passes_its_own_tests(
    packages: Path, version: str, record_property: Callable[[str, object], None]
) -> None:
    ended = passes_its_tests("chassis", packages)
    record_property(REPORT, f"chassis, Python {version}: {ended}")
