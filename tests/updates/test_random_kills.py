"""Updates that are killed at random moments: ten kills, after each of which all is well."""

import itertools
import random
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tasks.folders import PROGRAMS
from tests.full.programs import run
from tests.updates.history import Repository, edit
from tests.updates.killing import kill_after
from tests.updates.published import conflicts
from tests.updates.services import Service, contents, copy
from tests.updates.test_fleet import NOT_INSTALLED, fleet, fleet_once

__all__ = ("fleet", "fleet_once")

KILLS = 5

UPDATE = ("template.update", "--no-tests", "--no-input")

BRANCH = "template/v1.2.0"

NOTE = ".git/template-update.json"


def moments(seconds: float) -> Iterator[float]:
    """Yield a random moment of each fifth of a time, and print what makes it that again."""
    seed = random.randrange(10**6)  # noqa: S311
    print(f"seed {seed}")
    chosen = random.Random(seed)  # noqa: S311
    for part in range(KILLS):
        yield seconds * (part + chosen.random()) / KILLS


def killed_at(
    moment: float,
    made: Callable[[], list[Service]],
    words: Callable[[], list[str | Path]],
    folder: Callable[[list[Service]], Path],
    variables: dict[str, str],
) -> list[Service]:
    """Return services whose update was killed at a moment, or before if it had ended by then."""
    while True:
        services = made()
        if kill_after(moment, words(), folder(services), variables):
            return services
        moment *= 0.7


def require_intact(service: Service) -> None:
    """Require that git finds nothing wrong with a repository, whose main branch is as it was."""
    done = run(["git", "fsck", "--no-dangling", "--no-progress"], service.path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert service.git("rev-parse", "--abbrev-ref", "HEAD") == "main"


def test_an_update_that_is_killed_five_times_ends_as_an_undisturbed_one(
    resource: Service, tmp_path: Path
) -> None:
    """With a conflict, so that the index is written as well."""
    edit(resource.path / "README.md", "## Work on it", "## Ours")
    resource.commits()
    before = contents(resource.path)
    undisturbed = copy(resource, tmp_path / "undisturbed")
    began = time.monotonic()
    assert undisturbed.tasks(*UPDATE).returncode == 1
    seconds = time.monotonic() - began
    assert conflicts(undisturbed) == ["README.md"]
    wanted = (contents(undisturbed.path), undisturbed.changed())
    numbers = itertools.count()
    for moment in moments(seconds):
        [service] = killed_at(
            moment,
            lambda: [copy(resource, tmp_path / f"killed-{next(numbers)}")],
            lambda: [resource.command, *UPDATE],
            lambda services: services[0].path,
            resource.variables,
        )
        require_intact(service)
        has_note = (service.path / NOTE).exists()
        is_done = not has_note and (contents(service.path), service.changed()) == wanted
        assert has_note or is_done or contents(service.path) == before, moment
        if not is_done:
            assert service.tasks(*UPDATE).returncode == 1
        assert (contents(service.path), service.changed()) == wanted, moment
        assert not (service.path / NOTE).exists()


def test_an_update_of_a_fleet_that_is_killed_five_times_ends_as_an_undisturbed_one(
    template: Repository, fleet: Path, tmp_path: Path
) -> None:
    listed = tmp_path / "services.txt"
    words: list[str | Path] = [PROGRAMS / "invoke", "fleet.update", f"--services={listed}"]
    numbers = itertools.count()

    def copied() -> list[Service]:
        folder = Path(shutil.copytree(fleet, tmp_path / f"fleet-{next(numbers)}"))
        found = [folder / name for name in ("thoughts-backend", "users-backend")]
        listed.write_text("".join(f"{path}\n" for path in found))
        return [Service(path, template, NOT_INSTALLED) for path in found]

    undisturbed = copied()
    began = time.monotonic()
    assert run(words, template.folder, template.variables).returncode == 0
    seconds = time.monotonic() - began
    trees = [service.git("rev-parse", f"{BRANCH}^{{tree}}") for service in undisturbed]
    for moment in moments(seconds):
        services = killed_at(
            moment, copied, lambda: words, lambda _: template.folder, template.variables
        )
        for service in services:
            require_intact(service)
            assert service.changed() == []
        done = run(words, template.folder, template.variables)
        assert done.returncode == 0, done.stdout + done.stderr
        found = [service.git("rev-parse", f"{BRANCH}^{{tree}}") for service in services]
        assert found == trees, moment
