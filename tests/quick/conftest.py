"""Renders once what many tests read."""

from pathlib import Path

import pytest

from tasks.render import render
from tests.quick.answers import all_pairs

PAIRS = list(all_pairs())


@pytest.fixture(scope="session")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A service with every default."""
    return render(tmp_path_factory.mktemp("plain"), {})


@pytest.fixture(scope="session")
def rendered_pairs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The services of all pairs of answers."""
    return [render(tmp_path_factory.mktemp("pair"), answers) for answers in PAIRS]
