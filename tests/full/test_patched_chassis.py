"""A service runs on a patched chassis after one change: see docs/how-to/patch-the-chassis.md."""

import re
import shutil
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from tasks.folders import PROGRAMS, ROOT
from tasks.render import example, render
from tasks.running_service import RunningService
from tests.full.programs import Finished, copy_of_the_repository, run, succeeds

HOW_TO = (ROOT / "docs" / "how-to" / "patch-the-chassis.md").read_text("utf-8")
LIVE = 'return responses.json({"status": "ok"})'
PATCHED = 'return responses.json({"status": "patched"})'
SECONDS = 300


@dataclass(frozen=True)
class Service:
    """A rendered service, to change and to install."""

    path: Path

    @property
    def health(self) -> Path:
        """The module that is patched, in the copy of the chassis."""
        return self.path / "vendor/flask-chassis/src/flask_chassis/observability/health.py"

    def patch(self) -> None:
        """Copy the chassis and fix a line, name the folder in pyproject.toml."""
        sources = copy_of_the_repository(self.path.parent / "template") / "chassis"
        shutil.copytree(sources, self.path / "vendor/flask-chassis")
        self.rewrite(LIVE, PATCHED)
        pyproject = self.path / "pyproject.toml"
        text = pyproject.read_text("utf-8")
        for table, before, after in changes_in(HOW_TO):
            text, count = re.subn(
                rf"(?<=^\[{re.escape(table)}\]\n){re.escape(before)}$",
                after,
                text,
                flags=re.MULTILINE,
            )
            assert count == 1, (table, before)
        pyproject.write_text(text, "utf-8")

    def rewrite(self, before: str, after: str) -> None:
        """Change a line of the patched chassis."""
        text = self.health.read_text("utf-8")
        assert text.count(before) == 1
        self.health.write_text(text.replace(before, after), "utf-8")

    def poetry(self, *words: str) -> str:
        """Run Poetry, which must succeed."""
        return succeeds([PROGRAMS / "poetry", *words], self.path, seconds=SECONDS)

    def bootstrap(self) -> Finished:
        """Install as a developer does."""
        path = {"PATH": f"{PROGRAMS}:/usr/bin:/bin"}
        done = run(["./bootstrap"], self.path, path, seconds=SECONDS)
        assert done.returncode == 0, done.stderr
        return done

    def answers(self, folder: Path) -> str:
        """Start the service as in production, and return what it says of its health."""
        service = RunningService(self.path, folder)
        try:
            service.start()
            return str(requests.get(f"{service.address}/health/live", timeout=10).json()["status"])
        finally:
            service.stop()

    def drift(self) -> Finished:
        """Ask the service how it differs from the template."""
        return run([self.path / ".venv/bin/acme-tasks", "template.drift"], self.path)

    def source(self) -> dict[str, str]:
        """Return where the lock takes the chassis from."""
        locked = tomllib.loads((self.path / "poetry.lock").read_text("utf-8"))
        [chassis] = [each for each in locked["package"] if each["name"] == "flask-chassis"]
        source: dict[str, str] = chassis["source"]
        return source


def changes_in(page: str) -> list[tuple[str, str, str]]:
    """Return the changes of pyproject.toml in the first diff of a page: table, line, new line."""
    found = re.search(r"```diff\n(.*?)```", page, re.DOTALL)
    assert found
    lines = [line[4:] for line in found[1].splitlines()]  # indented by three, and diff's own column
    marks = [line[3:4] for line in found[1].splitlines()]
    changes, table = [], ""
    for number, (mark, line) in enumerate(zip(marks, lines, strict=True)):
        if line.startswith("["):
            table = line.strip("[]")
        elif mark == "-":
            assert marks[number + 1] == "+"
            changes.append((table, line, lines[number + 1]))
    assert len(changes) == 2
    return changes


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Service:
    """The example of a resource; the tests below follow its life."""
    return Service(render(tmp_path_factory.mktemp("patched"), example("thoughts-backend")))


@pytest.fixture(scope="module")
def as_rendered(service: Service) -> Iterator[dict[str, bytes]]:
    """The files that a patch changes, as they were."""
    yield {name: (service.path / name).read_bytes() for name in ("pyproject.toml", "poetry.lock")}


