"""Test `network.create`, `up` and `down` without Docker.

tests/docker in the repository's root tests them with Docker.
"""

from pathlib import Path

import pytest

from ..conftest import Run


@pytest.mark.parametrize("task", ["network.create", "up", "down"])
def test_missing_docker_is_reported_with_a_remedy(
    run: Run, task: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    failed = run(task)
    assert failed.code == 1
    assert failed.error.startswith("Docker not found. Install Docker")


@pytest.mark.parametrize("task", ["network.create", "up"])
def test_the_network_requires_a_compose_file(run: Run, task: str, checkout: Path) -> None:
    failed = run(task)
    assert failed.code == 1
    assert "docker-compose.yaml not found" in failed.error


@pytest.mark.parametrize("subnet", ["acme", "10.0.0.1/24", "300.0.0.0/8"])
def test_an_invalid_subnet_is_refused(run: Run, subnet: str) -> None:
    failed = run("network.create", f"--subnet={subnet}")
    assert failed.code == 2
    assert f"--subnet={subnet} is not valid" in failed.error
