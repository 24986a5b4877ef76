"""A service takes the organisation's packages and the chassis from the organisation's index alone.

Against dependency confusion: the public index offers a higher version of every internal package
here. All indexes are on this machine, and no other can be reached: nobody else's certificate is
trusted. A service without an internal index takes the chassis from vendor/ and asks none for it.
"""

import hashlib
import re
import shutil
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tasks.folders import PROGRAMS, TEMPLATE
from tasks.installers import FILE
from tasks.render import render
from tasks.wheels import VENDOR, version
from tests.full.indexes import Indexes, make_wheel, wheel_of_installed
from tests.full.programs import Finished, run

SECONDS = 240

OURS, PLANTED = "from the internal index", "planted on the public index"
VENDORED = "from vendor/"

INTERNAL = ("acme-greetings", "acme-words", "flask-chassis", "flask-chassis-tools")
CHASSIS = INTERNAL[2:]

INSTALLERS = FILE.relative_to(TEMPLATE)


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
            "UV_PYTHON_DOWNLOADS": "never",
        }
        if "default = true" not in (self.path / "pyproject.toml").read_text("utf-8"):
            environment["UV_DEFAULT_INDEX"] = elsewhere
        return run(list(words), self.path, environment, seconds=SECONDS)

    def lock(self) -> Finished:
        """Lock the dependencies anew."""
        (self.path / "poetry.lock").unlink(missing_ok=True)
        return self.run("poetry", "lock", "--no-interaction", "-v")

    def locks(self) -> dict[str, dict[str, Any]]:
        """Lock the dependencies, which must succeed, and return the packages by name."""
        done = self.lock()
        assert done.returncode == 0, done.stdout + done.stderr
        return self.locked()

    def locked(self, name: str = "poetry.lock") -> dict[str, dict[str, Any]]:
        """Return the packages of a lock by name."""
        locked = tomllib.loads((self.path / name).read_text("utf-8"))
        return {package["name"]: package for package in locked["package"]}

    def succeeds(self, *words: str | Path) -> str:
        """Run a program, which must succeed, and return what it prints."""
        done = self.run(*words)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def bootstrap(self) -> Finished:
        """Install it as its developers do."""
        return self.run("./bootstrap")

    def says(self, package: str, environment: str | Path = ".venv") -> str:
        """Return the origin that an installed package names."""
        words = f"import {package.replace('-', '_')} as it; print(it.SAYS)"
        return self.run(f"{environment}/bin/python", "-c", words).stdout.strip()

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
    chassis = [make_wheel(made / "ours", name, "1.0", says=OURS) for name in CHASSIS]
    planted = [make_wheel(made / "planted", name, "9.9", says=PLANTED) for name in INTERNAL]
    public = [
        make_wheel(made / "public", "paint", "3.0", says="public"),
        wheel_of_installed(made / "public", "poetry-core"),
    ]
    return {
        "internal": [words, greetings, *chassis],
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
        (r"\nsentry = \[.*\]", "\nsentry = []"),
        (
            r"\ndev = \[\n(?: .*\n)+\]",
            '\ndev = ["flask-chassis-tools", "paint", "poetry-core"]',
        ),
    ):
        text, count = re.subn(present, wanted, text)
        assert count == 1, present
    pyproject.write_text(text, "utf-8")
    with_installers_of(indexes, path)
    for name in CHASSIS if (path / "vendor").is_dir() else ():
        # Under the names of the wheels that the template carries, which need more than is here.
        make_wheel(path / "vendor", name, version(name), says=VENDORED)
    return Service(path, indexes, folder / "home")


def with_installers_of(indexes: Indexes, service: Path) -> None:
    """Lock what builds packages as the public indexes here have it; they have no other bytes."""
    file = service / INSTALLERS
    [wheel] = indexes.page("public", "poetry-core").glob("*.whl")
    checksum = hashlib.sha256(wheel.read_bytes()).hexdigest()
    text, count = re.subn(
        r"^(poetry-core==).* \\\n(?: +--hash=\S+(?: \\)?\n)+",
        rf"\g<1>{wheel.name.split('-')[1]} \\\n    --hash=sha256:{checksum}\n",
        file.read_text("utf-8"),
        flags=re.MULTILINE,
    )
    assert count == 1
    file.write_text(text, "utf-8")


