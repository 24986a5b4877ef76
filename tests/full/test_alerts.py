"""Every alert of a service fires under its condition, and every query of its dashboard has data.

A real Prometheus scrapes a service under uWSGI with its PostgreSQL, and evaluates the rules that
are rendered, with windows of seconds instead of minutes. tests/kubernetes/test_policies.py shows
with promtool what the bounds are.
"""

import json
import os
import re
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from functools import partial
from pathlib import Path

import psycopg2  # type: ignore[import-untyped]
import pytest
import requests

from tasks.running_service import RunningService
from tests.full.prometheus import (
    COMPONENTS,
    NAMESPACE,
    SPEED,
    Prometheus,
    prometheus,
    rules_of,
    sped_up,
)

LIST = "/api/thoughts/"
PATIENCE_SECONDS = 120

Condition = Callable[[RunningService, Prometheus], AbstractContextManager[None]]


def eventually(is_so: Callable[[], bool], otherwise: Callable[[], object]) -> None:
    """Wait until something is so. Alerts take their time, more on a busy machine."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        assert time.monotonic() < deadline, otherwise()
        time.sleep(0.2)


# What users, probes and faults do.


@contextmanager
def calls(service: RunningService, path: str, clients: int, pause: float) -> Iterator[None]:
    """Have clients send GET requests, one after another each, with a pause between two."""
    end = threading.Event()

    def client() -> None:
        while not end.wait(pause):
            try:
                requests.get(f"{service.address}{path}", timeout=30)
            except requests.RequestException:
                continue  # refused, or restarted: what the metrics say is looked at

    threads = [threading.Thread(target=client) for _ in range(clients)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        end.set()
        for thread in threads:
            thread.join()


@contextmanager
def locked(service: RunningService, seconds: float) -> Iterator[None]:
    """Lock the table again and again, for so long each time: whoever reads it waits."""
    end = threading.Event()

    def lock() -> None:
        while not end.is_set():
            with closing(psycopg2.connect(service.database)) as connection:
                cursor = connection.cursor()
                cursor.execute(f'LOCK TABLE "{service.resources}" IN ACCESS EXCLUSIVE MODE')
                end.wait(seconds)

    thread = threading.Thread(target=lock)
    thread.start()
    try:
        yield
    finally:
        end.set()
        thread.join()


@contextmanager
def without_database(service: RunningService) -> Iterator[None]:
    """Stop PostgreSQL, and start it again in the end."""
    service.server.stop()
    try:
        yield
    finally:
        service.server.start()
        service.wait_until_ready()


def workers(service: RunningService) -> list[int]:
    """Return the workers that uWSGI has started at last, by what it logged."""
    log = service.log.read_text("utf-8")
    found = re.findall(r"spawned uWSGI worker (\d+) \((?:new )?pid: (\d+)", log)
    return list({name: int(pid) for name, pid in found}.values())


# Conditions. Each is left when the alerts that it is for fire.


@contextmanager
def users_fail_and_probes_succeed(service: RunningService, server: Prometheus) -> Iterator[None]:
    """Have all users' requests fail, which are few, while probes succeed.

    Two pods are asked by probes more often than by their users, so that 3 % of all requests fail.
    """
    with (
        without_database(service),
        calls(service, "/health/live", 4, 0.03),
        calls(service, LIST, 1, 1.0),
    ):
        yield


@contextmanager
def queries_wait(service: RunningService, server: Prometheus) -> Iterator[None]:
    """Have each request wait two seconds for a lock."""
    with locked(service, 2.0), calls(service, LIST, 8, 0.01):
        yield


@contextmanager
def threads_wait(service: RunningService, server: Prometheus) -> Iterator[None]:
    """Have more clients than threads, whose requests wait for a lock for as long as may be."""
    with locked(service, 12.0), calls(service, LIST, 60, 0.2):
        yield


@contextmanager
def workers_are_killed(service: RunningService, server: Prometheus) -> Iterator[None]:
    """Kill each worker again and again, as the kernel does when memory is short."""
    end = threading.Event()

    def kill() -> None:
        killed: set[int] = set()
        while not end.wait(0.5):
            for pid in set(workers(service)) - killed:
                os.kill(pid, signal.SIGKILL)
                killed.add(pid)

    thread = threading.Thread(target=kill)
    thread.start()
    try:
        yield
    finally:
        end.set()
        thread.join()
        service.wait_until_ready()


@contextmanager
def stopped(service: RunningService, server: Prometheus) -> Iterator[None]:
    """Stop the service; Prometheus still has its address."""
    service.end()
    try:
        yield
    finally:
        service.serve()


@contextmanager
def scaled_to_zero(service: RunningService, server: Prometheus) -> Iterator[None]:
    """Take the last target away, as Kubernetes does with the last pod."""
    server.scrape()
    yield


CONDITIONS: dict[str, tuple[Condition, set[str], int]] = {
    "stopped": (stopped, {"ServiceIsGone"}, SPEED),
    "scaled to zero": (scaled_to_zero, {"ServiceHasNoTargets"}, SPEED),
    "users' requests fail": (
        users_fail_and_probes_succeed,
        {"ServiceFails", "AvailabilityBudgetBurnsFast", "AvailabilityBudgetBurnsSlowly"},
        SPEED,
    ),
    "queries wait": (
        queries_wait,
        {"ServiceIsSlow", "LatencyBudgetBurnsFast", "LatencyBudgetBurnsSlowly"},
        SPEED,
    ),
    "threads wait": (threads_wait, {"ServiceIsFull"}, SPEED),
    # uWSGI takes seconds for each worker: half an hour is three minutes here.
    "workers are killed": (workers_are_killed, {"ServiceReplacesWorkers"}, 10),
}
"""A condition, the alerts that are for it, and how much faster the rules are."""


@contextmanager
def watched(service: RunningService, folder: Path, speed: int = SPEED) -> Iterator[Prometheus]:
    """Start a Prometheus that has scraped the service, and found nothing yet."""
    rules = sped_up(rules_of(service.folder), speed)
    ports = [service.metrics_port]
    with prometheus(folder / "prometheus", service.service.name, rules, ports) as server:
        eventually(lambda: server.value(f"sum(up{{{job(service)}}})") == 1, lambda: "not scraped")
        # It takes five seconds to begin, which are five minutes without targets.
        eventually(lambda: not server.firing(), server.alerts)
        yield server


def job(service: RunningService) -> str:
    return f'job="{service.service.name}"'


@pytest.mark.parametrize("name", CONDITIONS)
def test_alerts_fire(running: RunningService, tmp_path: Path, name: str) -> None:
    condition, alerts, speed = CONDITIONS[name]
    with watched(running, tmp_path, speed) as server:
        assert not server.firing() & alerts
        with condition(running, server):
            eventually(lambda: server.firing() >= alerts, server.alerts)
        for alert in server.alerts():
            assert alert["labels"]["namespace"] == NAMESPACE
            assert f"{running.service.name} in {NAMESPACE}" in alert["annotations"]["summary"]


def test_every_alert_has_a_condition(running: RunningService) -> None:
    rules = [rule for group in rules_of(running.folder)["groups"] for rule in group["rules"]]
    alerts = {rule["alert"] for rule in rules if "alert" in rule}
    assert set().union(*(alerts for _, alerts, _ in CONDITIONS.values())) == alerts


def test_the_failures_of_users_are_not_hidden_by_probes(
    running: RunningService, tmp_path: Path
) -> None:
    """What 3 % of all requests would not: the share of 5xx, with the probes, is below the bound."""
    every = f"http_requests_total{{{job(running)}}}"
    failed = every.replace("}", ',status=~"5.."}')
    ratio = f"sum(rate({failed}[10s])) / sum(rate({every}[10s]))"
    with (
        watched(running, tmp_path) as server,
        users_fail_and_probes_succeed(running, server),
    ):
        eventually(lambda: "ServiceFails" in server.firing(), server.alerts)
        assert 0 < server.value(ratio) < 0.05


def test_a_service_that_was_never_scraped_is_noticed(
    running: RunningService, tmp_path: Path
) -> None:
    """A monitor that selects nothing, or a Prometheus that does not select the monitor."""
    rules = sped_up(rules_of(running.folder))
    with prometheus(tmp_path / "prometheus", running.service.name, rules, []) as server:
        eventually(lambda: server.firing() == {"ServiceHasNoTargets"}, server.alerts)


def test_no_alert_fires_while_users_are_served(running: RunningService, tmp_path: Path) -> None:
    """That it is slow may be true of a busy machine: that alert is left to promtool's tests."""
    with (
        watched(running, tmp_path) as server,
        calls(running, LIST, 2, 0.2),
        calls(running, "/nowhere/", 1, 0.5),
    ):
        end = time.monotonic() + 15
        while time.monotonic() < end:
            assert {name for name in server.firing() if "Latency" not in name} <= {"ServiceIsSlow"}
            time.sleep(0.5)


