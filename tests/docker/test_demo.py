"""`./invoke demo --docker`: the same system in containers, and the compose files behind it."""

from pathlib import Path

import pytest

from tasks.folders import ROOT
from tests.docker.engine import docker
from tests.full.programs import copy_of_the_repository, run, with_the_tools

SECONDS = 900

FILES = ("docker-compose.yaml", "docker-compose.provision.yaml", "docker-compose.test.yaml")


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh copy of this repository, with its tools."""
    return with_the_tools(copy_of_the_repository(tmp_path_factory.mktemp("copy")))


def test_the_check_passes_and_leaves_nothing_behind(repository: Path) -> None:
    program = repository / ".venv" / "bin" / "invoke"
    done = run([program, "demo", "--docker", "--check"], repository, seconds=SECONDS)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("  ok  ") >= 26
    assert "FAILED" not in done.stdout
    assert "NOT CHECKED" not in done.stdout
    of_the_demo = "label=com.docker.compose.project=template-demo"
    for what in ("container", "volume", "network"):
        assert docker(what, "ls", "--quiet", f"--filter={of_the_demo}") == ""


@pytest.mark.parametrize("name", FILES)
def test_a_compose_file_is_valid_and_binds_no_port_of_the_outside(name: str) -> None:
    docker("compose", "--file", ROOT / name, "config", "--quiet")
    text = (ROOT / name).read_text("utf-8")
    assert "0.0.0.0" not in text  # noqa: S104
    bound = [line.strip() for line in text.splitlines() if line.strip().startswith('- "127.')]
    published = [line for line in text.splitlines() if "_PORT" in line]
    assert len(bound) == len(published)