@pytest.fixture(params=ANSWERED)
def service(request: pytest.FixtureRequest, indexes: Indexes, tmp_path: Path) -> Service:
    """A service that needs the chassis, and an internal package, which needs another."""
    return service_for(
        indexes, tmp_path, ANSWERED[request.param], '"acme-greetings", "flask-chassis"'
    )


@pytest.fixture
def elsewhere(service: Service) -> str:
    """The index that the service takes public packages from."""
    pyproject = (service.path / "pyproject.toml").read_text("utf-8")
    return "public" if service.indexes.address("public") in pyproject else "elsewhere"


def test_internal_packages_come_from_the_internal_index(service: Service, elsewhere: str) -> None:
    locked = service.locks()
    for name in INTERNAL:
        assert locked[name]["version"] == "1.0"
        assert locked[name]["source"]["reference"] == "acme"
        assert locked[name]["source"]["url"] == service.indexes.address("internal").rstrip("/")
        assert not service.indexes.was_asked_for(elsewhere, name)
    assert locked["paint"]["version"] == "3.0"
    if elsewhere == "public":
        assert locked["paint"]["source"]["reference"] == "acme-public"


def test_they_are_installed_from_there(service: Service, elsewhere: str, tmp_path: Path) -> None:
    """Not the other bytes of the locked version that somebody else offers either."""
    service.locks()
    planted = make_wheel(tmp_path / "same", "acme-greetings", "1.0", says=PLANTED)
    service.indexes.offer(elsewhere, planted)
    service.indexes.asked.clear()
    done = service.bootstrap()
    assert done.returncode == 0, done.stdout + done.stderr
    assert {service.says(name) for name in INTERNAL} == {OURS}
    assert service.says("paint") == "public"
    assert_public_packages_come_from(elsewhere, service.indexes)
    # uv is there, and would ask elsewhere.
    [installer] = service.path.glob(".venv/lib/*/site-packages/paint-*.dist-info/INSTALLER")
    assert installer.read_text().strip() == "pip"


def assert_public_packages_come_from(index: str, indexes: Indexes) -> None:
    """See that an index was asked for them, and no other public one for anything."""
    assert indexes.was_asked_for(index, "paint")
    [other] = {"public", "elsewhere"} - {index}
    assert [path for path in indexes.asked if path.startswith(f"/{other}/")] == []


def test_the_attack_works_where_both_sources_are_primary(service: Service) -> None:
    service.takes_from(service.source("primary", "internal"), service.source("primary", "public"))
    locked = service.locks()
    assert {locked[name]["version"] for name in ("acme-greetings", *CHASSIS)} == {"9.9"}


def test_the_attack_works_where_the_internal_source_is_supplemental(service: Service) -> None:
    service.takes_from(
        service.source("primary", "public"), service.source("supplemental", "internal")
    )
    assert service.locks()["acme-greetings"]["version"] == "9.9"


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
    missing = ("acme-words", *CHASSIS)
    for name in missing:
        shutil.rmtree(service.indexes.page("internal", name))
    locked = service.locks()
    assert {locked[name]["version"] for name in missing} == {"9.9"}
    done = service.bootstrap()
    assert done.returncode == 1
    assert (
        f"poetry.lock takes {', '.join(missing)} from elsewhere than the source acme" in done.stderr
    )
    assert not (service.path / ".venv").exists()


def needs(service: Service, name: str) -> None:
    """Have a service depend on one more package."""
    pyproject = service.path / "pyproject.toml"
    text = pyproject.read_text("utf-8")
    assert '"flask-chassis"]' in text
    pyproject.write_text(text.replace('"flask-chassis"]', f'"flask-chassis", "{name}"]'), "utf-8")


def owns(service: Service, *patterns: str) -> None:
    """Say what the internal index owns besides."""
    pyproject = service.path / "pyproject.toml"
    line = f"owns = {list(patterns)}"
    text, count = re.subn(r"(?m)^owns = \[.*\]$", line, pyproject.read_text("utf-8"))
    assert count == 1
    pyproject.write_text(text, "utf-8")


