"""The template's made-up history, and services that were rendered from it and have lived."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tasks.render import example
from tests.services import KEPT, InstalledService, alone
from tests.updates import history, life, services
from tests.updates.history import Repository
from tests.updates.services import Service

Kept = Callable[[InstalledService, str, str], Service]
Lives = Callable[[str], Service]


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """A template with three releases."""
    return history.three_releases(tmp_path_factory.mktemp("history"))


@pytest.fixture(scope="session")
def installed(service_of_each_kind: InstalledService) -> InstalledService:
    """The example of each kind in turn, with what updates need installed."""
    _with_template_tools(service_of_each_kind)
    return service_of_each_kind


def _with_template_tools(installed: InstalledService) -> None:
    """Install what updates need once, and lend it to every service."""
    lent, own = KEPT / "template-tools", installed.path / ".venv" / "template"
    wanted = installed.path / "infra" / "template"
    with alone(KEPT, "template-tools"):
        if own.exists() and not own.is_symlink():
            return
        (lent / "infra").mkdir(parents=True, exist_ok=True)
        shutil.copytree(wanted, lent / "infra" / "template", dirs_exist_ok=True)
        shutil.copy(installed.path / "bootstrap", lent)
        subprocess.run(["./bootstrap", "template"], cwd=lent, check=True)
        if not own.exists():
            own.unlink(missing_ok=True)
            own.symlink_to(lent / ".venv" / "template")


@pytest.fixture(scope="session")
def kept(template: Repository, tmp_path_factory: pytest.TempPathFactory) -> Kept:
    """Services as they are after a year; each is made once, for tests that work on copies."""
    made: dict[tuple[str, str], Service] = {}

    def keep(installed: InstalledService, tag: str, ci_system: str) -> Service:
        key = (installed.path.name, tag)
        if key not in made:
            answers = example(installed.path.name) | {"ci_system": ci_system}
            folder = tmp_path_factory.mktemp(f"{installed.path.name}-{tag}")
            made[key] = services.create(template, folder, tag, answers, installed)
            life.live(made[key].path)
            made[key].commits()
        return made[key]

    return keep


@pytest.fixture
def lived(kept: Kept, installed: InstalledService, tmp_path: Path) -> Lives:
    """Services that were rendered at a release, and have had a year of work."""

    def lives(tag: str) -> Service:
        made = kept(installed, tag, "none")
        return services.copy(made, tmp_path / f"from-{tag}" / made.path.name)

    return lives


@pytest.fixture
def fresh(kept: Kept, installed: InstalledService) -> Path:
    """What the newest release renders, with the same year of work: what an update has to give."""
    return kept(installed, "v1.2.0", "no-ci").path


@pytest.fixture
def resource(kept: Kept, rendered_service: InstalledService, tmp_path: Path) -> Service:
    """A resource from the first release, where one kind tells enough."""
    _with_template_tools(rendered_service)
    made = kept(rendered_service, "v1.0.0", "none")
    return services.copy(made, tmp_path / "lived" / made.path.name)
