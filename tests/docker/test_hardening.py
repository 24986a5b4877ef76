"""What a container of each kind may do, seen from the engine and from inside."""

import json
import re
from collections.abc import Iterator

import pytest
import yaml

from tests.docker.engine import HARDENED, Container, ask, docker, inspect, until, variables
from tests.docker.stack import Stack
from tests.services import InstalledService

Running = tuple[Container, InstalledService]


def supplied(service: InstalledService) -> dict[str, str]:
    """Supply all that production requires, with something that is enough for a start."""
    command = next(path.name for path in service.bin.glob("*-tasks"))
    told = service.run(command, "config.required", "--environment=production.kubernetes").stdout
    return dict.fromkeys(re.findall(r": set (\w+)", told), "supplied" * 4)


@pytest.fixture(scope="module")
def keys(
    rendered_service: InstalledService, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, ...]:
    """The options that mount keys where the deployment does."""
    folder = tmp_path_factory.mktemp("keys")
    command = next(path.name for path in rendered_service.bin.glob("*-tasks"))
    rendered_service.run(command, "keys.generate", "--folder", folder)
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755)
    return (
        f"--volume={folder / 'public'}:/run/secrets/token-keys:ro",
        f"--volume={folder / 'private'}:/run/secrets/token-signing-keys:ro",
    )


@pytest.fixture(scope="module")
def running(
    image_of_each_kind: str, service_of_each_kind: InstalledService, keys: tuple[str, ...]
) -> Iterator[Running]:
    """A container that may do as little as possible, without the services that it calls."""
    options = (*HARDENED, *keys, *variables(supplied(service_of_each_kind)), "--network=none")
    with Container(image_of_each_kind, options=options) as container:
        container.until_healthy()
        yield container, service_of_each_kind


def status_of(container: Container, process: str) -> dict[str, str]:
    lines = container.run("cat", f"/proc/{process}/status").splitlines()
    return {key: value.strip() for key, _, value in (line.partition(":") for line in lines)}


def test_process_1_is_uwsgi_without_any_rights(running: Running) -> None:
    container, _ = running
    words = container.run("cat", "/proc/1/cmdline").split("\0")
    assert any(word.endswith("/uwsgi") for word in words), words
    status = status_of(container, "1")
    assert status["Uid"].split() == ["23456"] * 4
    assert status["Gid"].split() == ["34567"] * 4
    assert {int(status[kind], 16) for kind in ("CapEff", "CapPrm", "CapBnd", "CapInh")} == {0}
    assert status["NoNewPrivs"] == "1"


def test_nothing_can_be_written_but_the_temporary_files(running: Running) -> None:
    container, _ = running
    mounts = container.run("cat", "/proc/mounts").splitlines()
    root = next(line.split() for line in mounts if line.split()[1] == "/")
    assert "ro" in root[3].split(",")
    for place in ("/", "/service", "/opt/venv", "/home", "/var/tmp"):
        refused = ask("exec", container.id, "touch", f"{place}/planted")
        assert "Read-only file system" in refused.stderr, place
    container.run("touch", "/tmp/planted")


def test_it_answers_its_probes_and_logs_json(running: Running) -> None:
    container, _ = running
    container.run("python", "-m", "flask_chassis.serving.probe", "/health/live")
    assert {"timestamp", "level", "logger", "message"} <= set(container.records()[0])
    assert len(container.records()) > 10


def test_it_says_which_version_it_is(running: Running) -> None:
    container, service = running
    command = next(path.name for path in service.bin.glob("*-tasks"))
    version = json.loads(container.run(command, "version"))
    assert version == {"commit": "c0ffee", "version": "v1.2.3"}


def test_it_ends_with_0_when_it_is_told_to(running: Running) -> None:
    container, _ = running
    docker("stop", "--time=30", container.id)
    assert container.state["ExitCode"] == 0


def test_the_image_says_what_it_is(
    image_of_each_kind: str, service_of_each_kind: InstalledService
) -> None:
    settings = yaml.safe_load((service_of_each_kind.path / "settings.yaml").read_text("utf-8"))
    about = settings["default"]["service"]
    config = inspect(image_of_each_kind)["Config"]
    labels = {
        name.removeprefix("org.opencontainers.image."): value
        for name, value in config["Labels"].items()
    }
    assert labels == {
        "title": about["name"],
        "description": about["description"],
        "authors": about["contact"],
        "vendor": "acme",
        "version": "v1.2.3",
        "revision": "c0ffee",
    }
    assert config["User"] == "10001:10001"
    assert config["Cmd"] == ["acme-tasks", "run"]
    assert config["Entrypoint"] is None
    assert "curl" not in str(config["Healthcheck"])


IN_NO_PRODUCTION_IMAGE = ("pip", "pip3", "poetry", "gcc", "cc", "make", "git", "pytest", "ruff")


def test_there_is_nothing_to_build_with_and_nothing_to_test_with(image_of_each_kind: str) -> None:
    listed = docker(
        *("run", "--rm", "--network=none", "--user=root", image_of_each_kind),
        *("find", "/opt", "/usr/local", "/service", "/root", "/tmp", "-xdev"),
    ).splitlines()
    names = {line.rpartition("/")[2] for line in listed}
    assert names.isdisjoint(IN_NO_PRODUCTION_IMAGE)
    assert names.isdisjoint({"tests", "poetry.lock", ".cache", "_pytest"})
    assert not [name for name in names if name.endswith(".whl")]
    for program in IN_NO_PRODUCTION_IMAGE:
        found = ask("run", "--rm", "--network=none", image_of_each_kind, "which", program)
        assert found.stdout == "", program


def test_all_that_is_run_has_its_bytecode(image_of_each_kind: str) -> None:
    """Else each start would compile it anew: nobody can write there."""
    listed = docker(
        "run",
        "--rm",
        "--network=none",
        image_of_each_kind,
        "find",
        "/opt/venv/lib",
        "-name",
        "*.py*",
    ).splitlines()
    compiled = {line for line in listed if line.endswith(".pyc")}
    tag = re.search(r"\.(cpython-\d+)\.pyc", "".join(compiled))
    assert tag
    sources = {line for line in listed if line.endswith(".py")}
    missing = {source for source in sources if bytecode_of(source, tag[1]) not in compiled}
    assert len(sources) > 500
    assert missing == set()


def bytecode_of(source: str, tag: str) -> str:
    """Return where Python looks for a module's bytecode."""
    folder, _, name = source.rpartition("/")
    return f"{folder}/__pycache__/{name.removesuffix('.py')}.{tag}.pyc"


def test_a_container_that_does_not_answer_is_unhealthy(stack: Stack) -> None:
    """The health check, where it has something to find: a master that is stopped."""
    quick = ("--health-interval=1s", "--health-timeout=1s", "--health-retries=1")
    options = (*HARDENED, *stack.options, *quick, "--network=none")
    with Container(stack.image, options=options) as container:
        container.until_healthy()
        docker("exec", container.id, "sh", "-c", "kill -STOP -1")
        until(lambda: container.state["Health"]["Status"] == "unhealthy", "unhealthy", 20)
