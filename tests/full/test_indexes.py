"""A service takes the organisation's own packages from the organisation's index alone.

Against dependency confusion: the public index offers a higher version of every internal package
here. All indexes are on this machine, and no other can be reached: nobody else's certificate is
trusted.
"""

import re
import shutil
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tasks.folders import PROGRAMS
from tasks.render import render
from tests.full.indexes import Indexes, make_wheel, wheel_of_installed
from tests.full.programs import Finished, run

SECONDS = 240

OURS, PLANTED = "from the internal index", "planted on the public index"


@dataclass(frozen=True)
class Service:
    """A rendered service with few dependencies."""

    path: Path
    indexes: Indexes
    home: Path

    def run(self, *words: str | Path) -> Finished:
        """Run a program that may ask the indexes of this test, and no others."""
        authority = str(self.indexes.authority)
        # What nobody configured is taken from `elsewhere`, the stand-in for the public index.
        elsewhere = self.indexes.address("elsewhere")
        environment = {
            "HOME": str(self.home),
            "PATH": f"{PROGRAMS}:/usr/bin:/bin",
            "PYTHON": sys.executable,
            "POETRY_CACHE_DIR": str(self.home / "cache"),
            "POETRY_CONFIG_DIR": str(self.home / "config"),
            "POETRY_PYPI_MIRROR_URL": elsewhere,
            "POETRY_REQUESTS_MAX_RETRIES": "0",
            "POETRY_VIRTUALENVS_CREATE": "false",
            "PIP_CONFIG_FILE": "/dev/null",
            "PIP_INDEX_URL": elsewhere,
            "PIP_EXTRA_INDEX_URL": "",
            "PIP_FIND_LINKS": "",
            "PIP_NO_CACHE_DIR": "1",
            "PIP_RETRIES": "0",
            "PIP_CERT": authority,
            "REQUESTS_CA_BUNDLE": authority,
            "SSL_CERT_FILE": authority,
        }
        return run(list(words), self.path, environment, seconds=SECONDS)

    def lock(self) -> Finished:
        """Lock the dependencies anew."""
        (self.path / "poetry.lock").unlink(missing_ok=True)
        return self.run("poetry", "lock", "--no-interaction", "-v")

    def locks(self) -> dict[str, dict[str, Any]]:
        """Lock the dependencies, which must succeed, and return the packages by name."""
        done = self.lock()
        assert done.returncode == 0, done.stdout + done.stderr
        locked = tomllib.loads((self.path / "poetry.lock").read_text("utf-8"))
        return {package["name"]: package for package in locked["package"]}

    def bootstrap(self) -> Finished:
        """Install it as its developers do."""
        return self.run("./bootstrap")

    def says(self, package: str) -> str:
        """Return what an installed package says about where it is from."""
        words = f"import {package.replace('-', '_')} as it; print(it.SAYS)"
        return self.run(".venv/bin/python", "-c", words).stdout.strip()

    def source(self, priority: str, index: str) -> str:
        """Return a source for pyproject.toml."""
        address = self.indexes.address(index)
        about = f'name = "{index}"\nurl = "{address}"\npriority = "{priority}"\n'
        return f"[[tool.poetry.source]]\n{about}"

    def takes_from(self, *sources: str) -> None:
        """Configure other sources than the rendered ones."""
        pyproject = self.path / "pyproject.toml"
        rendered = r"\[\[tool\.poetry\.source\]\]\n(?:\w+ = .*\n)+"
        text, count = re.subn(rendered, "", pyproject.read_text("utf-8"))
        assert count == 2
        pyproject.write_text(text + "\n" + "\n".join(sources), "utf-8")


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Path]]:
    """The wheels of each index: the public one and its stand-in have everything, higher."""
    made = tmp_path_factory.mktemp("packages")
    words = make_wheel(made / "ours", "acme-words", "1.0", says=OURS)
    greetings = make_wheel(
        made / "ours", "acme-greetings", "1.0", says=OURS, requires=("acme-words",)
    )
    planted = [
        make_wheel(made / "planted", name, "9.9", says=PLANTED)
        for name in ("acme-words", "acme-greetings")
    ]
    public = [
        make_wheel(made / "public", "paint", "3.0", says="public"),
        wheel_of_installed(made / "public", "poetry-core"),
    ]
    return {
        "internal": [words, greetings],
        "public": [*planted, *public],
        "elsewhere": [*planted, *public],
    }


@pytest.fixture
def indexes(packages: dict[str, list[Path]], tmp_path: Path) -> Iterator[Indexes]:
    """The indexes, which serve these packages."""
    served = Indexes(tmp_path / "indexes", tmp_path / "authority.pem")
    for index, wheels in packages.items():
        for wheel in wheels:
            served.offer(index, wheel)
    with served.serve():
        yield served


ANSWERED = {
    "both are answered": {"internal_index": "internal", "public_index": "public"},
    "the public one is the default": {"internal_index": "internal"},
}
PUBLIC_ALONE = {"public_index": "public"}


