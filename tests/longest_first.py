"""Starts the tiers with the longest files first, and ends with the shortest.

Then no process works alone on a long file in the end, while the others have nothing left to do.
"""

import pytest

LONGEST_FIRST = (
    "updates",
    "packages",
    "docker",
    "system",
    "full",
    "pipelines",
    "kubernetes",
    "hooks",
    "quick",
    "cluster",
)
"""The folders of the tests."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sort the tests by their folders. Those of a folder keep their order."""
    items.sort(key=lambda item: LONGEST_FIRST.index(item.path.parent.name))
