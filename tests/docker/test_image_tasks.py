"""The tasks for the image, as a pipeline calls them: with a real engine and a real registry."""

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.docker import engine, registry
from tests.full.programs import Finished, run, succeeds
from tests.services import InstalledService

DIGEST = re.compile(r"^image\.digest: (sha256:[0-9a-f]{64})$", re.MULTILINE)
OTHER = f"sha256:{'0' * 64}"


@dataclass(frozen=True)
class Checkout:
    """A copy of a service, a repository of its own, and the tasks with its code."""

    folder: Path
    command: Path
    variables: dict[str, str]

    def task(self, *words: str) -> Finished:
        """Run a task."""
        return run([self.command, *words], self.folder, self.variables, seconds=300)

    def git(self, *words: str) -> str:
        """Run git."""
        person = ["-c", "user.name=Ada", "-c", "user.email=ada@acme.example"]
        return succeeds(["git", *person, *words], self.folder).strip()


def check_out(service: InstalledService, folder: Path, name: str = "") -> Checkout:
    """Copy a service, with a tag on its one commit; `name` is what its image is called."""
    made = shutil.ignore_patterns(".venv", ".*_cache", "__pycache__", ".coverage", "reports")
    shutil.copytree(service.path, folder, ignore=made)
    if name:
        pyproject = folder / "pyproject.toml"
        text = re.sub(
            '(?<=^name = ")registry[^"]+', name, pyproject.read_text(), flags=re.MULTILINE
        )
        pyproject.write_text(text)
    variables = {
        "PYTHONPATH": str(folder),
        "REGISTRY_USER": "ada",
        "REGISTRY_PASSWORD": "secret",
    }
    checkout = Checkout(folder, service.bin / "acme-tasks", variables)
    checkout.git("init", "--quiet", "--initial-branch=main")
    checkout.git("add", "--all")
    checkout.git("commit", "--quiet", "--message=first")
    checkout.git("tag", "v1.0.0")
    return checkout


def test_an_image_is_built_with_the_version_that_git_tells(
    rendered_service: InstalledService, image: str, tmp_path: Path
) -> None:
    checkout = check_out(rendered_service, tmp_path / "service")
    done = checkout.task("image.build")
    assert done.returncode == 0, done.stdout + done.stderr
    name = "registry.acme.example/thoughts-backend:v1.0.0"
    try:
        assert f"image.name: {name}\nimage.tag: v1.0.0\n" in done.stdout
        variables = engine.inspect(name)["Config"]["Env"]
        assert "VERSION_NAME=v1.0.0" in variables
        assert f"VERSION_SHA={checkout.git('rev-parse', 'HEAD')}" in variables
    finally:
        engine.ask("image", "rm", name)


def test_what_is_not_committed_can_be_built_and_is_not_pushed(
    rendered_service: InstalledService, image: str, tmp_path: Path
) -> None:
    checkout = check_out(rendered_service, tmp_path / "service")
    (checkout.folder / "README.md").write_text("changed\n")
    assert '"version": "v1.0.0-dirty"' in checkout.task("version").stdout
    failed = checkout.task("image.push", "--tag=v1.0.0-dirty")
    assert failed.returncode == 1
    assert "is not a version. A tag must identify a commit" in failed.stderr


@pytest.fixture(scope="module")
def pushing(
    rendered_service: InstalledService, image: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Checkout]:
    """A service whose registry runs on this machine, logged in, with an image that was built."""
    if registry.program() is None:
        pytest.skip("there is no registry: Debian's package docker-registry")
    folder = tmp_path_factory.mktemp("pushing")
    with registry.running(folder) as address:
        name = f"{address}/thoughts-backend"
        checkout = check_out(rendered_service, folder / "service", name)
        checkout.variables["DOCKER_CONFIG"] = str(folder / "docker")
        engine.docker("tag", image, f"{name}:v1.0.0")
        yield checkout
        for tag in ("v1.0.0", "v1.0.1"):
            engine.ask("image", "rm", f"{name}:{tag}")