def service_for(indexes: Indexes, folder: Path, answers: dict[str, str], needs: str) -> Service:
    """Render a service that depends on some packages only."""
    addresses = {question: indexes.address(index) for question, index in answers.items()}
    path = render(folder, addresses)
    pyproject = path / "pyproject.toml"
    text = pyproject.read_text("utf-8")
    for present, wanted in (
        (r"\ndependencies = \[\n(?: .*\n)+\]", f"\ndependencies = [{needs}]"),
        (r"\ngevent = \[.*\]", "\ngevent = []"),
        (r"\ndev = \[\n(?: .*\n)+\]", '\ndev = ["paint", "poetry-core"]'),
    ):
        text, count = re.subn(present, wanted, text)
        assert count == 1, present
    pyproject.write_text(text, "utf-8")
    return Service(path, indexes, folder / "home")


@pytest.fixture(params=ANSWERED)
def service(request: pytest.FixtureRequest, indexes: Indexes, tmp_path: Path) -> Service:
    """A service that needs an internal package, which needs another."""
    return service_for(indexes, tmp_path, ANSWERED[request.param], '"acme-greetings"')


@pytest.fixture
def elsewhere(service: Service) -> str:
    """The index that the service takes public packages from."""
    pyproject = (service.path / "pyproject.toml").read_text("utf-8")
    return "public" if service.indexes.address("public") in pyproject else "elsewhere"


def test_internal_packages_come_from_the_internal_index(service: Service, elsewhere: str) -> None:
    locked = service.locks()
    for name in ("acme-greetings", "acme-words"):
        assert locked[name]["version"] == "1.0"
        assert locked[name]["source"]["reference"] == "acme"
        assert locked[name]["source"]["url"] == service.indexes.address("internal").rstrip("/")
        assert not service.indexes.was_asked_for(elsewhere, name)
    assert locked["paint"]["version"] == "3.0"


def test_they_are_installed_from_there(service: Service) -> None:
    service.locks()
    done = service.bootstrap()
    assert done.returncode == 0, done.stdout + done.stderr
    assert service.says("acme-greetings") == service.says("acme-words") == OURS
    assert service.says("paint") == "public"
    # uv is there, and would ask elsewhere.
    [installer] = service.path.glob(".venv/lib/*/site-packages/paint-*.dist-info/INSTALLER")
    assert installer.read_text().strip() == "pip"


def test_the_attack_works_where_both_sources_are_primary(service: Service) -> None:
    service.takes_from(service.source("primary", "internal"), service.source("primary", "public"))
    assert service.locks()["acme-greetings"]["version"] == "9.9"


def test_the_attack_works_where_the_internal_source_is_supplemental(service: Service) -> None:
    service.takes_from(
        service.source("primary", "public"), service.source("supplemental", "internal")
    )
    assert service.locks()["acme-greetings"]["version"] == "9.9"


def test_other_bytes_of_the_locked_version_are_not_installed(
    service: Service, elsewhere: str, tmp_path: Path
) -> None:
    service.locks()
    planted = make_wheel(tmp_path / "same", "acme-greetings", "1.0", says=PLANTED)
    service.indexes.offer(elsewhere, planted)
    done = service.bootstrap()
    assert done.returncode == 0, done.stdout + done.stderr
    assert service.says("acme-greetings") == OURS


def test_other_bytes_are_refused_where_the_internal_index_has_none(
    service: Service, elsewhere: str, tmp_path: Path
) -> None:
    service.locks()
    planted = make_wheel(tmp_path / "same", "acme-greetings", "1.0", says=PLANTED)
    service.indexes.offer(elsewhere, planted)
    shutil.rmtree(service.indexes.page("internal", "acme-greetings"))
    done = service.bootstrap()
    assert done.returncode != 0
    assert "DO NOT MATCH THE HASHES" in done.stdout + done.stderr
    assert service.says("acme-greetings") == ""


def test_what_the_internal_index_does_not_have_is_locked_but_not_installed(
    service: Service,
) -> None:
    shutil.rmtree(service.indexes.page("internal", "acme-words"))
    assert service.locks()["acme-words"]["version"] == "9.9"
    done = service.bootstrap()
    assert done.returncode == 1
    assert "poetry.lock takes acme-words from elsewhere than the source acme" in done.stderr
    assert not (service.path / ".venv").exists()


@pytest.mark.parametrize(
    "answers",
    [PUBLIC_ALONE, ANSWERED["both are answered"]],
    ids=["the public one is answered", "both are answered"],
)
def test_everything_else_is_installed_from_the_answered_public_index(
    indexes: Indexes, tmp_path: Path, answers: dict[str, str]
) -> None:
    service = service_for(indexes, tmp_path, answers, '"paint"')
    assert service.locks()["paint"]["source"]["reference"] == "acme-public"
    indexes.asked.clear()
    done = service.bootstrap()
    assert done.returncode == 0, done.stdout + done.stderr
    assert service.says("paint") == "public"
    assert indexes.was_asked_for("public", "paint")
    assert [path for path in indexes.asked if path.startswith("/elsewhere/")] == []
