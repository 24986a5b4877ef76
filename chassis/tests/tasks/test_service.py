"""`wait-for-tcp`, `version` and `run`."""

import json
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flask_chassis import project
from flask_chassis.settings import Settings, environment_variable, required_in, variable_for
from flask_chassis.testing import free_port

from .conftest import Run
from .test_command import COMMAND

# Waiting.


@pytest.fixture
def listening() -> Iterator[str]:
    """The address of somebody who listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"127.0.0.1:{listener.getsockname()[1]}"


def test_waiting_ends_when_all_answer(run: Run, listening: str) -> None:
    assert run("wait-for-tcp", f"--connections={listening},{listening}").code == 0


def test_waiting_goes_before_another_task(
    run: Run, listening: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VERSION_NAME", "v1.2")
    done = run("wait-for-tcp", f"--connections={listening}", "version")
    assert done.code == 0
    assert "commit" in done.out


def test_waiting_ends_with_the_address_that_did_not_answer(run: Run, listening: str) -> None:
    silent = f"127.0.0.1:{free_port()}"
    connections = f"--connections={listening},{silent}"
    failed = run("wait-for-tcp", connections, "--timeout=0", "version")
    assert failed.code == 1
    assert failed.error.startswith(f"{silent} did not accept connections within 0 s")
    assert failed.out == ""


@pytest.mark.parametrize("address", ["", "host", ":80", "host:", "host:port", "host:80:", "a,b:1"])
def test_what_is_no_address_is_refused(run: Run, address: str) -> None:
    refused = run("wait-for-tcp", f"--connections={address}", "--timeout=0")
    assert refused.code == 2
    assert "is not host:port" in refused.error


# The version.


def test_the_version_is_what_the_image_carries(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VERSION_NAME", "v1.2")
    monkeypatch.setenv("VERSION_SHA", "abc")
    assert json.loads(run("version").out) == {"commit": "abc", "version": "v1.2"}


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository without a commit, to be in."""
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    for variable in [name for name in os.environ if name.startswith(("GIT_", "VERSION_"))]:
        monkeypatch.delenv(variable)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    monkeypatch.chdir(tmp_path)
    subprocess.run(["git", "init", "--quiet"], check=True)
    return tmp_path


def commit(tag: str) -> str:
    """Make a commit with a tag, and return its id."""
    who = ["-c", "user.name=x", "-c", "user.email=x@localhost"]
    message = ["--allow-empty", "--quiet", "--no-verify", "--message=x"]
    subprocess.run(["git", *who, "commit", *message], check=True)
    subprocess.run(["git", "tag", tag], check=True)
    return subprocess.run(
        ["git", "rev-parse", "HEAD"], check=True, capture_output=True, text=True
    ).stdout.strip()


@pytest.mark.usefixtures("repository")
def test_the_version_of_a_checkout_is_what_git_says(run: Run) -> None:
    head = commit("v1.2")
    assert json.loads(run("version").out) == {"commit": head, "version": "v1.2"}


@pytest.mark.usefixtures("repository")
def test_without_either_the_version_is_not_known(run: Run) -> None:
    failed = run("version")
    assert failed.code == 1
    assert failed.error.startswith("The version is not known: set VERSION_NAME and VERSION_SHA")


# Serving.


class Service:
    """The service, served under uWSGI by the installed command."""

    def __init__(self, log: Path, *options: str, **variables: str) -> None:
        self.port, self.metrics_port = free_port(), free_port()
        self.log = log
        with log.open("wb") as out:
            self.process = subprocess.Popen(
                [
                    *(*COMMAND, "run"),
                    *(f"--port={self.port}", f"--metrics-port={self.metrics_port}"),
                    *options,
                ],
                env=os.environ | variables,
                cwd=project.working_folder(),
                stdout=out,
                stderr=subprocess.STDOUT,
            )

    def wait(self) -> None:
        """Wait until it answers."""
        deadline = time.monotonic() + 60
        while self.get("/health/ready")[0] != 200:
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.05)

    def get(self, path: str, port: int = 0, **headers: str) -> tuple[int, str]:
        """Return status and body of an answer; 0 without one."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{port or self.port}{path}", headers=headers
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=5) as response:
                return response.status, response.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def stop(self) -> int:
        """Stop it as Kubernetes does, and return its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=60)

    def logged(self) -> list[dict[str, Any]]:
        """Return what it has logged; every line of it must be JSON."""
        return [json.loads(line) for line in self.log.read_text().splitlines()]


