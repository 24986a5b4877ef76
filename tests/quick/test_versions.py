"""Template, chassis and tools have one version: one tag releases all of them."""

import re
import shutil
from pathlib import Path

import pytest

from tasks import versions
from tasks.folders import ROOT


def written() -> str:
    """Return the version of this repository."""
    found = re.search(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text("utf-8"), re.M)
    assert found
    return found[1]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Copies of the files that have the version in them."""
    for pattern in versions.PLACES:
        for file in ROOT.glob(pattern):
            copy = tmp_path / file.relative_to(ROOT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, copy)
    return tmp_path


def test_there_is_one_version() -> None:
    """If there is not: ./invoke release --version=... --write."""
    assert list(versions.faults(written())) == []


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("pyproject.toml", 'version = "@"'),
        ("chassis/pyproject.toml", 'version = "@"'),
        ("tools/pyproject.toml", 'version = "@"'),
        ("tools/pyproject.toml", "flask-chassis==@"),
        ("templates/pyproject.toml", "~=@"),
        ("templates/pyproject.toml", "vendor/flask_chassis_tools-@-py3"),
        ("templates/README.md", "/v@/how-to/"),
        (versions.LOCKS.replace("*", "issuer"), 'name = "flask-chassis"\nversion = "@"'),
        (versions.LOCKS.replace("*", "issuer"), "vendor/flask_chassis-@-py3"),
    ],
)
def test_another_version_is_seen(repository: Path, file: str, text: str) -> None:
    path = repository / file
    content = path.read_text("utf-8")
    present = versions.compatible(written()) if "~=" in text else written()
    old, new = (text.replace("@", version) for version in (present, "99.1.2"))
    assert old in content
    path.write_text(content.replace(old, new), "utf-8")
    assert list(versions.faults(written(), repository)) == [f"{file} has the version 99.1.2"]


def test_a_file_that_has_lost_its_version_is_seen(repository: Path) -> None:
    path = repository / "tools" / "pyproject.toml"
    path.write_text(path.read_text("utf-8").replace("flask-chassis==", "flask-chassis>="), "utf-8")
    [fault] = versions.faults(written(), repository)
    assert fault.startswith("tools/pyproject.toml has lost its version: ")


@pytest.mark.parametrize(
    ("version", "of_package"), [("1.20.3", "1.20.3"), ("2.0.0-rc.1", "2.0.0rc1")]
)
def test_a_version_is_written_everywhere(repository: Path, version: str, of_package: str) -> None:
    versions.write(version, repository)
    assert list(versions.faults(version, repository)) == []
    assert list(versions.faults(written(), repository)) != []
    texts = {
        path.relative_to(repository).as_posix(): path.read_text("utf-8")
        for path in repository.rglob("*")
        if path.is_file()
    }
    assert f'"flask-chassis=={version}"' in texts["tools/pyproject.toml"]
    wheel = f"vendor/flask_chassis_tools-{of_package}-py3-none-any.whl"
    assert len([name for name, text in texts.items() if wheel in text]) == 4
    # Nothing else has changed: back to the old version, all is as it was.
    versions.write(written(), repository)
    for name in texts:
        assert (repository / name).read_text("utf-8") == (ROOT / name).read_text("utf-8")


@pytest.mark.parametrize("version", ["1.0.0-nightly", "1.0.0-rc.1.2", "one"])
def test_what_no_package_can_have_as_its_version_is_refused(version: str) -> None:
    assert f"{version} is not a version of a Python package" in next(versions.faults(version))
