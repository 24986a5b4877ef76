"""The bounds of the alerts, by promtool. tests/full/test_alerts.py has them fire in Prometheus."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tasks.engine import engine
from tasks.folders import ROOT
from tests.kubernetes.tools import objects_of, program

COMPONENTS = Path("infra/kubernetes/components")

SERVICE = "frontend"
OTHERS = f'job="{SERVICE}",namespace="x"'
USERS = f'{OTHERS},method="GET",route="/thoughts/"'
PROBES = f'{OTHERS},method="GET",route="/health/live",status="200"'

MINUTES = 60
"""For so long, all is as it is: a ratio over three days is then that of one hour."""

Series = list[tuple[str, str]]


def requests(*, good: float = 0, failed: float = 0, probes: float = 0) -> Series:
    """Return series of so many requests a minute."""
    return [
        (f'http_requests_total{{{USERS},status="200"}}', f"0+{good}x{MINUTES}"),
        (f'http_requests_total{{{USERS},status="503"}}', f"0+{failed}x{MINUTES}"),
        (f"http_requests_total{{{PROBES}}}", f"0+{probes}x{MINUTES}"),
    ]


def durations(*, fast: float, slow: float, probes: float = 0) -> Series:
    """Return series of requests within a second, and of such that take longer, a minute."""
    name = "http_request_duration_seconds_bucket"
    within = {"0.5": fast, "1.0": fast, "5.0": fast + slow, "+Inf": fast + slow}
    probe = f'{OTHERS},method="GET",route="/health/live"'
    return [
        *((f'{name}{{{USERS},le="{le}"}}', f"0+{count}x{MINUTES}") for le, count in within.items()),
        *((f'{name}{{{probe},le="{le}"}}', f"0+{probes}x{MINUTES}") for le in within),
    ]


UP = f"up{{{OTHERS}}}"

FIRES: dict[str, Series] = {
    "ServiceIsGone": [(UP, f"0x{MINUTES}")],
    "ServiceHasNoTargets": [],
    # 3 % of all requests, and all of the users'.
    "ServiceFails": requests(failed=3, probes=97),
    "AvailabilityBudgetBurnsFast": requests(good=98.5, failed=1.5, probes=1000),
    "AvailabilityBudgetBurnsSlowly": requests(good=998, failed=2, probes=10_000),
    "LatencyBudgetBurnsFast": durations(fast=65, slow=35, probes=1000),
    "LatencyBudgetBurnsSlowly": durations(fast=94, slow=6, probes=1000),
    "ServiceIsSlow": durations(fast=94, slow=6, probes=1000),
    "ServiceIsFull": [(f"uwsgi_listen_queue{{{OTHERS}}}", f"17x{MINUTES}")],
    "ServiceReplacesWorkers": [
        (f'uwsgi_worker_starts_total{{{OTHERS},worker="1"}}', f"0+1x{MINUTES}")
    ],
}

CALM: dict[str, Series] = {
    "ServiceIsGone": [(UP, f"1x{MINUTES}")],
    "ServiceHasNoTargets": [(UP, f"0x{MINUTES}")],
    "ServiceFails": requests(good=96, failed=4),
    "AvailabilityBudgetBurnsFast": requests(good=995, failed=5),
    "AvailabilityBudgetBurnsSlowly": requests(good=10_000, failed=9),
    "LatencyBudgetBurnsFast": durations(fast=71, slow=29),
    "LatencyBudgetBurnsSlowly": durations(fast=96, slow=4),
    "ServiceIsSlow": durations(fast=96, slow=4),
    "ServiceIsFull": [(f"uwsgi_listen_queue{{{OTHERS}}}", f"16x{MINUTES}")],
    "ServiceReplacesWorkers": [
        (f'uwsgi_worker_starts_total{{{OTHERS},worker="1"}}', f"2x{MINUTES}")
    ],
}


def rules_of(service: Path) -> dict[str, Any]:
    """Return the rules of a service, as Prometheus reads them."""
    text = (service / COMPONENTS / "prometheus-rule" / "prometheus-rule.yaml").read_text("utf-8")
    [rule] = objects_of(text)
    spec: dict[str, Any] = rule["spec"]
    return spec


def alerts_of(service: Path) -> dict[str, dict[str, Any]]:
    """Return the alerts of a service by their names."""
    rules = [rule for group in rules_of(service)["groups"] for rule in group["rules"]]
    return {rule["alert"]: rule for rule in rules if "alert" in rule}


@pytest.fixture
def rules(services: dict[str, Path], tmp_path: Path) -> Path:
    """The rules of a service, in a file."""
    path = tmp_path / "rules.yaml"
    path.write_text(yaml.safe_dump(rules_of(services[SERVICE])), "utf-8")
    return path


def promtool(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([program("promtool"), *words], capture_output=True, text=True)


def test_the_rules_are_right(rules: Path) -> None:
    done = promtool("check", "rules", rules)
    assert done.returncode == 0, done.stderr
    assert "24 rules found" in done.stdout


def fired(rules: Path, alert: str, series: Series) -> bool:
    """Return whether an alert fires after an hour of some series."""
    text: Any = {
        "rule_files": [str(rules)],
        "evaluation_interval": "1m",
        "tests": [
            {
                "interval": "1m",
                "input_series": [{"series": name, "values": values} for name, values in series],
                "alert_rule_test": [
                    {"eval_time": f"{MINUTES}m", "alertname": alert, "exp_alerts": []},
                ],
            }
        ],
    }
    path = rules.with_name("test.yaml")
    path.write_text(yaml.safe_dump(text), "utf-8")
    done = promtool("test", "rules", path)
    assert not done.stderr or "FAILED" in done.stderr + done.stdout, done.stderr
    return done.returncode != 0


@pytest.mark.parametrize("alert", FIRES)
def test_an_alert_fires_when_it_should_and_not_before(rules: Path, alert: str) -> None:
    assert fired(rules, alert, FIRES[alert])
    assert not fired(rules, alert, CALM[alert])


def test_a_service_without_requests_burns_no_budget(rules: Path) -> None:
    for alert in FIRES:
        if "Budget" in alert or alert in {"ServiceFails", "ServiceIsSlow"}:
            assert not fired(rules, alert, requests() + durations(fast=0, slow=0))


def test_every_alert_is_tested(services: dict[str, Path]) -> None:
    assert alerts_of(services[SERVICE]).keys() == FIRES.keys() == CALM.keys()


def test_every_alert_links_to_its_runbook(services: dict[str, Path]) -> None:
    for service in services.values():
        text = (service / "docs" / "runbooks.md").read_text("utf-8")
        sections = dict(
            re.findall(r"^## (\w+)\n\n(.+?)(?=\n## |\Z)", text, re.DOTALL | re.MULTILINE)
        )
        alerts = alerts_of(service)
        assert alerts.keys() == sections.keys()
        for name, rule in alerts.items():
            address, _, anchor = rule["annotations"]["runbook_url"].partition("#")
            assert address.endswith(f"/{service.name}/blob/main/docs/runbooks.md")
            assert anchor == name.lower()
            # What it means, and what to do.
            assert "\n1. " in sections[name]


def test_alerts_and_dashboard_ask_for_metrics_that_the_service_has(
    services: dict[str, Path], rules: Path
) -> None:
    chassis = ROOT / "chassis" / "src" / "flask_chassis"
    code = "".join(path.read_text("utf-8") for path in chassis.rglob("*metrics*.py"))
    made = set(re.findall(r'"((?:http|uwsgi|upstream|service)_[a-z_]+)"', code))
    dashboard = services[SERVICE] / COMPONENTS / "grafana-dashboard" / "dashboard.json"
    asked = set(re.findall(r"\b((?:http|uwsgi|service)_[a-z_]+)\{", rules.read_text("utf-8")))
    panels = json.loads(dashboard.read_text("utf-8"))["panels"]
    queries = " ".join(target["expr"] for panel in panels for target in panel["targets"])
    asked |= set(re.findall(r"(?<![\w:])((?:http|uwsgi|service)_[a-z_]+)\{", queries))
    assert len(asked) > 5
    assert {re.sub(r"_(?:total|bucket)$", "", name) for name in asked} <= made


def test_what_the_dashboard_takes_from_the_rules_is_recorded(services: dict[str, Path]) -> None:
    service = services[SERVICE]
    groups = rules_of(service)["groups"]
    recorded = {rule.get("record") for group in groups for rule in group["rules"]}
    text = (service / COMPONENTS / "grafana-dashboard" / "dashboard.json").read_text("utf-8")
    asked = set(re.findall(r"slo:\w+:\w+", text))
    assert asked
    assert asked <= recorded


# What the numbers of infra/slo.yaml give.

files = engine("kubernetes.alerts.files")


def test_the_files_are_what_the_objectives_give(services: dict[str, Path]) -> None:
    assert {name: files.different(path, name) for name, path in services.items()} == {
        name: [] for name in services
    }


@pytest.mark.parametrize(
    ("old", "new", "different"),
    [
        ("availability_percent: 99.9\n", "availability_percent: 99.5\n", {"rules", "runbooks"}),
        ("latency_seconds: 1\n", "latency_seconds: 0.5\n", {"rules", "runbooks"}),
        ("runbooks: https://git.", "runbooks: https://gitlab.", {"rules"}),
    ],
)
def test_files_that_the_objectives_give_otherwise_are_seen(
    services: dict[str, Path], tmp_path: Path, old: str, new: str, different: set[str]
) -> None:
    service = shutil.copytree(services[SERVICE], tmp_path / SERVICE)
    file = service / "infra" / "slo.yaml"
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new), "utf-8")
    names = {files.RULES: "rules", files.RUNBOOKS: "runbooks"}
    assert {names[path] for path in files.different(service, SERVICE)} == different