def test_a_stage_gets_what_was_pushed_and_nothing_else(pushing: Checkout, image: str) -> None:
    assert "no basic auth credentials" in pushing.task("image.push", "--tag=v1.0.0").stderr

    pushing.variables["REGISTRY_PASSWORD"] = "guessed"
    assert "Login of ada to " in pushing.task("image.login").stderr
    pushing.variables["REGISTRY_PASSWORD"] = "secret"
    login = pushing.task("image.login")
    assert login.returncode == 0, login.stderr
    assert "secret" not in login.stdout + login.stderr

    pushed = pushing.task("image.push", "--tag=v1.0.0")
    assert pushed.returncode == 0, pushed.stdout + pushed.stderr
    [digest] = DIGEST.findall(pushed.stdout)
    again = pushing.task("image.push", "--tag=v1.0.0")
    assert DIGEST.findall(again.stdout) == [digest]

    right = pushing.task("image.verify", "--tag=v1.0.0", f"--digest={digest}")
    assert right.returncode == 0, right.stderr
    known = pushing.task("image.verify", "--tag=v1.0.0")
    assert DIGEST.findall(known.stdout) == [digest]
    wrong = pushing.task("image.verify", "--tag=v1.0.0", f"--digest={OTHER}")
    assert wrong.returncode == 1
    assert f"has the digest {digest} in the registry; expected {OTHER}." in wrong.stderr
    missing = pushing.task("image.verify", "--tag=v9.9.9", f"--digest={digest}")
    assert " not found in the registry" in missing.stderr


def test_a_tag_is_pushed_once(pushing: Checkout, image: str, tmp_path: Path) -> None:
    name = f"{pushing.task('image.login').stdout.split()[3]}/thoughts-backend:v1.0.1"
    engine.docker("tag", image, name)
    assert pushing.task("image.push", "--tag=v1.0.1").returncode == 0
    (tmp_path / "Dockerfile").write_text(f"FROM {image}\nLABEL planted=yes\n")
    engine.docker("build", "--quiet", f"--tag={name}", tmp_path)
    failed = pushing.task("image.push", "--tag=v1.0.1")
    assert failed.returncode == 1
    assert "A tag is pushed only once" in failed.stderr


def test_a_second_run_takes_the_image_of_its_commit_and_pushes_the_same_digest(
    pushing: Checkout, image: str, tmp_path: Path
) -> None:
    name = f"{pushing.task('image.login').stdout.split()[3]}/thoughts-backend:v1.0.2"
    commit = pushing.git("rev-parse", "HEAD")
    label = f"LABEL org.opencontainers.image.revision={commit}"
    (tmp_path / "Dockerfile").write_text(f"FROM {image}\n{label}\n")
    engine.docker("build", "--quiet", f"--tag={name}", tmp_path)
    [digest] = DIGEST.findall(pushing.task("image.push", "--tag=v1.0.2").stdout)

    # Another machine, or the same one after another build.
    engine.docker("tag", image, name)
    done = pushing.task("image.build", "--tag=v1.0.2", "--reuse")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "$ docker pull " in done.stdout
    assert "$ docker build " not in done.stdout
    again = pushing.task("image.push", "--tag=v1.0.2")
    assert DIGEST.findall(again.stdout) == [digest]

    pushing.git("commit", "--quiet", "--allow-empty", "--message=another")
    other = pushing.task("image.build", "--tag=v1.0.2", "--reuse")
    assert other.returncode == 1
    assert f"built from {commit}; this is " in other.stderr
    engine.ask("image", "rm", name)


def test_what_was_not_built_is_not_pushed(pushing: Checkout) -> None:
    failed = pushing.task("image.push", "--tag=v2.0.0")
    assert failed.returncode == 1
    assert failed.stderr.startswith("Image ")


def test_a_registry_that_does_not_answer_is_no_registry_without_the_image(
    rendered_service: InstalledService, tmp_path: Path
) -> None:
    checkout = check_out(rendered_service, tmp_path / "service", "127.0.0.1:1/thoughts-backend")
    failed = checkout.task("image.verify", "--tag=v1.0.0", f"--digest={OTHER}")
    assert failed.returncode == 1
    assert (
        "The registry does not return the digest of 127.0.0.1:1/thoughts-backend:v1.0.0:"
        in failed.stderr
    )


def test_a_fault_in_a_compose_file_is_told(
    service_of_each_kind: InstalledService, tmp_path: Path
) -> None:
    checkout = check_out(service_of_each_kind, tmp_path / "service")
    right = checkout.task("compose.check")
    assert right.returncode == 0, right.stderr
    for file in sorted(checkout.folder.glob("docker-compose*.yaml")):
        assert file.name in right.stdout
    compose = checkout.folder / "docker-compose.test.yaml"
    compose.write_text(compose.read_text().replace("pids_limit:", "pid_limit:"))
    failed = checkout.task("compose.check")
    assert failed.returncode == 1
    assert failed.stderr.startswith("docker-compose.test.yaml: ")
    assert "pid_limit" in failed.stderr
