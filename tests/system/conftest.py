"""The three example services, running together as in production, and a person with a browser."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tasks.checks.pages import Person
from tasks.folders import ROOT
from tasks.render import example
from tasks.system import NAMES, System
from tests.services import EXTRAS, install

PICTURES = ROOT / ".cache" / "screenshots"
"""Where the pictures of pages are kept, for whoever wants to look at them afterwards."""

Folders = Mapping[str, Path]

NewSystem = Callable[..., System]

NewPerson = Callable[..., Person[System]]


@pytest.fixture(scope="session")
def folders() -> Folders:
    """The services, installed."""
    return {name: install(example(name), extras=EXTRAS).path for name in NAMES}


@pytest.fixture(scope="session")
def system(folders: Folders, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """The system, one for each process of the tests. Tests repair what they break."""
    made = System(folders, tmp_path_factory.mktemp("system"))
    try:
        made.start()
        yield made
    finally:
        made.stop()


@pytest.fixture
def new_system(folders: Folders, tmp_path: Path) -> Iterator[NewSystem]:
    """Make separate systems, not started yet: `new_system({service: {setting: value}})`."""
    with ExitStack() as stack:

        def make(supplied: Mapping[str, Mapping[str, str]] | None = None) -> System:
            made = System(folders, tmp_path, supplied=supplied)
            stack.callback(made.stop)
            return made

        yield make


@pytest.fixture
def person(browser: Browser, system: System) -> Iterator[Person[System]]:
    """Somebody at a browser of their own."""
    with browser.new_context() as context:
        yield Person(system, context, PICTURES)


@pytest.fixture
def new_person(browser: Browser) -> Iterator[NewPerson]:
    """Make persons with browsers that are set up otherwise: `new_person(system, locale="de")`."""
    with ExitStack() as stack:

        def make(system: System, **options: object) -> Person[System]:
            context = stack.enter_context(browser.new_context(**options))  # type: ignore[arg-type]  # passed on
            return Person(system, context, PICTURES)

        yield make
