"""Test `compose.check` without Docker; tests/docker of the repository tests it with Docker."""

from pathlib import Path

import pytest

from ..conftest import Run


def test_missing_docker_is_reported_with_a_remedy(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    failed = run("compose.check")
    assert failed.code == 1
    assert failed.error.startswith("Docker not found. Install Docker")


def test_the_check_requires_a_compose_file(run: Run, checkout: Path) -> None:
    failed = run("compose.check")
    assert failed.code == 1
    assert "docker-compose.yaml not found" in failed.error
