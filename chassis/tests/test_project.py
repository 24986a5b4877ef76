"""Which service runs on the chassis, and where its files are."""

from pathlib import Path

import pytest

from flask_chassis import project
from flask_chassis.exceptions import ConfigurationError

from .conftest import BILLING


@pytest.fixture(autouse=True)
def _unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget which service it is, and put the one that the conftest names back afterwards."""
    monkeypatch.setattr(project, "_current", None)


def install(folder: Path, monkeypatch: pytest.MonkeyPatch, *packages: str) -> None:
    """Have some packages installed as services, and no others."""

    class Entry:
        def __init__(self, value: str) -> None:
            self.value = value

    for package in packages:
        (folder / package).mkdir()
        (folder / package / "__init__.py").touch()
    monkeypatch.syspath_prepend(folder)
    monkeypatch.setattr(project, "entry_points", lambda group: [Entry(name) for name in packages])


def test_the_installed_service_is_found_by_its_entry_point(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, monkeypatch, "installed_service")
    found = project.current()
    assert (found.package, found.prefix) == ("installed_service", "INSTALLED_SERVICE")
    assert found.folder == tmp_path / "installed_service"


@pytest.mark.parametrize(
    ("packages", "message"),
    [
        ((), "this one has none"),
        (("one_service", "two_service"), "has one_service, two_service. Uninstall all but one"),
    ],
)
def test_an_environment_has_exactly_one_service(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, packages: tuple[str, ...], message: str
) -> None:
    install(tmp_path, monkeypatch, *packages)
    with pytest.raises(ConfigurationError, match=message):
        project.current()


def test_a_service_whose_package_is_gone_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, monkeypatch, "gone_service")
    (tmp_path / "gone_service" / "__init__.py").unlink()
    (tmp_path / "gone_service").rmdir()
    with pytest.raises(ConfigurationError, match="package gone_service cannot be found"):
        project.current()


def test_an_application_can_name_itself() -> None:
    assert project.use("billing", BILLING / "billing") is project.current()
    assert project.package() == "billing"


def test_files_are_beside_the_package_of_a_checkout_and_inside_that_of_a_wheel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path.parent)
    project.use("some", tmp_path / "some")
    assert not project.in_checkout()
    assert project.find("settings.yaml") == tmp_path / "some" / "settings.yaml"
    assert project.working_folder() == tmp_path.parent
    (tmp_path / "pyproject.toml").touch()
    assert project.in_checkout()
    assert project.find("settings.yaml") == tmp_path / "settings.yaml"
    assert project.working_folder() == tmp_path
