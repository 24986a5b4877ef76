"""What can befall a container. Each time it says so in its log, goes on, and needs no restart."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from itertools import pairwise
from pathlib import Path

import pytest
import requests

from tests.docker.engine import ask, docker, until
from tests.docker.load import Load
from tests.docker.stack import TIMEOUT_SECONDS, Service, Stack

LIST = "/api/thoughts/"


@contextmanager
def survives(service: Service) -> Iterator[None]:
    """See that a container outlives the block, serves after it, and has forgotten nothing."""
    before, pid = service.metrics(), service.state["Pid"]
    yield
    until(lambda: service.status("/health/ready") == 200, "ready again", otherwise=service.log)
    until(lambda: service.status(LIST) == 200, "it serves again", otherwise=service.log)
    assert service.state["Pid"] == pid
    assert fallen(before, service.metrics()) == set()


def fallen(before: dict[str, float], after: dict[str, float]) -> set[str]:
    """Return the counters that have fallen, or that are gone."""
    return {name for name, value in before.items() if after.get(name, -1) < value}


def site_packages(stack: Stack) -> str:
    """Return the folder of the image with the packages."""
    script = "import sysconfig; print(sysconfig.get_path('purelib'))"
    return docker("run", "--rm", "--network=none", stack.image, "python", "-c", script)


def other_configuration(stack: Stack, **changes: str) -> str:
    """Return the option that mounts an infra/uwsgi.yaml in which values have changed."""
    place = f"{site_packages(stack)}/{stack.package}/infra/uwsgi.yaml"
    text = (stack.rendered.path / "infra" / "uwsgi.yaml").read_text("utf-8")
    for option, value in changes.items():
        [line] = [line for line in text.splitlines() if line.startswith(f"  {option}: ")]
        text = text.replace(line, f"  {option}: {value}")
    return stack.mount("uwsgi.yaml", text, place)


@pytest.fixture
def planted(stack: Stack) -> tuple[str, ...]:
    """The options that add the planted routes."""
    text = (Path(__file__).parent / "planted.py").read_text("utf-8")
    return (
        stack.mount("planted.py", text, f"{site_packages(stack)}/planted.py"),
        other_configuration(stack, module="planted:application"),
        f"--env=PLANTED_IN={stack.package}",
    )


def test_memory_that_is_used_up(stack: Stack, planted: tuple[str, ...]) -> None:
    # A health check is a process inside. One that begins while the kernel still frees what it took
    # from the worker has it kill once more, and what is largest then: the master.
    limits = ("--memory=320m", "--memory-swap=320m", "--no-healthcheck")
    with Service(stack, *planted, *limits) as service:
        service.until_ready()
        with survives(service):
            assert service.status("/planted/leak/600") == 0
            # The kernel may look for memory longer than the client waits.
            until(lambda: service.says("died, killed by signal 9"), "killed", otherwise=service.log)
        assert service.says("Respawned uWSGI worker")


def test_the_request_watchdog_kills_the_worker_of_a_blocked_request(stack: Stack) -> None:
    """A database that is paused neither responds nor closes its connections."""
    # The watchdog fires after 5 seconds: longer than a worker without a connection waits for one.
    with Service(stack, other_configuration(stack, harakiri="8")) as service:
        service.until_ready()
        # Enough for each worker to have a connection.
        assert [service.status(LIST) for _ in range(40)] == [200] * 40
        with survives(service):
            docker("pause", stack.database.id)
            try:
                # A worker that has a connection waits on it; another one gets none, and says so.
                until(lambda: service.status(LIST) == 0, "killed")
            finally:
                docker("unpause", stack.database.id)
        [overdue] = [each for each in service.records() if "request watchdog" in each["message"]]
        assert overdue["level"] == "CRITICAL"
        assert overdue["path"] == LIST
        assert "execute" in overdue["stack"]


def test_temporary_files_that_fill_the_room_there_is(stack: Stack) -> None:
    """What needs no room is served, by new workers too; what needs some is told that it fails."""
    upload = {"text": ("text", b"x"), "file": ("file", b"x" * 700_000)}
    with Service(stack) as service:
        service.until_ready()
        url = f"{service.address}/api/me/thoughts/"

        def send() -> int:
            headers = stack.bearer()
            return requests.post(
                url, files=upload, headers=headers, timeout=TIMEOUT_SECONDS
            ).status_code

        before = send()
        with survives(service):
            full = ask("exec", service.id, "dd", "if=/dev/zero", "of=/tmp/planted", "bs=64k")
            assert "No space left" in full.stderr
            end_a_worker(service)
            assert [service.status(LIST) for _ in range(20)] == [200] * 20
            assert send() == 500
            service.run("rm", "/tmp/planted")
            assert send() == before
        assert "No space left on device" in service.log()


def end_a_worker(service: Service) -> None:
    """Have a worker die, and another one take its place."""
    old = service.workers()
    service.run("sh", "-c", f"kill -9 {old[0]}")
    until(lambda: len(set(service.workers()) - {old[0]}) == len(old), "respawned")
    until(lambda: service.status("/health/live") == 200, "it serves again")


def test_counters_never_fall_while_workers_come_and_go(stack: Stack) -> None:
    samples: list[dict[str, float]] = []
    with Service(stack) as service:
        service.until_ready()

        def read(session: requests.Session) -> requests.Response:
            return session.get(f"{service.address}{LIST}", timeout=TIMEOUT_SECONDS)

        with Load(read, callers=2) as load:
            for _ in range(4):
                samples.append(service.metrics())
                served = load.statuses[200]
                end_a_worker(service)
                until(partial(more_than, load, served + 20), "it serves on")
                samples.append(service.metrics())
        for before, after in pairwise(samples):
            assert fallen(before, after) == set()
        name = f'http_requests_total{{method="GET",route="{LIST}",status="200"}}'
        counted = service.metrics()[name]
        # One that was being answered may have been counted, and its answer not have come.
        assert load.statuses[200] <= counted <= sum(load.statuses.values())


def more_than(load: Load, count: int) -> bool:
    return load.statuses[200] > count


def test_a_counter_that_has_fallen_is_seen() -> None:
    assert fallen({"a": 2, "b": 1, "c": 3}, {"a": 1, "b": 1}) == {"a", "c"}
