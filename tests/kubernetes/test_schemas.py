"""What is applied is what the API of Kubernetes takes, of its oldest and newest version."""

import copy
import json
import subprocess
from collections.abc import Iterable
from pathlib import Path

import kubernetes_validate
import pytest

from tasks import overlay
from tasks.render import example, render
from tests.kubernetes.tools import FOLDER, Object, kustomize, objects_of, program

OLDEST, NEWEST = "1.30", "1.36"


def faults_in(objects: Iterable[Object]) -> list[str]:
    """Return what is wrong with objects; those of no kind of Kubernetes' own are others'."""
    faults, others = [], []
    for each in objects:
        for version in (OLDEST, NEWEST):
            try:
                kubernetes_validate.validate(each, version, strict=True)
            except kubernetes_validate.SchemaNotFoundError:
                others.append(each)
                break
            except kubernetes_validate.ValidationError as error:
                faults.append(f"{version}: {each['kind']} {each['metadata']['name']}: {error}")
    return faults + faults_in_others(others)


def faults_in_others(objects: list[Object]) -> list[str]:
    """Return what is wrong with objects of other APIs; an unknown one is a fault."""
    program("kustomize")
    script = Path(__file__).with_name("crds.cjs")
    done = subprocess.run(
        ["node", script, FOLDER], input=json.dumps(objects), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    faults: list[str] = json.loads(done.stdout)
    return faults


def test_every_overlay_of_every_kind_is_valid(
    objects: dict[tuple[str, str], list[Object]],
) -> None:
    faults = {which: faults_in(found) for which, found in objects.items()}
    assert not any(faults.values()), faults


def test_the_nightly_task_of_the_tutorial_is_valid(tmp_path: Path) -> None:
    service = render(tmp_path, example(overlay.INVOICES))
    overlay.put(service)
    found = objects_of(kustomize(service / "infra" / "kubernetes" / "overlays" / "production"))
    assert [each["metadata"]["name"] for each in found if each["kind"] == "CronJob"] == [
        "invoices-backend-overdue"
    ]
    assert faults_in(found) == []


def test_what_follows_git_is_valid(services: dict[str, Path]) -> None:
    for service in services.values():
        for tool in ("flux", "argo-cd"):
            found = objects_of(kustomize(service / "infra" / "gitops" / tool))
            assert len(found) > 1
            assert faults_in(found) == []


@pytest.mark.parametrize(
    ("kind", "plant"),
    [
        ("Deployment", {"spec": {"replcas": 1}}),
        ("Deployment", {"apiVersion": "apps/v2"}),
        ("HorizontalPodAutoscaler", {"apiVersion": "autoscaling/v2beta2"}),
        ("PodDisruptionBudget", {"kind": "PodDisruptionsBudget"}),
        ("ServiceMonitor", {"spec": {"endpoints": "metrics"}}),
        ("PrometheusRule", {"kind": "PrometheusRules"}),
        ("ExternalSecret", {"spec": {"refreshInterval": 5}}),
    ],
)
def test_a_planted_fault_is_seen(
    objects: dict[tuple[str, str], list[Object]], kind: str, plant: Object
) -> None:
    [found, *_] = [each for each in objects["users-backend", "all"] if each["kind"] == kind]
    assert faults_in([found]) == []
    broken = copy.deepcopy(found)
    broken |= plant if "spec" not in plant else {"spec": broken["spec"] | plant["spec"]}
    assert faults_in([broken])
