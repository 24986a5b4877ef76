"""`compose.check`: what it says where it cannot be run. What it finds is tested in the template."""

from pathlib import Path

import pytest

from .conftest import Run


def test_without_docker_it_is_said_what_to_do(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    failed = run("compose.check")
    assert failed.code == 1
    assert failed.error.startswith("There is no Docker here. Install Docker")


def test_without_a_compose_file_there_is_nothing_to_check(run: Run, checkout: Path) -> None:
    failed = run("compose.check")
    assert failed.code == 1
    assert "there is no docker-compose.yaml" in failed.error
