"""`network.create`, `up` and `down`: what they say where they cannot be run.

What they do is tested in the template, on a real engine.
"""

from pathlib import Path

import pytest

from .conftest import Run


@pytest.mark.parametrize("task", ["network.create", "up", "down"])
def test_without_docker_it_is_said_what_to_do(
    run: Run, task: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    failed = run(task)
    assert failed.code == 1
    assert failed.error.startswith("There is no Docker here. Install Docker")


@pytest.mark.parametrize("task", ["network.create", "up"])
def test_without_a_compose_file_there_is_no_network(run: Run, task: str, checkout: Path) -> None:
    failed = run(task)
    assert failed.code == 1
    assert "there is no docker-compose.yaml" in failed.error


@pytest.mark.parametrize("subnet", ["acme", "10.0.0.1/24", "300.0.0.0/8"])
def test_a_bad_subnet_is_refused(run: Run, subnet: str) -> None:
    failed = run("network.create", f"--subnet={subnet}")
    assert failed.code == 2
    assert f"--subnet={subnet} will not do" in failed.error
