"""What tools for operators say of the manifests: checkov, promtool, and kubectl of its options."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tasks.folders import ROOT
from tests.kubernetes.tools import FOLDER, Object, objects_of, program

Built = dict[tuple[str, str], str]


def failed_checks(folder: Path, service: Path) -> set[tuple[str, str]]:
    """Return the checks that fail on the manifests of a folder, with what they fail for."""
    program("kustomize")
    config = service / "infra" / "kubernetes" / ".checkov.yaml"
    checkov = FOLDER / "checkov" / "bin" / "checkov"
    options = (f"--config-file={config}", "--skip-download", "--output=json")
    done = subprocess.run(
        [checkov, *options, "--directory", folder], capture_output=True, text=True
    )
    report = json.loads(done.stdout)
    assert report["summary"]["parsing_errors"] == 0
    assert report["summary"]["passed"] > 20
    found = report["results"]["failed_checks"]
    return {(check["check_id"], check["resource"].rpartition(".")[2]) for check in found}


def test_checkov_finds_nothing(built: Built, services: dict[str, Path], tmp_path: Path) -> None:
    for (name, overlay), text in built.items():
        (tmp_path / f"{name}-{overlay}.yaml").write_text(text, "utf-8")
    assert failed_checks(tmp_path, services["frontend"]) == set()


def test_checkov_sees_planted_faults(
    built: Built, services: dict[str, Path], tmp_path: Path
) -> None:
    text = built["frontend", "staging"]
    for old, new in (
        ("allowPrivilegeEscalation: false", "privileged: true"),
        ("readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false"),
    ):
        assert old in text
        text = text.replace(old, new)
    (tmp_path / "planted.yaml").write_text(text, "utf-8")
    found = failed_checks(tmp_path, services["frontend"])
    assert found >= {("CKV_K8S_16", "frontend"), ("CKV_K8S_22", "frontend")}


def test_no_check_is_skipped_without_a_reason(services: dict[str, Path]) -> None:
    file = services["frontend"] / "infra" / "kubernetes" / ".checkov.yaml"
    lines = file.read_text("utf-8").splitlines()
    skipped = [number for number, line in enumerate(lines) if "- CKV" in line]
    assert skipped
    for number in skipped:
        assert re.match(r"  # \w", lines[number - 1]), lines[number]


# Alerts.

ALERTS = {
    "ServiceIsGone": [('up{job="frontend",namespace="x"}', "0x30")],
    "ServiceFails": [
        ('http_requests_total{job="frontend",namespace="x",status="200"}', "0+90x30"),
        ('http_requests_total{job="frontend",namespace="x",status="503"}', "0+10x30"),
    ],
    "ServiceIsSlow": [
        ('http_request_duration_seconds_bucket{job="frontend",namespace="x",le="1.0"}', "0+90x30"),
        ('http_request_duration_seconds_bucket{job="frontend",namespace="x",le="5.0"}', "0+100x30"),
        (
            'http_request_duration_seconds_bucket{job="frontend",namespace="x",le="+Inf"}',
            "0+100x30",
        ),
    ],
    "ServiceIsFull": [('uwsgi_listen_queue{job="frontend",namespace="x"}', "20x30")],
    "ServiceReplacesWorkers": [
        ('uwsgi_worker_starts_total{job="frontend",namespace="x",worker="1"}', "0+1x60")
    ],
}

CALM = {
    "ServiceIsGone": [('up{job="frontend",namespace="x"}', "1x30")],
    "ServiceFails": [
        ('http_requests_total{job="frontend",namespace="x",status="200"}', "0+96x30"),
        ('http_requests_total{job="frontend",namespace="x",status="503"}', "0+4x30"),
    ],
    "ServiceIsSlow": [
        ('http_request_duration_seconds_bucket{job="frontend",namespace="x",le="1.0"}', "0+96x30"),
        (
            'http_request_duration_seconds_bucket{job="frontend",namespace="x",le="+Inf"}',
            "0+100x30",
        ),
    ],
    "ServiceIsFull": [('uwsgi_listen_queue{job="frontend",namespace="x"}', "8x30")],
    "ServiceReplacesWorkers": [
        ('uwsgi_worker_starts_total{job="frontend",namespace="x",worker="1"}', "2x60")
    ],
}


@pytest.fixture
def rules(services: dict[str, Path], tmp_path: Path) -> Path:
    """The rules of a service, as Prometheus reads them."""
    folder = services["frontend"] / "infra" / "kubernetes" / "components" / "prometheus-rule"
    [rule] = objects_of((folder / "prometheus-rule.yaml").read_text("utf-8"))
    path = tmp_path / "rules.yaml"
    path.write_text(yaml.safe_dump(rule["spec"]), "utf-8")
    return path


def promtool(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([program("promtool"), *words], capture_output=True, text=True)


def test_the_rules_are_right(rules: Path) -> None:
    done = promtool("check", "rules", rules)
    assert done.returncode == 0, done.stderr
    assert "5 rules found" in done.stdout


def fired(rules: Path, alert: str, series: list[tuple[str, str]]) -> bool:
    """Return whether an alert, and only one, fires after a quarter of an hour of some series."""
    text: Any = {
        "rule_files": [str(rules)],
        "tests": [
            {
                "interval": "1m",
                "input_series": [{"series": name, "values": values} for name, values in series],
                "alert_rule_test": [
                    {"eval_time": "25m", "alertname": alert, "exp_alerts": []},
                ],
            }
        ],
    }
    path = rules.with_name("test.yaml")
    path.write_text(yaml.safe_dump(text), "utf-8")
    done = promtool("test", "rules", path)
    assert not done.stderr or "FAILED" in done.stderr + done.stdout, done.stderr
    return done.returncode != 0


@pytest.mark.parametrize("alert", ALERTS)
def test_an_alert_fires_when_it_should_and_not_before(rules: Path, alert: str) -> None:
    assert fired(rules, alert, ALERTS[alert])
    assert not fired(rules, alert, CALM[alert])


def test_every_alert_is_tested(rules: Path) -> None:
    groups = yaml.safe_load(rules.read_text("utf-8"))["groups"]
    assert {rule["alert"] for group in groups for rule in group["rules"]} == ALERTS.keys()


def test_alerts_and_dashboard_ask_for_metrics_that_the_service_has(
    services: dict[str, Path], rules: Path
) -> None:
    chassis = ROOT / "chassis" / "src" / "flask_chassis"
    code = "".join(path.read_text("utf-8") for path in chassis.rglob("*metrics*.py"))
    made = set(re.findall(r'"((?:http|uwsgi|upstream|service)_[a-z_]+)"', code))
    dashboard = (
        services["frontend"] / "infra/kubernetes/components/grafana-dashboard/dashboard.json"
    )
    asked = set(re.findall(r"\b((?:http|uwsgi|service)_[a-z_]+)\{", rules.read_text("utf-8")))
    panels = json.loads(dashboard.read_text("utf-8"))["panels"]
    queries = " ".join(target["expr"] for panel in panels for target in panel["targets"])
    asked |= set(re.findall(r"\b((?:http|uwsgi|service)_[a-z_]+)\{", queries))
    assert len(asked) > 5
    assert {re.sub(r"_(?:total|bucket)$", "", name) for name in asked} <= made


# kubectl.

COMMANDS = (
    "apply --filename=-",
    "apply --dry-run=server --filename=-",
    "diff --filename=-",
    "get job x --ignore-not-found --output=json",
    "get pods --selector=a=b --ignore-not-found --output=json",
    "delete job x --wait --timeout=5s",
    "rollout status deployment/x --timeout=5s",
    "rollout undo deployment/x",
    "logs --selector=a=b --tail=40 --all-containers --prefix",
    "port-forward pod/x :80 --address=127.0.0.1",
)


LIST = json.dumps(
    {
        "apiVersion": "v1",
        "kind": "List",
        "items": [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}}],
    }
)


def kubectl(command: str) -> str:
    """Return what the real kubectl says to a command, with a cluster that does not answer."""
    where = ("--server=http://127.0.0.1:9", "--namespace=x")
    done = subprocess.run(
        [program("kubectl"), *where, *command.split()], input=LIST, capture_output=True, text=True
    )
    assert done.returncode
    return done.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_kubectl_knows_the_options_that_the_tasks_use(command: str) -> None:
    said = kubectl(command)
    assert "unknown" not in said
    assert "refused" in said, said


def test_an_option_that_kubectl_does_not_know_is_seen() -> None:
    assert "unknown flag" in kubectl("rollout undo deployment/x --nothing")


# Shutdown.


def test_pods_serve_on_for_as_long_as_the_tests_of_images_have_them(
    objects: dict[tuple[str, str], list[Object]],
) -> None:
    """What tests/docker/test_shutdown.py proves of a rolling restart holds for these pods."""
    text = (Path(__file__).parents[1] / "docker" / "test_shutdown.py").read_text("utf-8")
    tested = dict(re.findall(r"^(PRE_STOP|GRACE)_SECONDS = (\d+)$", text, re.MULTILINE))
    for name in ("users-backend", "thoughts-backend", "frontend"):
        [pod] = [
            each["spec"]["template"]["spec"]
            for each in objects[name, "production"]
            if each["kind"] == "Deployment"
        ]
        sleep = pod["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"]
        found = {"PRE_STOP": str(sleep), "GRACE": str(pod["terminationGracePeriodSeconds"])}
        assert found == tested
