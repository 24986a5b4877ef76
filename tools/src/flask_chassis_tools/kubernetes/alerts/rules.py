"""Generates the rules of Prometheus: the recorded ratios of the SLOs, and the alerts."""

from typing import Any

import yaml

from flask_chassis_tools.kubernetes.alerts import expressions
from flask_chassis_tools.kubernetes.alerts.objectives import Objectives

HEAD = """\
# Written by the task cluster.alerts from infra/slo.yaml: change that, and run it.
---
"""

FULL_QUEUE = 16
"""Connections that wait for a thread, of the 128 that uWSGI lets wait (`listen`)."""

FAILING = 0.05
"""A share of failed requests that is reported within minutes, whatever the objective is."""

REPLACED_WORKERS = 20

WHERE = "{{ $labels.job }} in {{ $labels.namespace }}"

Alert = tuple[str, str, str, str, str]
"""Name, severity, `for`, summary, expression."""


def alerts(service: str, objectives: Objectives) -> list[Alert]:
    """Return the alerts on a service, the most urgent first."""
    matcher = expressions.of_service(service)
    starts = f"sum {expressions.BY} (increase(uwsgi_worker_starts_total{{{matcher}}}[30m]))"
    available, within = objectives.availability_percent, objectives.latency_percent
    seconds = f"{objectives.latency_seconds:g} s"
    errors, slow = expressions.ERRORS, expressions.SLOW
    return [
        (
            "ServiceIsGone",
            "critical",
            "2m",
            f"No pod of {WHERE} can be scraped.",
            f"sum {expressions.BY} (up{{{matcher}}}) == 0",
        ),
        (
            "ServiceHasNoTargets",
            "critical",
            "5m",
            f"Prometheus knows no pod of {WHERE}.",
            expressions.has_no_targets(service),
        ),
        (
            "ServiceFails",
            "critical",
            "5m",
            f"{WHERE} answers more than {FAILING:.0%} of its users' requests with 5xx.",
            f"{expressions.error_ratio(service, '5m')} > {FAILING}",
        ),
        (
            "AvailabilityBudgetBurnsFast",
            "critical",
            "",
            f"{WHERE} fails so often that it misses its {available:g}% availability within days.",
            expressions.burns(errors, available, expressions.FAST_BURN),
        ),
        (
            "AvailabilityBudgetBurnsSlowly",
            "warning",
            "",
            f"{WHERE} fails too often for {available:g}% availability.",
            expressions.burns(errors, available, expressions.SLOW_BURN),
        ),
        (
            "LatencyBudgetBurnsFast",
            "critical",
            "",
            f"{WHERE} is so slow that it misses its {within:g}% within {seconds} within days.",
            expressions.burns(slow, within, expressions.FAST_BURN),
        ),
        (
            "LatencyBudgetBurnsSlowly",
            "warning",
            "",
            f"{WHERE} is too slow for {within:g}% within {seconds}.",
            expressions.burns(slow, within, expressions.SLOW_BURN),
        ),
        (
            "ServiceIsSlow",
            "warning",
            "10m",
            f"Of the requests of {WHERE}, {100 - within:g}% take longer than {seconds}.",
            f"{expressions.quantile(service, within, '5m')} > {objectives.latency_seconds:g}",
        ),
        (
            "ServiceIsFull",
            "warning",
            "5m",
            f"Connections wait for a thread of {WHERE}.",
            f"max {expressions.BY} (uwsgi_listen_queue{{{matcher}}}) > {FULL_QUEUE}",
        ),
        (
            "ServiceReplacesWorkers",
            "warning",
            "",
            f"Workers of {WHERE} are replaced again and again.",
            f"{starts} > {REPLACED_WORKERS}",
        ),
    ]


def text(service: str, objectives: Objectives) -> str:
    """Return the text of the PrometheusRule."""
    recorded = [
        {"record": name, "expr": expression}
        for name, expression in expressions.records(service, objectives)
    ]
    rule = {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": service, "labels": {"app.kubernetes.io/name": service}},
        "spec": {
            "groups": [
                {"name": f"{service}-slo", "rules": recorded},
                {
                    "name": service,
                    "rules": [_rule(alert, objectives) for alert in alerts(service, objectives)],
                },
            ]
        },
    }
    return HEAD + yaml.dump(rule, Dumper=_Indented, sort_keys=False, width=10_000)


def _rule(alert: Alert, objectives: Objectives) -> dict[str, Any]:
    name, severity, duration, summary, expression = alert
    return {
        "alert": name,
        "expr": expression,
        **({"for": duration} if duration else {}),
        "labels": {"severity": severity},
        "annotations": {
            "summary": summary,
            # The anchor of a heading, as the web pages of git hosts have it.
            "runbook_url": f"{objectives.runbooks}#{name.lower()}",
        },
    }


class _Indented(yaml.SafeDumper):
    """Indents lists below their key, like the other manifests."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)
