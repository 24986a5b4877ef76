"""The tests of tools pass on the newest Python: once, and not in every service.

All other tiers run the tools on the Python of this repository, the oldest one in CI: in services
and in the tasks of a fleet. Each run takes four minutes of a processor.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.packages.conftest import REPORT, passes_its_tests
from tests.pythons import VERSIONS

NEWEST = max(VERSIONS, key=lambda version: [*map(int, version.split("."))])


@pytest.mark.parametrize("version", [NEWEST], indirect=True, scope="module")
def test_it_passes_its_own_tests(
    packages: Path, version: str, record_property: Callable[[str, object], None]
) -> None:
    ended = passes_its_tests("tools", packages)
    record_property(REPORT, f"tools, Python {version}: {ended}")
