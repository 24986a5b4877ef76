"""The tests of tools pass on the oldest and the newest Python: once, and not in every service.

What breaks on a version between the two alone is rare, and each run takes two minutes.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.packages.conftest import REPORT, passes_its_tests
from tests.pythons import VERSIONS

OLDEST_AND_NEWEST = sorted(VERSIONS, key=lambda version: [*map(int, version.split("."))])[
    :: len(VERSIONS) - 1
]


@pytest.mark.parametrize("version", OLDEST_AND_NEWEST, indirect=True, scope="module")
def test_it_passes_its_own_tests(
    packages: Path, version: str, record_property: Callable[[str, object], None]
) -> None:
    ended = passes_its_tests("tools", packages)
    record_property(REPORT, f"tools, Python {version}: {ended}")
