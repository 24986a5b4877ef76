"""Services of the last three releases run on the present chassis, without an update: SemVer's test.

Each has its own release's chassis replaced by the present one, and nothing else; then it runs its
own tests. What it is the test of is in docs/explanation/versions.md.
"""

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tasks.folders import PROGRAMS
from tasks.render import example
from tasks.wheels import VENDOR, build
from tests.conftest import EXAMPLES
from tests.full.programs import Finished, copy_of_the_repository, run, succeeds
from tests.updates import history, life, pasts, services
from tests.updates.history import CHASSIS, SERVICE, Repository, edit
from tests.updates.pasts import LAST, Release, own_releases
from tests.updates.services import Service
from tests.updates.test_chassis_release import ALONE
from tests.updates.test_fleet import NOT_INSTALLED

SECONDS = 400

MADE_UP = (Release("v0.0.7"), Release("v0.0.8"), Release("v0.0.9"))
"""They stand in until there are as many of this repository's own."""

RELEASES = [*MADE_UP, *own_releases()][-LAST:]

KINDS = tuple(zip(RELEASES, EXAMPLES.values(), strict=True))
"""A kind of each release: the oldest is of the kind that uses most of the chassis."""


# What today's settings have, and those of an earlier release had not.


def before_bodies_had_a_limit(template: Path) -> None:
    """Know no largest body."""
    drop_setting(template, "max_body_bytes")


def before_syslog(template: Path) -> None:
    """Know no syslog server."""
    drop_setting(template, "syslog")


def before_requests_were_shed(template: Path) -> None:
    """Know no longest wait, which a resource had nothing but below `http`."""
    drop_setting(template, "longest_wait_seconds")
    for file in (template / SERVICE).glob("parts/*/settings.yaml"):
        text = re.sub(r"(?m)^  http:\n(?!    )", "", file.read_text("utf-8"))
        file.write_text(text, "utf-8")


def drop_setting(template: Path, name: str) -> None:
    """Take a setting with its comment out of the default section of every kind."""
    for file in (template / SERVICE).glob("parts/*/settings.yaml"):
        text, count = re.subn(
            rf"(?m)^(?:    #.*\n)+    {name}: .*\n", "", file.read_text("utf-8"), count=1
        )
        assert count == 1, f"{name} is not in {file}"
        file.write_text(text, "utf-8")


@pytest.fixture(scope="module")
def made_up(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """A template with three releases, whose services lack ever more settings."""
    made = history.repository(tmp_path_factory.mktemp("releases"))
    changes = (before_bodies_had_a_limit, before_syslog, before_requests_were_shed)
    for number, release in enumerate(MADE_UP):
        news = f"Settings: {number}."
        missing = changes[: LAST - number]
        made.release(release.tag, news, *missing, chassis=release.tag.removeprefix("v"))
    return made


@contextmanager
def template_of(release: Release, request: pytest.FixtureRequest) -> Iterator[Repository]:
    """Give the repository with a release."""
    if release.is_own:
        with pasts.of_this_repository() as past:
            yield past.template
    else:
        yield request.getfixturevalue("made_up")


@pytest.fixture(scope="module", params=KINDS, ids=lambda pair: f"{pair[1]} {pair[0]}")
def service(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    """A service of an earlier release, a year on, installed with that release's chassis."""
    release, name = request.param
    folder = tmp_path_factory.mktemp(f"{name}-{release.tag}")
    with template_of(release, request) as template:
        found = services.create(template, folder, release.tag, example(name), NOT_INSTALLED)
        (found.path / ".venv").unlink()
        life.live(found.path)
        found.commits()
        path = {"PATH": f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}"}
        succeeds(["./bootstrap"], found.path, path, seconds=SECONDS)
        yield found


def install(service: Service, wheels: list[Path]) -> None:
    """Install wheels over those that are there; what they need stays as it is locked."""
    words: list[str | Path] = ["pip", "install", "-qq", "--no-deps", "--force-reinstall", *wheels]
    subprocess.run([service.path / ".venv/bin" / words[0], *words[1:]], check=True)


def own_tests_of(service: Service) -> Finished:
    """Run a service's own tests."""
    command = service.path / ".venv/bin/acme-tasks"
    return run([command, "tests", ALONE], service.path, seconds=SECONDS)


def chassis_of(service: Service) -> str:
    """Return the version of the chassis that a service has installed."""
    words = "from importlib.metadata import version; print(version('flask-chassis'))"
    return succeeds([service.path / ".venv/bin/python", "-c", words], service.path).strip()


def test_its_own_tests_pass_on_the_present_chassis(service: Service) -> None:
    [wheel] = VENDOR.glob("flask_chassis-*.whl")
    install(service, sorted(VENDOR.glob("*.whl")))
    assert chassis_of(service) == wheel.name.split("-")[1]
    done = own_tests_of(service)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^\d+ passed in ", done.stdout, re.MULTILINE)
    assert service.changed() == []


@pytest.mark.parametrize("service", KINDS[:1], indirect=True, ids=str)
def test_a_chassis_without_a_default_for_a_newer_setting_is_seen(
    service: Service, tmp_path: Path
) -> None:
    """Planted: what the settings of the service lack, it does not bring either."""
    settings = service.path / "settings.yaml"
    if "max_body_bytes" in settings.read_text("utf-8"):
        # A release of this repository: what it lacks is not known beforehand.
        edit(settings, "    max_body_bytes: 1048576\n", "")
    copy = copy_of_the_repository(tmp_path / "template")
    edit(copy / CHASSIS / "defaults.yaml", "  max_body_bytes: 1048576\n", "")
    install(service, [build(tmp_path, copy)["flask-chassis"]])
    done = own_tests_of(service)
    assert done.returncode != 0
    assert "max_body_bytes" in done.stdout
