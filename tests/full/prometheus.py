"""A Prometheus of Debian's package on 127.0.0.1, with the rules of a service, sped up."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

from tasks.ports import free_port
from tests.waiting import eventually

COMPONENTS = Path("infra/kubernetes/components")

NAMESPACE = "acme-test"

SPEED = 60
"""A minute of the rules is a second of the tests. Nothing else of an expression is changed."""

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


@dataclass(frozen=True)
class Prometheus:
    """A running Prometheus."""

    address: str
    targets: Path

    def scrape(self, *ports: int) -> None:
        """Scrape these ports, each as a pod, and no others."""
        found = [
            {
                "targets": [f"127.0.0.1:{port}"],
                "labels": {"namespace": NAMESPACE, "pod": f"pod-{number}"},
            }
            for number, port in enumerate(ports)
        ]
        # Prometheus may read it at any moment.
        unfinished = self.targets.with_suffix(".new")
        unfinished.write_text(json.dumps(found if ports else []))
        unfinished.rename(self.targets)

    def query(self, expression: str) -> list[dict[str, Any]]:
        """Return what an expression gives now: a metric and a value each."""
        found: list[dict[str, Any]] = self._ask("query", query=expression)["result"]
        return found

    def value(self, expression: str) -> float:
        """Return the one value that an expression gives now, or NaN."""
        found = self.query(expression)
        assert len(found) < 2, found
        return float(found[0]["value"][1]) if found else float("nan")

    def values_of(self, label: str, series: str) -> list[str]:
        """Return the values that a label has, as a variable of a dashboard."""
        found: list[str] = self._ask(f"label/{label}/values", **{"match[]": series})
        return found

    def firing(self) -> set[str]:
        """Return the alerts that fire."""
        return {each["labels"]["alertname"] for each in self.alerts() if each["state"] == "firing"}

    def alerts(self) -> list[dict[str, Any]]:
        """Return the alerts that fire or soon will, with their labels and annotations."""
        found: list[dict[str, Any]] = self._ask("alerts")["alerts"]
        return found

    def _ask(self, path: str, **parameters: str) -> Any:
        answer = requests.get(f"{self.address}/api/v1/{path}", parameters, timeout=30)
        assert answer.ok, answer.text
        return answer.json()["data"]


def rules_of(service: Path) -> dict[str, Any]:
    """Return the rules of a rendered service, as Prometheus reads them."""
    text = (service / COMPONENTS / "prometheus-rule" / "prometheus-rule.yaml").read_text("utf-8")
    spec: dict[str, Any] = yaml.safe_load(text)["spec"]
    return spec


def sped_up(rules: dict[str, Any], speed: int = SPEED) -> dict[str, Any]:
    """Return the rules with shorter windows and durations, and otherwise as they are."""

    def shorter(found: re.Match[str]) -> str:
        return f"{int(found[1]) * _UNITS[found[2]] // speed}s"

    groups = [
        group
        | {
            "rules": [
                rule
                | {"expr": re.sub(r"(?<=\[)(\d+)([smhd])(?=\])", shorter, rule["expr"])}
                | ({"for": re.sub(r"(\d+)([smhd])", shorter, rule["for"])} if "for" in rule else {})
                for rule in group["rules"]
            ]
        }
        for group in rules["groups"]
    ]
    return rules | {"groups": groups}


@contextmanager
def prometheus(
    folder: Path, job: str, rules: dict[str, Any], ports: Sequence[int]
) -> Iterator[Prometheus]:
    """Start a Prometheus that scrapes these ports each second, and evaluates these rules."""
    program = shutil.which("prometheus")
    if not program:
        pytest.skip("prometheus is not installed")
    folder.mkdir()
    config = {
        "global": {
            "scrape_interval": "1s",
            "scrape_timeout": "1s",
            "evaluation_interval": "1s",
        },
        "rule_files": ["rules.yaml"],
        "scrape_configs": [
            {
                "job_name": job,
                "file_sd_configs": [{"files": ["targets.json"], "refresh_interval": "1s"}],
            }
        ],
    }
    (folder / "prometheus.yaml").write_text(yaml.safe_dump(config))
    (folder / "rules.yaml").write_text(yaml.safe_dump(rules))
    port = free_port()
    started = Prometheus(f"http://127.0.0.1:{port}", folder / "targets.json")
    started.scrape(*ports)
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [
                program,
                "--config.file=prometheus.yaml",
                "--storage.tsdb.path=data",
                f"--web.listen-address=127.0.0.1:{port}",
                "--log.level=warn",
            ],
            cwd=folder,
            env=os.environ | {"GOMAXPROCS": "1"},
            stdout=log,
            stderr=log,
        )
    try:
        eventually(lambda: process.poll() is not None or _is_ready(started))
        assert process.poll() is None, (folder / "log").read_text()
        yield started
    finally:
        process.terminate()
        process.wait(30)


def _is_ready(server: Prometheus) -> bool:
    try:
        return requests.get(f"{server.address}/-/ready", timeout=5).ok
    except requests.RequestException:
        return False
