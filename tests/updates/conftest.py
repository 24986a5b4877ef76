"""The template's made-up history, and services that were rendered from it and have lived."""

import hashlib
import json
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tasks.engine import engine
from tasks.render import example
from tests.services import KEPT, RUN, InstalledService, alone
from tests.updates import history, life, pasts, services
from tests.updates.history import Repository
from tests.updates.pasts import Past, Release
from tests.updates.services import Service

environments: Any = engine("environments")

Answers = Mapping[str, str]
Kept = Callable[[InstalledService, Repository, str, Answers], Service]
Lives = Callable[[Release], Service]
Fresh = Callable[[Service], Path]


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """A template with three releases: made once for all processes, each of which has a copy."""
    with alone(KEPT, "history") as made_for:
        run, _, folder = made_for.read_text("utf-8").partition("\n")
        if run != RUN:
            shutil.rmtree(KEPT / "history", ignore_errors=True)
            folder = str(history.three_releases(KEPT / "history").folder)
            made_for.write_text(f"{RUN}\n{folder}", "utf-8")
        return history.copied(Repository(Path(folder)), tmp_path_factory.mktemp("history"))


@pytest.fixture(scope="session")
def installed(service_of_each_kind: InstalledService) -> InstalledService:
    """The example of each kind in turn, with what updates need installed."""
    _with_template_tools(service_of_each_kind)
    return service_of_each_kind


def _with_template_tools(installed: InstalledService) -> None:
    """Install what updates need once, and lend it to every service."""
    lent, own = KEPT / "template-tools", installed.path / ".venv" / environments.TEMPLATE
    with alone(KEPT, "template-tools"):
        if own.exists() and not own.is_symlink():
            return
        lent.mkdir(parents=True, exist_ok=True)
        shutil.copy(installed.path / "bootstrap", lent)
        made = environments.install(environments.TEMPLATE, lent)
        if not own.exists():
            own.unlink(missing_ok=True)
            own.symlink_to(made)


@pytest.fixture(scope="session")
def made_up(template: Repository) -> Past:
    """The past that every feature of updates is tried on."""
    return Past(template, "v1.2.0")


@pytest.fixture(scope="session")
def own() -> Iterator[Past]:
    """The past of this repository."""
    with pasts.of_this_repository() as past:
        yield past


@pytest.fixture
def past(release: Release, request: pytest.FixtureRequest) -> Past:
    """The past that a release is of."""
    found: Past = request.getfixturevalue("own" if release.is_own else "made_up")
    return found


@pytest.fixture(scope="session")
def of_this_run() -> Path:
    """A folder for what the processes of this run share. Those of earlier runs are removed."""
    runs = KEPT / "runs"
    with alone(runs, "runs"):
        for folder in runs.iterdir():
            if folder.is_dir() and folder.stat().st_mtime < time.time() - LONGEST_RUN:
                shutil.rmtree(folder, ignore_errors=True)
        made = runs / RUN
        made.mkdir(exist_ok=True)
    return made


LONGEST_RUN = 3 * 3600
"""Seconds. A folder that is younger may be that of a run beside this one."""


@pytest.fixture(scope="session")
def kept(of_this_run: Path) -> Kept:
    """Services as they are after a year: made once for all processes; tests work on copies."""
    folder = of_this_run / "lived"

    def keep(
        installed: InstalledService, template: Repository, tag: str, answers: Answers
    ) -> Service:
        given = example(installed.path.name) | dict(answers)
        commit = template.git("rev-parse", f"{tag}^{{commit}}")
        key = hashlib.sha256(json.dumps([commit, given], sort_keys=True).encode()).hexdigest()
        name = f"{installed.path.name}-{tag}-{key[:12]}"
        with alone(folder, name) as done:
            if not done.read_text("utf-8"):
                made = services.create(template, folder / name, tag, given, installed)
                life.live(made.path)
                made.commits()
                done.write_text(made.path.name, "utf-8")
            return Service(folder / name / done.read_text("utf-8"), template, installed)

    return keep


NO_CI = {"ci_system": "none"}
"""What the newest of the made-up releases calls otherwise."""


@pytest.fixture
def lived(kept: Kept, past: Past, installed: InstalledService, tmp_path: Path) -> Lives:
    """Services that were rendered at a release, and have had a year of work."""

    def lives(release: Release) -> Service:
        made = kept(installed, past.template, release.tag, NO_CI)
        return services.copy(made, tmp_path / f"from-{release.tag}" / made.path.name)

    return lives


@pytest.fixture
def fresh(kept: Kept, past: Past, installed: InstalledService, tmp_path: Path) -> Fresh:
    """What the newest release renders from the answers of a service, with the same year of work."""

    def like(updated: Service) -> Path:
        answers = updated.record()["context"]["cookiecutter"]
        given = {name: text for name, text in answers.items() if not name.startswith("_")}
        made = kept(installed, past.template, past.newest, given)
        return services.copy(made, tmp_path / "fresh" / made.path.name).path

    return like


@pytest.fixture(scope="session")
def resource_once(kept: Kept, template: Repository, rendered_service: InstalledService) -> Service:
    """A resource from the first release, where one kind tells enough. Tests work on copies."""
    _with_template_tools(rendered_service)
    return kept(rendered_service, template, "v1.0.0", NO_CI)


@pytest.fixture
def resource(resource_once: Service, tmp_path: Path) -> Service:
    """A copy of it."""
    return services.copy(resource_once, tmp_path / "lived" / resource_once.path.name)
