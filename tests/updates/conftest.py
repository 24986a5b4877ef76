"""The template's made-up history, and services that were rendered from it and have lived."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tasks.render import example
from tests.conftest import EXAMPLES
from tests.services import InstalledService
from tests.updates import history, life, services
from tests.updates.history import Repository
from tests.updates.services import Service

Lives = Callable[[str], Service]


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """A template with three releases."""
    return history.three_releases(tmp_path_factory.mktemp("history"))


@pytest.fixture(scope="session")
def installed(service_of_each_kind: InstalledService) -> InstalledService:
    """The example of each kind in turn, with what updates need installed."""
    return service_of_each_kind


def answers_of(installed: InstalledService) -> dict[str, str]:
    """Return the answers that a service of the examples was rendered with, and no CI system."""
    [name] = [name for name in EXAMPLES.values() if name == installed.path.name]
    return example(name) | {"ci_system": "none"}


@pytest.fixture
def lived(template: Repository, installed: InstalledService, tmp_path: Path) -> Lives:
    """Services that were rendered at a release, and have had a year of work."""

    def lives(tag: str) -> Service:
        made = services.create(
            template, tmp_path / f"from-{tag}", tag, answers_of(installed), installed
        )
        life.live(made.path)
        made.commits()
        return made

    return lives


@pytest.fixture
def fresh(template: Repository, installed: InstalledService, tmp_path: Path) -> Path:
    """What the newest release renders, with the same year of work: what an update has to give."""
    answers = answers_of(installed) | {"ci_system": "no-ci"}
    made = services.create(template, tmp_path / "fresh", "v1.2.0", answers, installed)
    shutil.copy(made.path / ".cruft.json", tmp_path / "fresh.json")
    life.live(made.path)
    return made.path
