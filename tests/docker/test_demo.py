"""`./invoke demo --docker`: the same system in containers, and the compose files behind it."""

import subprocess
from pathlib import Path

import pytest
import yaml

from tasks.folders import ROOT
from tests.docker.engine import ask, docker
from tests.full.programs import copy_of_the_repository, run, with_the_tools

SECONDS = 900

EDGE = "docker-compose.edge.yaml"

FILES = (
    "docker-compose.yaml",
    "docker-compose.provision.yaml",
    "docker-compose.test.yaml",
    EDGE,
)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh copy of this repository, with its tools."""
    return with_the_tools(copy_of_the_repository(tmp_path_factory.mktemp("copy")))


@pytest.fixture(scope="module")
def nginx() -> str:
    """The image of the edge; where no registry has it, one that is made of Debian's package."""
    image = str(yaml.safe_load((ROOT / EDGE).read_text("utf-8"))["services"]["edge"]["image"])
    if ask("image", "inspect", image).returncode and ask("pull", "--quiet", image).returncode:
        docker("build", "--tag", image, Path(__file__).parent / "edge")
    return image


@pytest.mark.parametrize(("words", "checks"), [((), 26), (("--edge",), 29)])
def test_the_check_passes_and_leaves_nothing_behind(
    repository: Path, nginx: str, words: tuple[str, ...], checks: int
) -> None:
    program = repository / ".venv" / "bin" / "invoke"
    done = run([program, "demo", "--docker", "--check", *words], repository, seconds=SECONDS)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("  ok  ") >= checks
    assert ("the edge leads to each service" in done.stdout) == bool(words)
    assert "FAILED" not in done.stdout
    assert "NOT CHECKED" not in done.stdout
    of_the_demo = "label=com.docker.compose.project=template-demo"
    for what in ("container", "volume", "network"):
        assert docker(what, "ls", "--quiet", f"--filter={of_the_demo}") == ""


SECRETS = (
    "ADMINISTRATOR_PASSWORD",
    "POSTGRES_PASSWORD",
    "SESSION_SECRET",
    "THOUGHTS_PASSWORD",
    "USERS_PASSWORD",
)


def composed_with(name: str) -> list[str]:
    """Return the options for a compose file: the edge is put before the services of another one."""
    files = ["docker-compose.yaml", name] if name == EDGE else [name]
    return [f"--file={ROOT / each}" for each in files]


@pytest.mark.parametrize("name", FILES)
def test_a_compose_file_is_valid_and_binds_no_port_of_the_outside(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for secret in SECRETS:
        monkeypatch.setenv(secret, "of-the-tests")
    docker("compose", *composed_with(name), "config", "--quiet")
    text = (ROOT / name).read_text("utf-8")
    assert "0.0.0.0" not in text  # noqa: S104
    bound = [line.strip() for line in text.splitlines() if line.strip().startswith('- "127.')]
    published = [line for line in text.splitlines() if "_PORT" in line]
    assert len(bound) == len(published)


@pytest.mark.parametrize("secret", SECRETS)
def test_there_is_no_secret_that_everybody_knows(
    secret: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for other in SECRETS:
        monkeypatch.setenv(other, "of-the-tests")
    monkeypatch.delenv(secret)
    failed = []
    for name in FILES:
        command = ["docker", "compose", *composed_with(name), "config", "--quiet"]
        done = subprocess.run(command, capture_output=True, text=True)
        failed += [done.stderr] if done.returncode else []
    assert failed
    assert all(secret in error and "./invoke demo --docker" in error for error in failed)