def test_what_the_internal_index_is_said_to_own_is_no_strangers(
    service: Service, elsewhere: str, tmp_path: Path
) -> None:
    """Its name does not begin with the organisation's; the internal index has lost it."""
    service.indexes.offer(
        elsewhere, make_wheel(tmp_path / "planted", "billing-core", "9.9", says=PLANTED)
    )
    needs(service, "billing-core")
    assert service.locks()["billing-core"]["version"] == "9.9"
    patterns = ("billing-core", "Billing_*", "b*.core")
    for pattern in patterns:
        owns(service, pattern)
        service.locks()
        done = service.bootstrap()
        assert done.returncode == 1, pattern
        assert "poetry.lock takes billing-core from elsewhere than the source acme" in done.stderr
        assert "have it published there" in done.stderr
        assert not (service.path / ".venv").exists()

    # Once it is published there, it is taken from there, whatever the others offer.
    service.indexes.offer(
        "internal", make_wheel(tmp_path / "ours", "billing-core", "1.0", says=OURS)
    )
    owns(service, *patterns)
    assert service.locks()["billing-core"]["version"] == "1.0"
    done = service.bootstrap()
    assert done.returncode == 0, done.stdout + done.stderr
    assert service.says("billing-core") == OURS
    assert service.says("paint") == "public"


def test_a_public_package_that_is_said_to_be_internal_is_refused(service: Service) -> None:
    """A pattern that means too much is told, with the place to mend it."""
    owns(service, "pain?")
    service.locks()
    done = service.bootstrap()
    assert done.returncode == 1
    assert "takes paint from elsewhere" in done.stderr
    assert "mend the names in [tool.internal-index] of pyproject.toml" in done.stderr


def test_an_older_pyproject_says_nothing_of_what_the_index_owns(service: Service) -> None:
    """What begins with the organisation's name is its own all the same."""
    pyproject = service.path / "pyproject.toml"
    text = pyproject.read_text("utf-8").replace("[tool.internal-index]", "[tool.planted]")
    pyproject.write_text(text, "utf-8")
    shutil.rmtree(service.indexes.page("internal", "acme-words"))
    service.locks()
    done = service.bootstrap()
    assert done.returncode == 1
    assert "poetry.lock takes acme-words from elsewhere" in done.stderr


def test_a_patched_chassis_is_no_stranger_if_pyproject_names_its_folder(
    indexes: Indexes, tmp_path: Path
) -> None:
    """As in docs/how-to/patch-the-chassis.md; the tools, which are not named, still are refused."""
    answers = ANSWERED["both are answered"]
    service = service_for(indexes, tmp_path, answers, '"acme-greetings", "flask-chassis"')
    folder = service.path / "vendor/flask-chassis"
    folder.mkdir(parents=True)
    (folder / "flask_chassis.py").write_text('SAYS = "patched"\n')
    (folder / "pyproject.toml").write_text(
        '[project]\nname = "flask-chassis"\nversion = "1.0"\n'
        '[build-system]\nrequires = ["poetry-core"]\nbuild-backend = "poetry.core.masonry.api"\n'
    )
    pyproject = service.path / "pyproject.toml"
    named = '[tool.poetry.dependencies]\nflask-chassis = { path = "vendor/flask-chassis" }\n'
    pyproject.write_text(f"{pyproject.read_text('utf-8')}\n{named}", "utf-8")
    assert service.locks()["flask-chassis"]["source"]["type"] == "directory"
    done = service.bootstrap()
    assert done.returncode == 0, done.stdout + done.stderr
    assert service.says("flask-chassis") == "patched"
    assert service.says("acme-words") == OURS

    shutil.rmtree(service.indexes.page("internal", "flask-chassis-tools"))
    service.locks()
    done = service.bootstrap()
    assert done.returncode == 1
    assert "poetry.lock takes flask-chassis-tools from elsewhere" in done.stderr