@pytest.fixture(scope="module")
def patched(service: Service, as_rendered: dict[str, bytes]) -> Service:
    """The service on a patched chassis, locked and installed."""
    service.patch()
    service.poetry("lock")
    service.bootstrap()
    return service


def test_one_change_brings_the_patched_chassis(patched: Service, tmp_path: Path) -> None:
    assert patched.source() == {"type": "directory", "url": "vendor/flask-chassis"}
    assert patched.answers(tmp_path) == "patched"


def test_the_service_says_that_its_chassis_is_not_the_templates(patched: Service) -> None:
    drift = patched.drift()
    assert drift.returncode == 1
    assert "flask-chassis 0.1.0 from path vendor/flask-chassis." in drift.stdout
    assert "flask-chassis-tools" not in drift.stdout
    assert "Delete vendor/flask-chassis. Then run: poetry lock && ./bootstrap" in drift.stdout


def test_everything_else_keeps_its_hash(patched: Service) -> None:
    installed = (patched.path / ".venv/requirements.txt").read_text("utf-8")
    pins = [line for line in installed.splitlines() if line and line[0] not in " #-"]
    assert len(pins) > 40
    assert [pin for pin in pins if not pin.endswith("\\")] == []
    [alone] = (patched.path / ".venv/patched.txt").read_text("utf-8").splitlines()
    assert alone.startswith("flask-chassis @ file://")


def test_another_change_in_the_folder_is_installed_too(patched: Service) -> None:
    assert patched.bootstrap().stderr == ""
    patched.rewrite(PATCHED, LIVE)
    assert "making .venv" in patched.bootstrap().stderr
    [module] = patched.path.glob(".venv/lib/*/site-packages/flask_chassis/observability/health.py")
    assert LIVE in module.read_text("utf-8")


def test_a_git_commit_is_installed_too(patched: Service, tmp_path: Path) -> None:
    """The page's other way."""
    repository = copy_of_the_repository(tmp_path / "template")
    health = repository / "chassis/src/flask_chassis/observability/health.py"
    health.write_text(health.read_text("utf-8").replace(LIVE, PATCHED), "utf-8")
    person = ["-c", "user.name=Ada", "-c", "user.email=ada@acme.example"]
    for git in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "--message=Patch"]):
        succeeds(["git", *person, *git], repository)
    commit = succeeds(["git", "rev-parse", "HEAD"], repository).strip()

    found = re.search(r"```toml\n\[tool\.poetry\.dependencies\]\n(.*?)\n", HOW_TO)
    assert found
    line = found[1].replace("<address of the template>", f"file://{repository}")
    line = line.replace("<commit>", commit)
    pyproject = patched.path / "pyproject.toml"
    as_it_was = pyproject.read_text("utf-8")
    pyproject.write_text(
        as_it_was.replace('flask-chassis = { path = "vendor/flask-chassis" }', line)
    )
    try:
        patched.poetry("lock")
        assert patched.source()["resolved_reference"] == commit
        path = {"PATH": f"{PROGRAMS}:/usr/bin:/bin"}
        words: list[str | Path] = ["./bootstrap", "into", tmp_path / "venv"]
        done = run(words, patched.path, path, seconds=SECONDS)
        assert done.returncode == 0, done.stderr
        [module] = tmp_path.glob("venv/lib/*/site-packages/flask_chassis/observability/health.py")
        assert PATCHED in module.read_text("utf-8")
    finally:
        pyproject.write_text(as_it_was)


def test_one_change_leads_back(
    patched: Service, as_rendered: dict[str, bytes], tmp_path: Path
) -> None:
    (patched.path / "pyproject.toml").write_bytes(as_rendered["pyproject.toml"])
    shutil.rmtree(patched.path / "vendor/flask-chassis")
    patched.poetry("lock")
    assert patched.source()["type"] == "file"
    patched.bootstrap()
    assert not (patched.path / ".venv/patched.txt").read_text("utf-8")
    assert patched.drift().returncode == 0
    assert patched.answers(tmp_path) == "ok"
