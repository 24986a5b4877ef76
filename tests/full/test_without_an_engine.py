"""The tests of images on a machine without a Docker engine."""

from tasks.folders import PROGRAMS, ROOT
from tests.full.programs import Finished, run

NO_ENGINE = {"DOCKER_HOST": "unix:///nowhere/docker.sock"}


def pytest_on_images(in_ci: str) -> Finished:
    """Run one of these tests."""
    words = ["-rs", "-p", "no:cacheprovider", "tests/docker/test_names.py"]
    return run([PROGRAMS / "pytest", *words], ROOT, NO_ENGINE | {"CI": in_ci}, seconds=300)


def test_they_are_skipped_and_it_is_said_why() -> None:
    done = pytest_on_images(in_ci="")
    assert done.returncode == 0, done.stdout
    assert "1 skipped" in done.stdout
    assert "no Docker engine answers: " in done.stdout


def test_they_are_not_skipped_in_ci() -> None:
    done = pytest_on_images(in_ci="true")
    assert done.returncode == 1, done.stdout
    assert "skipped" not in done.stdout
    assert "/nowhere/docker.sock" in done.stdout