def test_the_rendered_lock_has_the_hashes_of_the_wheels_that_are_published(
    indexes: Indexes, tmp_path: Path
) -> None:
    """The release pipeline publishes the files that the template carries in vendor/."""
    for name in CHASSIS:
        shutil.rmtree(indexes.page("internal", name))
    published = sorted(VENDOR.glob("*.whl"))
    for wheel in published:
        indexes.offer("internal", wheel)
    path = render(tmp_path, {"internal_index": indexes.address("internal")})
    service = Service(path, indexes, tmp_path / "home")
    assert not (path / "vendor").exists()
    exported = service.succeeds("poetry", "export", "--with", "dev")
    entries = re.findall(r"^flask-chassis.*(?:\n .*)*", exported, re.MULTILINE)
    assert len(entries) == len(published) == 2
    (tmp_path / "chassis.txt").write_text("\n".join(entries))
    index = ("--index-url", indexes.address("internal"))
    into = ("--dest", tmp_path / "downloaded", "--no-deps", "--require-hashes")
    pip = (sys.executable, "-m", "pip", "download", "-q", "--only-binary", ":all:")
    service.succeeds(*pip, *index, *into, "--requirement", tmp_path / "chassis.txt")
    downloaded = sorted((tmp_path / "downloaded").iterdir())
    assert [(wheel.name, wheel.read_bytes()) for wheel in downloaded] == [
        (wheel.name, wheel.read_bytes()) for wheel in published
    ]


@pytest.fixture(params=[*ANSWERED, "neither is answered"])
def any_service(request: pytest.FixtureRequest, indexes: Indexes, tmp_path: Path) -> Service:
    """A service that needs the chassis, from an internal index or from vendor/."""
    return service_for(indexes, tmp_path, ANSWERED.get(request.param, {}), '"flask-chassis"')


def own_source(service: Service) -> str:
    """Return where a service should have the chassis from."""
    return VENDORED if (service.path / "vendor").is_dir() else OURS


def assert_nobody_asked_for_the_chassis_elsewhere(service: Service) -> None:
    """See that no public index was asked for what is not public."""
    for name in CHASSIS:
        for index in ("public", "elsewhere"):
            assert not service.indexes.was_asked_for(index, name), (index, name)


def test_poetry_adds_a_package_and_pip_installs_the_export(
    any_service: Service, tmp_path: Path
) -> None:
    (any_service.path / "poetry.lock").unlink()
    any_service.succeeds("poetry", "add", "--lock", "paint")
    assert any_service.locked()["paint"]["groups"] == ["main", "dev"]
    assert_nobody_asked_for_the_chassis_elsewhere(any_service)

    any_service.succeeds("poetry", "export", "--with", "dev", "--output", tmp_path / "all.txt")
    python = tmp_path / "venv/bin/python"
    any_service.succeeds(sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv")
    pip = (sys.executable, "-m", "pip", "--python", python, "install", "-q")
    hashed = ("--require-hashes", "--only-binary", ":all:", "--requirement", tmp_path / "all.txt")
    any_service.succeeds(*pip, *hashed)
    for name in CHASSIS:
        assert any_service.says(name, tmp_path / "venv") == own_source(any_service)


def test_uv_locks_and_installs(any_service: Service) -> None:
    any_service.succeeds("uv", "lock")
    locked = any_service.locked("uv.lock")
    for name in CHASSIS:
        assert locked[name]["version"] == (
            "1.0" if own_source(any_service) == OURS else version(name)
        )
    assert_nobody_asked_for_the_chassis_elsewhere(any_service)
    any_service.succeeds("uv", "sync", "--locked")
    for name in CHASSIS:
        assert any_service.says(name) == own_source(any_service)
    assert any_service.says("paint") == "public"
    assert_nobody_asked_for_the_chassis_elsewhere(any_service)


def test_everything_else_is_installed_from_the_answered_public_index(
    indexes: Indexes, tmp_path: Path
) -> None:
    """Where no internal index is answered; above, where one is."""
    service = service_for(indexes, tmp_path, PUBLIC_ALONE, '"flask-chassis", "paint"')
    assert service.locks()["paint"]["source"]["reference"] == "acme-public"
    indexes.asked.clear()
    done = service.bootstrap()
    assert done.returncode == 0, done.stdout + done.stderr
    assert service.says("paint") == "public"
    assert_public_packages_come_from("public", indexes)
