"""`cluster.check`: the manifests are right, and each fault that is planted into them is seen."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from {{ cookiecutter.package_name }}.chassis.settings import ENVIRONMENT_VARIABLE, PREFIX
from {{ cookiecutter.package_name }}.tasks import (
    checks_of_objects,
    cluster_checks,
    overlays,
)

from .conftest import Run
from .manifests import BASE, STAGE, Object, container, one, pod, written

Objects = list[Object]


def test_what_is_written_is_right() -> None:
    assert cluster_checks.faults_in(written(), STAGE) == []
    assert cluster_checks.faults_in_files() == []


@pytest.mark.skipif(
    not (shutil.which("kustomize") or shutil.which("kubectl")),
    reason="neither kustomize nor kubectl is here to build the overlays",
)
def test_every_overlay_is_right(run: Run) -> None:
    done = run("cluster.check")
    assert (done.code, done.error) == (0, "")
    assert "development, production, staging" in done.out


PLANTED: dict[str, tuple[Callable[[Objects], Any], str]] = {
    # Objects.
    "selector of the Deployment": (
        lambda found: one(found, "Deployment")["spec"]["selector"]["matchLabels"].update(x="y"),
        "does not select its own pods",
    ),
    "selector of the Service": (
        lambda found: one(found, "Service")["spec"]["selector"].update(x="y"),
        "selects no pods",
    ),
    "selector of the budget": (
        lambda found: one(found, "PodDisruptionBudget")["spec"]["selector"].update(
            matchLabels={"x": "y"}
        ),
        "selects no pods",
    ),
    "target of the autoscaler": (
        lambda found: one(found, "HorizontalPodAutoscaler")["spec"]["scaleTargetRef"].update(
            name="x"
        ),
        "which is not there",
    ),
    "port of the container": (
        lambda found: container(found)["ports"][0].update(containerPort=1),
        "and uWSGI listens on",
    ),
    "port of the Service": (
        lambda found: one(found, "Service")["spec"]["ports"][0].update(port=1),
        "is not at the port",
    ),
    "port of the Ingress": (
        lambda found: next(checks_of_objects.routes(one(found, "Ingress")))[1].update(
            port={"name": "x"}
        ),
        "that is not there",
    ),
    "an Ingress to everything": (
        lambda found: next(checks_of_objects.routes(one(found, "Ingress")))[0].update(
            path="/", pathType="Prefix"
        ),
        "leads to /admin, which is internal",
    ),
    "an Ingress to the metrics": (
        lambda found: next(checks_of_objects.routes(one(found, "Ingress")))[0].update(
            path="/metrics", pathType="Exact"
        ),
        "leads to /metrics, which is internal",
    ),
    "an Ingress without TLS": (
        lambda found: one(found, "Ingress")["spec"].pop("tls"),
        "has no TLS for",
    ),
    "an Ingress for every host": (
        lambda found: one(found, "Ingress")["spec"]["rules"][0].pop("host"),
        "takes every host",
    ),
    "a roll-out that takes pods away": (
        lambda found: one(found, "Deployment")["spec"]["strategy"]["rollingUpdate"].update(
            maxUnavailable=1
        ),
        "maxUnavailable is 0",
    ),
    "replicas beside an autoscaler": (
        lambda found: one(found, "Deployment")["spec"].update(replicas=2),
        "undo what the autoscaler does",
    ),
    "a budget that keeps nodes": (
        lambda found: one(found, "PodDisruptionBudget")["spec"].update(maxUnavailable=0),
        "keeps a node from being emptied",
    ),
    "an autoscaler upside down": (
        lambda found: one(found, "HorizontalPodAutoscaler")["spec"].update(minReplicas=99),
        "more minReplicas than maxReplicas",
    ),
    "no policy for egress": (
        lambda found: [
            each["spec"]["policyTypes"].remove("Egress")
            for each in found
            if each["kind"] == "NetworkPolicy"
        ],
        "Egress is open",
    ),
    # Pods.
    "a tag that moves": (
        lambda found: container(found).update(image=f"x/{overlays.name()}:latest"),
        "no tag that stays",
    ),
    "no tag": (lambda found: container(found).update(image="x:5000/y"), "no tag that stays"),
    "root": (
        lambda found: pod(found)["securityContext"].update(runAsUser=0),
        "runs as root",
    ),
    "no seccomp profile": (
        lambda found: pod(found)["securityContext"].pop("seccompProfile"),
        "has no seccomp profile",
    ),
    "capabilities": (
        lambda found: container(found)["securityContext"].pop("capabilities"),
        "keeps capabilities",
    ),
    "privileges": (
        lambda found: container(found)["securityContext"].pop("allowPrivilegeEscalation"),
        "may gain privileges",
    ),
    "a file system to write to": (
        lambda found: container(found)["securityContext"].pop("readOnlyRootFilesystem"),
        "can write to its image",
    ),
    "no /tmp": (
        lambda found: container(found)["volumeMounts"].pop(0),
        "has nowhere to write",
    ),
    "a token of the cluster": (
        lambda found: pod(found).pop("automountServiceAccountToken"),
        "has a token of the cluster",
    ),
    "service links": (
        lambda found: pod(found).pop("enableServiceLinks"),
        "gets variables from service links",
    ),
    "a probe elsewhere": (
        lambda found: container(found)["readinessProbe"]["httpGet"].update(path="/ready"),
        "does not ask /health/ready",
    ),
    "an impatient probe": (
        lambda found: container(found)["livenessProbe"].update(failureThreshold=4),
        "before harakiri",
    ),
    "no preStop": (
        lambda found: container(found).pop("lifecycle"),
        "requests are lost in a roll-out",
    ),
    "no grace": (
        lambda found: pod(found).update(terminationGracePeriodSeconds=55),
        "terminationGracePeriodSeconds is 55",
    ),
    "little memory": (
        lambda found: container(found)["resources"]["limits"].update(memory="300Mi"),
        "is less than 2 workers",
    ),
    "memory of no known unit": (
        lambda found: container(found)["resources"]["limits"].update(memory="900MiB"),
        "900MiB is no quantity",
    ),
    "a limit below the request": (
        lambda found: container(found)["resources"]["limits"].update(cpu="100m"),
        "requests more cpu than its limit",
    ),
    "no request": (
        lambda found: container(found)["resources"]["requests"].pop("cpu"),
        "requests say nothing of cpu",
    ),
    # Settings.
    "a variable that nothing reads": (
        lambda found: container(found)["env"].append({"name": f"{PREFIX}_LOGS__LEVLE"}),
        f"nothing reads the variable {PREFIX}_LOGS__LEVLE",
    ),
    "another prefix": (
        lambda found: container(found)["env"].append({"name": "X_LOGS__LEVEL"}),
        "nothing reads the variable X_LOGS__LEVEL",
    ),
    "a variable of the ConfigMap that nothing reads": (
        lambda found: found[-1]["data"].update({f"{PREFIX}_LOGS_LEVEL": "INFO"}),
        f"nothing reads the variable {PREFIX}_LOGS_LEVEL",
    ),
    "a required setting that is not supplied": (
        lambda found: container(found).update(env=[]),
        "is required, and nothing supplies it",
    ),
    "a required setting that may be missing": (
        lambda found: [
            reference.update(optional=True)
            for variable in container(found)["env"]
            for reference in variable["valueFrom"].values()
        ],
        "is required, and nothing supplies it",
    ),
    "another environment": (
        lambda found: found[-2]["data"].update({ENVIRONMENT_VARIABLE: "prod.kubernetes"}),
        "which is not production.kubernetes",
    ),
    "no environment": (
        lambda found: found[-2]["data"].clear(),
        f"sets {ENVIRONMENT_VARIABLE}",
    ),
    "a key that is no setting's name": (
        lambda found: [
            variable["valueFrom"]["secretKeyRef"].update(key="password")
            for variable in container(found)["env"]
            if "secretKeyRef" in variable["valueFrom"]
        ],
        "is read from the key password",
    ),
    "a secret in a manifest": (
        lambda found: container(found)["env"].append(
            {"name": f"{PREFIX}_DATABASE__PASSWORD", "value": "x"}
        ),
        "is a secret, and stands in a manifest",
    ),
    "a Secret that no setting names": (
        lambda found: (
            container(found)["volumeMounts"].append({"name": "x", "mountPath": "/x"}),
            pod(found)["volumes"].append({"name": "x", "secret": {"secretName": "x"}}),
        ),
        "/x is mounted, and no setting names it",
    ),
}


@pytest.mark.parametrize("fault", PLANTED)
def test_a_planted_fault_is_seen(fault: str) -> None:
    plant, said = PLANTED[fault]
    found = written()
    plant(found)
    faults = cluster_checks.faults_in(found, STAGE)
    assert [each for each in faults if said in each], faults


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("bases: [../base]", "bases is deprecated"),
        ("labels: [{pairs: {a: b}, includeSelectors: true}]", "includeSelectors changes"),
        ("namespace: ${NAMESPACE}", "nobody fills in ${NAMESPACE}"),
    ],
)
def test_a_fault_in_a_file_is_seen(tmp_path: Path, line: str, said: str) -> None:
    path = tmp_path / "base" / overlays.KUSTOMIZATION
    path.parent.mkdir()
    path.write_text(f"kind: Kustomization\n{line}\n")
    [fault] = cluster_checks.faults_in_file(path)
    assert said in fault
    assert cluster_checks.faults_in_file(BASE / overlays.KUSTOMIZATION) == []


def test_a_canary_is_the_deployment_of_the_base_but_for_its_name() -> None:
    folder = BASE.parent / "components" / "canary"
    canary = (folder / "deployment.yaml").read_text(encoding="utf-8")
    deployment = (BASE / "deployment.yaml").read_text(encoding="utf-8")
    as_base = canary.replace(f"{overlays.name()}-canary", overlays.name())
    as_base = as_base.replace("track: canary", "track: stable").replace("  replicas: 1\n", "")
    assert yaml.safe_load(as_base) == yaml.safe_load(deployment)
    assert yaml.safe_load(canary) != yaml.safe_load(deployment)
