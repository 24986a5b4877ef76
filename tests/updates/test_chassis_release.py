"""A change of the chassis reaches services: vendored ones, and one that has it from an index."""

import json
import os
import re
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import certifi
import pytest

from tasks.engine import engine
from tasks.folders import PROGRAMS
from tasks.render import example
from tasks.wheels import version
from tests.conftest import EXAMPLES
from tests.full.indexes import Indexes
from tests.full.programs import run, succeeds, with_the_tools
from tests.updates import history, life, services
from tests.updates.history import CHASSIS, SERVICE, Repository, edit
from tests.updates.services import Service
from tests.updates.test_fleet import NOT_INSTALLED, invoke, told

SECONDS = 400

ALONE = "--parallel=0"
"""In one process, which takes the least of a machine that has other tests to run."""

NOW = version()
NEXT = re.sub(r"\d+$", lambda patch: str(int(patch[0]) + 1), NOW)

INDEXED = "users-backend"
"""The service that has the chassis from an index; the other two have it in vendor/."""

TEST = '''\
"""What the changed line does."""

from flask import Flask


def test_the_process_is_alive(service: Flask) -> None:
    assert service.test_client().get("/health/live").json == {"status": "alive"}
'''


def with_one_line_changed(template: Path) -> None:
    """Change one line of the chassis."""
    health = template / CHASSIS / "observability" / "health.py"
    edit(health, 'responses.json({"status": "ok"})', 'responses.json({"status": "alive"})')