@pytest.fixture
def served(settings: Settings, tmp_path: Path) -> Iterator[Service]:
    """The service as it is in production, with what the tests supply."""
    production = "production.kubernetes"
    prefixes = tuple(f"{key.partition('.')[0]}." for key in required_in(production))
    supplied = {
        variable_for(key): str(value)
        for key, value in settings.values.items()
        if key.startswith(prefixes)
    }
    started = Service(
        tmp_path / "log",
        **supplied,
        **{environment_variable(): production},
        VERSION_NAME="v1.2",
        VERSION_SHA="abc",
    )
    yield started
    if started.process.poll() is None:
        started.process.kill()
        started.process.wait()


@pytest.mark.usefixtures("service")  # which has what it needs
def test_the_service_serves_as_in_production(served: Service) -> None:
    served.wait()
    assert json.loads(served.get("/admin/version/")[1]) == {"commit": "abc", "version": "v1.2"}
    for _ in range(8):
        assert served.get("/nowhere/?search=private")[0] == 404
    status, metrics = served.get("/metrics", served.metrics_port)
    assert status == 200
    assert 'http_requests_total{method="GET",route="unmatched",status="404"} 8.0' in metrics
    assert 'service_info{commit="abc",version="v1.2"} 1.0' in metrics
    assert served.get("/metrics")[0] == 404
    assert served.stop() == 0

    records = served.logged()
    for record in records:
        assert list(record)[:4] == ["timestamp", "level", "logger", "message"]
    assert len([record for record in records if record.get("status") == 404]) == 9
    assert "private" not in served.log.read_text()


@pytest.mark.usefixtures("service")  # which has what it needs
def test_a_developer_can_serve_as_production_does(settings: Settings, tmp_path: Path) -> None:
    supplied = {
        variable_for(key): str(value)
        for key, value in settings.values.items()
        if key.startswith(("database.", "tokens."))
    }
    chosen = {environment_variable(): "development.local"}
    versions = {"VERSION_NAME": "v1.2", "VERSION_SHA": "abc"}
    service = Service(tmp_path / "log", "--uwsgi", **supplied, **chosen, **versions)
    try:
        service.wait()
        # As in production, and unlike in development: a second worker, and JSON.
        assert any("worker 2" in record["message"] for record in service.logged())
        assert service.stop() == 0
    finally:
        service.process.kill()
        service.process.wait()


def listens(port: int, host: str) -> bool:
    """Return whether something listens on an address of this machine."""
    try:
        socket.create_connection((host, port), timeout=5).close()
    except OSError:
        return False
    return True


OTHER = "127.0.0.2"
"""Another address of this machine: who listens on 127.0.0.1 alone is not there."""


@pytest.mark.usefixtures("service")  # which has what it needs
@pytest.mark.parametrize(
    ("environment", "options", "is_everywhere"),
    [
        ("development.local", (), False),
        ("tests.local", (), False),
        ("development.local", ("--host=all",), True),
        ("production.kubernetes", (), True),
        ("production.kubernetes", ("--host=127.0.0.1",), False),
    ],
)
def test_a_service_on_somebodys_machine_is_reached_from_there_alone(
    settings: Settings,
    tmp_path: Path,
    environment: str,
    options: tuple[str, ...],
    is_everywhere: bool,
) -> None:
    """Its secrets are published: who reaches it from elsewhere can forge sessions and tokens."""
    supplied = {
        variable_for(key): str(value)
        for key, value in settings.values.items()
        if key.startswith(("database.", "tokens."))
    }
    versions = {"VERSION_NAME": "v1.2", "VERSION_SHA": "abc"}
    chosen = {environment_variable(): environment}
    service = Service(tmp_path / "log", *options, **supplied, **chosen, **versions)
    try:
        service.wait()
        deadline = time.monotonic() + 60
        while not listens(service.metrics_port, "127.0.0.1"):
            assert time.monotonic() < deadline, service.log.read_text()
            time.sleep(0.05)
        for port in (service.port, service.metrics_port):
            assert listens(port, OTHER) == is_everywhere
    finally:
        service.process.kill()
        service.process.wait()
