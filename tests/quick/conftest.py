"""Renders once what many tests read."""

from pathlib import Path

import pytest

from tasks.render import example, render
from tests.conftest import EXAMPLES
from tests.quick.answers import all_pairs

PAIRS = list(all_pairs())


@pytest.fixture(scope="session")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A service with every default."""
    return render(tmp_path_factory.mktemp("plain"), {})


@pytest.fixture(scope="session")
def examples(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The example of each kind."""
    folder = tmp_path_factory.mktemp("examples")
    return {kind: render(folder, example(name)) for kind, name in EXAMPLES.items()}


@pytest.fixture(scope="session")
def rendered_pairs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The services of all pairs of answers."""
    return [render(tmp_path_factory.mktemp("pair"), answers) for answers in PAIRS]