@pytest.fixture(scope="module")
def indexes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Indexes]:
    """The organisation's index, which every program here trusts, as it does the public ones."""
    folder = tmp_path_factory.mktemp("index")
    served = Indexes(folder / "indexes", folder / "authority.pem")
    with served.serve(), pytest.MonkeyPatch.context() as patch:
        known = ssl.get_default_verify_paths().cafile or certifi.where()
        trusted = folder / "trusted.pem"
        trusted.write_text(Path(known).read_text("utf-8") + served.authority.read_text("utf-8"))
        for variable in ("PIP_CERT", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"):
            patch.setenv(variable, str(trusted))
        yield served


def publish(template: Repository, indexes: Indexes) -> None:
    """Put the wheels of a release on the index, as the pipeline of a release does."""
    for wheel in (template.folder / SERVICE / "vendor").iterdir():
        indexes.offer("internal", wheel)


@pytest.fixture(scope="module")
def template(indexes: Indexes, tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """A template whose second release changes one line of the chassis."""
    made = history.repository(tmp_path_factory.mktemp("releases"))
    made.release(f"v{NOW}", "The first.")
    publish(made, indexes)
    made.release(f"v{NEXT}", "Alive.", with_one_line_changed, chassis=NEXT)
    publish(made, indexes)
    (made.folder / ".git" / "info" / "exclude").write_text(".venv\n")
    with_the_tools(made.folder)
    return made


@pytest.fixture(scope="module")
def fleet(
    template: Repository, indexes: Indexes, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Service]:
    """A service of each kind, of the first release, with a test of what it does not do yet."""
    folder = tmp_path_factory.mktemp("fleet")
    found = {}
    for name in EXAMPLES.values():
        answers = example(name)
        if name == INDEXED:
            answers |= {"internal_index": indexes.address("internal")}
        made = services.create(template, folder / "made" / name, f"v{NOW}", answers, NOT_INSTALLED)
        (made.path / ".venv").unlink()
        life.write(made.path / "tests" / "test_alive.py", TEST)
        made.commits()
        made.path.rename(folder / name)
        found[name] = Service(folder / name, template, NOT_INSTALLED)
    return found


@pytest.fixture(scope="module")
def updated(template: Repository, fleet: dict[str, Service]) -> dict[str, Service]:
    """The same after one command, on the branches that it makes."""
    folder = next(iter(fleet.values())).path.parent
    done = invoke(template, "fleet.update", folder)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 services: 3 updated." in done.stdout
    for service in fleet.values():
        service.git("switch", "--quiet", f"template/v{NEXT}")
    return fleet


EXACT = (
    (r"\b[0-9a-f]{40}(?:[0-9a-f]{24})?\b", "HASH"),
    (rf"\b(?:{re.escape(NOW)}|{re.escape(NEXT)})(?!\d)", "VERSION"),
    (rf"\bv(?:{re.escape(NOW)}|{re.escape(NEXT)})(?!\d)", "TAG"),
)
"""What may differ between two releases, in the lines that differ."""


def without_versions(line: str) -> str:
    """Return a line with neither versions nor hashes."""
    for pattern, name in EXACT:
        line = re.sub(pattern, name, line)
    return line


def lines(diff: str, sign: str) -> list[str]:
    """Return the lines of a patch that are removed or added, without versions and hashes."""
    shown = [line for line in diff.splitlines() if line.startswith(sign)]
    return sorted(without_versions(line[1:]) for line in shown if not line.startswith(sign * 3))


@pytest.mark.parametrize("name", EXAMPLES.values())
def test_the_diff_is_versions_hashes_and_names_of_wheels(
    updated: dict[str, Service], name: str
) -> None:
    service = updated[name]
    changed = service.git("diff", "--name-only", "--no-renames", "main").splitlines()
    # The README links to the documentation of the version.
    texts = [".cruft.json", "README.md", "poetry.lock"]
    wheels = [
        f"vendor/{package}-{number}-py3-none-any.whl"
        for package in ("flask_chassis", "flask_chassis_tools")
        for number in (NOW, NEXT)
    ]
    # The checksums are of the template's own files, which the wheels in vendor/ are among, and
    # pyproject.toml names the wheels; an index is asked for any compatible version.
    vendored = [] if name == INDEXED else [".template-files.sha256", "pyproject.toml", *wheels]
    assert changed == sorted([*texts, *vendored])
    patch = service.git("diff", "--unified=0", "main", "--", ".", ":!vendor")
    assert lines(patch, "-") == lines(patch, "+") != []
    assert service.git("status", "--porcelain") == ""


@pytest.mark.parametrize("name", EXAMPLES.values())
def test_the_services_behave_by_the_changed_line(updated: dict[str, Service], name: str) -> None:
    """Each is installed from its lock, the hashes included, and passes all its tests."""
    service = updated[name]
    path = {"PATH": f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}"}
    succeeds(["./bootstrap"], service.path, path, seconds=SECONDS)
    command = service.path / ".venv/bin/acme-tasks"
    said = succeeds([command, "tests", ALONE], service.path, seconds=SECONDS)
    assert re.search(r"^\d+ passed in ", said, re.MULTILINE), said
    assert service.git("status", "--porcelain") == ""


def test_the_status_says_which_chassis_they_run(
    template: Repository, updated: dict[str, Service]
) -> None:
    folder = next(iter(updated.values())).path.parent
    found = told(invoke(template, "fleet.status", folder, "--json"))
    assert {each["chassis"] for each in found.values()} == {NEXT}
    assert [each["foreign"] for each in found.values()] == [[], [], []]


@pytest.fixture(scope="module")
def bumped(
    template: Repository, updated: dict[str, Service], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Service]:
    """Clones of the services as they were, with a branch that has chassis and tools alone."""
    folder = tmp_path_factory.mktemp("bumped")
    found = {
        name: services.clone(service, folder / name, "--branch=main")
        for name, service in updated.items()
    }
    for service in found.values():
        (service.path / ".venv").unlink()
    with pytest.MonkeyPatch.context() as patch:
        # Poetry keeps what an index said by the name of the source, whatever its address is.
        patch.setenv("POETRY_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        done = invoke(template, "fleet.update", folder, "--bump")
        assert done.returncode == 0, done.stdout + done.stderr
        assert "3 services: 3 updated." in done.stdout
        again = invoke(template, "fleet.update", folder, "--bump")
    assert "3 services: 3 done before." in again.stdout
    return found


@pytest.mark.parametrize("name", EXAMPLES.values())
def test_a_bump_brings_what_an_update_brings_and_the_record_says_that_it_was_one(
    updated: dict[str, Service], bumped: dict[str, Service], name: str
) -> None:
    """The release changes nothing but the chassis, and the version that the README links to."""
    service = bumped[name]
    service.git("fetch", "--quiet", "origin", f"template/v{NEXT}:update")
    changed = service.git("diff", "--name-only", "update", f"chassis/v{NEXT}")
    assert changed.split() == [".cruft.json", "README.md"]
    record = json.loads(service.git("show", f"chassis/v{NEXT}:.cruft.json"))
    assert record.pop("chassis", None) == (None if name == INDEXED else f"v{NEXT}")
    assert record == json.loads(service.git("show", "main:.cruft.json"))


def test_services_with_a_bump_are_updated_as_all_others(
    template: Repository, updated: dict[str, Service], bumped: dict[str, Service]
) -> None:
    folder = next(iter(bumped.values())).path.parent
    for service in bumped.values():
        service.git("switch", "--quiet", f"chassis/v{NEXT}")
    done = invoke(template, "fleet.update", folder)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 services: 3 updated." in done.stdout
    for name, service in bumped.items():
        before = updated[name].git("rev-parse", f"template/v{NEXT}^{{tree}}")
        assert service.git("rev-parse", f"template/v{NEXT}^{{tree}}") == before


def test_with_an_index_poetry_alone_brings_the_chassis(
    updated: dict[str, Service], tmp_path: Path
) -> None:
    """Between two updates of the template: the lock is all that changes, and as an update does."""
    clone = services.clone(updated[INDEXED], tmp_path / INDEXED, "--branch=main")
    (clone.path / ".venv").unlink()
    lock = clone.path / "poetry.lock"
    before = history.versions_of(lock.read_text("utf-8"))
    words = ["update", "--lock", "--no-interaction", "flask-chassis", "flask-chassis-tools"]
    variables = {
        # Poetry keeps what an index said by the name of the source, whatever its address is.
        "POETRY_CACHE_DIR": str(tmp_path / "cache"),
        "POETRY_VIRTUALENVS_CREATE": "false",
    } | engine("lock_file").index(PROGRAMS)
    done = run([PROGRAMS / "poetry", *words], clone.path, variables, seconds=SECONDS)
    assert done.returncode == 0, done.stdout + done.stderr
    after = history.versions_of(lock.read_text("utf-8"))
    assert after == before | {"flask-chassis": NEXT, "flask-chassis-tools": NEXT}
    assert lock.read_text("utf-8") == (updated[INDEXED].path / "poetry.lock").read_text("utf-8")
    assert clone.changed() == ["M poetry.lock"]
    patch = clone.git("diff", "--unified=0")
    assert lines(patch, "-") == lines(patch, "+") != []
    check: list[str | Path] = [PROGRAMS / "poetry", "check", "--lock", "--no-interaction"]
    subprocess.run(check, cwd=clone.path, check=True)