def test_every_query_of_the_dashboard_has_data(running: RunningService, tmp_path: Path) -> None:
    file = running.folder / COMPONENTS / "grafana-dashboard" / "dashboard.json"
    dashboard = json.loads(file.read_text("utf-8"))
    queries = [
        target["expr"].replace("$namespace", NAMESPACE)
        for panel in dashboard["panels"]
        for target in panel["targets"]
    ]
    assert len(queries) > 10
    # As the rules: 5 minutes are 5 seconds.
    rules = sped_up({"groups": [{"rules": [{"expr": query} for query in queries]}]})
    expressions = [rule["expr"] for rule in rules["groups"][0]["rules"]]
    with (
        watched(running, tmp_path) as server,
        without_database(running),
        calls(running, LIST, 2, 0.2),
    ):
        for query in expressions:
            eventually(partial(has_data, server, query), partial(str, query))
        [namespaces] = [
            each["query"] for each in dashboard["templating"]["list"] if each["type"] == "query"
        ]
        found = re.fullmatch(r"label_values\((.+), (\w+)\)", namespaces)
        assert found
        assert server.values_of(found[2], found[1]) == [NAMESPACE]


def has_data(server: Prometheus, query: str) -> bool:
    """Return whether a query gives a number. A route that nobody calls has none."""
    return any(each["value"][1] != "NaN" for each in server.query(query))
