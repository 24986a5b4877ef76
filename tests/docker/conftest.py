"""Images of the examples, built once, and a stack of containers that serves the resource."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docker import engine
from tests.docker.stack import Stack
from tests.services import InstalledService

PREFIX = "template-tests"
"""What the images of the tests are called."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip all of this folder where no engine answers, but never in CI."""
    here = Path(__file__).parent
    own = [item for item in items if here in item.path.parents]
    reason = engine.no_engine() if own else None
    if reason and not engine.in_ci():
        for item in own:
            item.add_marker(pytest.mark.skip(reason=f"no Docker engine answers: {reason}"))


@pytest.fixture(scope="session")
def image(rendered_service: InstalledService) -> str:
    """The production image of the resource."""
    tag = f"{PREFIX}:resource"
    engine.build(rendered_service.path, tag)
    return tag


@pytest.fixture(scope="session")
def image_of_each_kind(service_of_each_kind: InstalledService) -> str:
    """The production image of each kind."""
    tag = f"{PREFIX}:{service_of_each_kind.path.name}"
    engine.build(service_of_each_kind.path, tag)
    return tag


@pytest.fixture(scope="module")
def stack(
    image: str, rendered_service: InstalledService, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    """A database on this machine's own addresses, and what a service needs to run with it."""
    with Stack(image, rendered_service, tmp_path_factory.mktemp("stack")) as made:
        yield made
