"""Test `cluster.check`: the rendered manifests are valid, and each planted fault is found."""

import re
import shutil
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml
from flask_chassis import ingress_paths, project, settings
from flask_chassis.project import Project

from flask_chassis_tools.kubernetes import checks, overlays, prerequisites

from ..conftest import Run
from ..services import KINDS, WITH_DATABASE
from .manifests import STAGE, Object, base, container, needs_kustomize, one, pod, written

Objects = list[Object]

pytestmark = pytest.mark.parametrize("kind", KINDS)


def variable(name: str) -> str:
    """Return an environment variable of the service."""
    return f"{project.current().prefix}_{name}"


def limit_bodies(found: Objects, size: str) -> None:
    """Have the Ingress let through bodies of this size."""
    annotations = one(found, "Ingress")["metadata"]["annotations"]
    annotations["nginx.ingress.kubernetes.io/proxy-body-size"] = size


def nightly(found: Objects) -> Object:
    """Add a CronJob in a component of its own, and return the template of its pods."""
    template = deepcopy(one(found, "Deployment")["spec"]["template"])
    template["metadata"]["labels"]["app.kubernetes.io/component"] = "nightly"
    template["spec"]["restartPolicy"] = "Never"
    metadata = {"name": f"{overlays.name()}-nightly", "namespace": STAGE}
    spec = {"schedule": "0 3 * * *", "jobTemplate": {"spec": {"template": template}}}
    found.append({"kind": "CronJob", "metadata": metadata, "spec": spec})
    made: Object = template
    return made


def test_the_rendered_manifests_are_valid() -> None:
    assert checks.faults_in(written(), STAGE) == []
    assert checks.faults_in_files() == []


def test_a_longer_delay_with_the_grace_for_it_is_valid() -> None:
    """As in docs/how-to/load-balancers.md."""
    found = written()
    container(found)["lifecycle"]["preStop"]["sleep"]["seconds"] = 30
    pod(found)["terminationGracePeriodSeconds"] = 90
    assert checks.faults_in(found, STAGE) == []


@pytest.mark.parametrize("size", ["0", "1m", "20M", "1g"])
def test_an_ingress_that_lets_all_bodies_through_is_valid(size: str) -> None:
    found = written()
    limit_bodies(found, size)
    assert checks.faults_in(found, STAGE) == []


def test_what_pods_of_a_cronjob_need_is_a_prerequisite() -> None:
    found = written()
    nightly(found)["spec"]["containers"][0]["env"] = [
        {"name": "X", "valueFrom": {"secretKeyRef": {"name": "nightly", "key": "x"}}}
    ]
    assert prerequisites.Needed("Secret", "nightly", "x") in prerequisites.of(found)


@needs_kustomize
def test_every_overlay_is_valid(run: Run) -> None:
    done = run("cluster.check")
    assert (done.code, done.error) == (0, "")
    assert "development, production, staging" in done.out


@pytest.fixture
def copy(service: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the service, which a test may change."""
    folder = shutil.copytree(service.folder.parent, tmp_path / service.folder.parent.name)
    monkeypatch.setattr(project, "_current", Project(service.package, folder / service.package))
    return Path(folder)


COMPONENTS = (
    "canary",
    "external-secret",
    "grafana-dashboard",
    "pgbouncer",
    "prometheus-rule",
    "service-monitor",
    "syslog",
    "vault-agent",
)


@needs_kustomize
@pytest.mark.parametrize("component", [*COMPONENTS, ""], ids=[*COMPONENTS, "all"])
def test_each_component_is_valid_in_each_stage(
    kind: str, copy: Path, run: Run, component: str
) -> None:
    """As tests/kubernetes/test_stages.py proves of what kustomize makes of them."""
    components = (copy / "infra/kubernetes/components").iterdir()
    names = {path.name for path in components if path.is_dir()}
    assert names == {*COMPONENTS} - ({"pgbouncer"} if kind == "frontend" else set())
    for stage in overlays.stages():
        path = copy / overlays.FOLDER / "overlays" / stage / overlays.KUSTOMIZATION
        wanted = component or r"[a-z-]+"
        text, count = re.subn(
            rf"^#(  - \.\./\.\./components/{wanted})$", r"\1", path.read_text(), flags=re.MULTILINE
        )
        assert count == (component in names if component else len(names))
        path.write_text(text)
    done = run("cluster.check")
    assert (done.code, done.error) == (0, "")


@needs_kustomize
def test_a_canary_of_the_registry_in_a_local_cluster_is_found(copy: Path, run: Run) -> None:
    path = copy / overlays.FOLDER / "overlays/development" / overlays.KUSTOMIZATION
    text = path.read_text().replace("#  - ../../components/canary", "  - ../../components/canary")
    entry = re.compile(r"^  # The image of the canary.*\n  - name: (.*)\n.*\n.*\n", re.MULTILINE)
    [registry] = entry.findall(text)
    path.write_text(entry.sub("", text))
    done = run("cluster.check")
    assert done.code == 1
    name = overlays.name()
    advice = f"add `{{name: {registry}, newName: {name}, newTag: development}}` to `images`"
    assert advice in done.error
    assert all(line.startswith("development: ") for line in done.error.splitlines())


@needs_kustomize
def test_settings_that_do_not_reach_jobs_are_found(kind: str, copy: Path, run: Run) -> None:
    """As in overlays from before Jobs had them."""
    path = copy / overlays.FOLDER / "overlays/staging" / overlays.KUSTOMIZATION
    entry = re.compile(r"^  - name: \S+-job-settings\n(    .*\n)+", re.MULTILINE)
    text, count = entry.subn("", path.read_text())
    assert count == (kind in WITH_DATABASE)
    path.write_text(text)
    own = path.with_name("settings.env")
    own.write_text(f"{own.read_text()}{variable('LOGS__SYSLOG')}=syslog.logging:514\n")
    done = run("cluster.check")
    assert done.code == (kind in WITH_DATABASE)
    assert (
        ", container migrate: the ConfigMap "
        f"{overlays.name()}-job-settings does not have {variable('LOGS__SYSLOG')} as the "
        "service has it: add to `configMapGenerator`" in done.error
    ) == (kind in WITH_DATABASE)


PLANTED: dict[str, tuple[Callable[[Objects], Any], str]] = {
    "a CronJob without a network policy": (
        lambda found: nightly(found)["metadata"]["labels"].clear(),
        "has pods without a network policy: Egress is open",
    ),
    "a CronJob without limits": (
        lambda found: nightly(found)["spec"]["containers"][0].pop("resources"),
        "-nightly, container service: requests lack cpu",
    ),
    "a CronJob of another version": (
        lambda found: nightly(found)["spec"]["containers"][0].update(
            image=f"registry.example:5000/{overlays.name()}:v0.9"
        ),
        "have different versions: v0.9, v1.2",
    ),
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
        "which does not exist",
    ),
    "port of the container": (
        lambda found: container(found)["ports"][0].update(containerPort=1),
        "but uWSGI listens on",
    ),
    "port of the Service": (
        lambda found: one(found, "Service")["spec"]["ports"][0].update(port=1),
        "is not the port",
    ),
    "port of the Ingress": (
        lambda found: next(ingress_paths.routes(one(found, "Ingress")))[1].update(
            port={"name": "x"}
        ),
        "that does not exist",
    ),
    "an Ingress to everything": (
        lambda found: next(ingress_paths.routes(one(found, "Ingress")))[0].update(
            path="/", pathType="Prefix"
        ),
        "routes /admin, which is internal",
    ),
    "an Ingress to the metrics": (
        lambda found: next(ingress_paths.routes(one(found, "Ingress")))[0].update(
            path="/metrics", pathType="Exact"
        ),
        "routes /metrics, which is internal",
    ),
    "an Ingress to a part of the administration": (
        lambda found: next(ingress_paths.routes(one(found, "Ingress")))[0].update(
            path="/admin/users", pathType="Prefix"
        ),
        "routes /admin, which is internal",
    ),
    "an Ingress without TLS": (
        lambda found: one(found, "Ingress")["spec"].pop("tls"),
        "has no TLS for",
    ),
    "an Ingress for every host": (
        lambda found: one(found, "Ingress")["spec"]["rules"][0].pop("host"),
        "accepts every host",
    ),
    "a roll-out that takes pods away": (
        lambda found: one(found, "Deployment")["spec"]["strategy"]["rollingUpdate"].update(
            maxUnavailable=1
        ),
        "set maxUnavailable to 0",
    ),
    "replicas beside an autoscaler": (
        lambda found: one(found, "Deployment")["spec"].update(replicas=2),
        "override the autoscaler",
    ),
    "a budget that keeps nodes": (
        lambda found: one(found, "PodDisruptionBudget")["spec"].update(maxUnavailable=0),
        "must have maxUnavailable 1",
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
        "no fixed tag",
    ),
    "no tag": (lambda found: container(found).update(image="x:5000/y"), "no fixed tag"),
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
        "has no writable /tmp",
    ),
    "a token of the cluster": (
        lambda found: pod(found).pop("automountServiceAccountToken"),
        "mounts a service account token",
    ),
    "service links": (
        lambda found: pod(found).pop("enableServiceLinks"),
        "gets variables from service links",
    ),
    "a probe elsewhere": (
        lambda found: container(found)["readinessProbe"]["httpGet"].update(path="/ready"),
        "does not request /health/ready",
    ),
    "a liveness probe that waits for busy workers": (
        lambda found: container(found)["livenessProbe"]["httpGet"].update(port="http"),
        "does not request /health/live at the port metrics",
    ),
    "an impatient probe": (
        lambda found: container(found)["livenessProbe"].update(failureThreshold=4),
        "before harakiri",
    ),
    "no preStop": (
        lambda found: container(found).pop("lifecycle"),
        "a rollout drops requests",
    ),
    "a delay without the grace for it": (
        lambda found: container(found)["lifecycle"]["preStop"]["sleep"].update(seconds=30),
        "preStop and the longest request take 30 + 50",
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
        "900MiB is not a quantity",
    ),
    "a limit below the request": (
        lambda found: container(found)["resources"]["limits"].update(cpu="100m"),
        "the request of cpu is higher than the limit",
    ),
    "no request": (
        lambda found: container(found)["resources"]["requests"].pop("cpu"),
        "requests lack cpu",
    ),
    # Settings.
    "a variable that nothing reads": (
        lambda found: container(found)["env"].append({"name": variable("LOGS__LEVLE")}),
        "the service does not read the variable PREFIX_LOGS__LEVLE",
    ),
    "another prefix": (
        lambda found: container(found)["env"].append({"name": "X_LOGS__LEVEL"}),
        "the service does not read the variable X_LOGS__LEVEL",
    ),
    "a variable of the ConfigMap that nothing reads": (
        lambda found: found[-1]["data"].update({variable("LOGS_LEVEL"): "INFO"}),
        "the service does not read the variable PREFIX_LOGS_LEVEL",
    ),
    "larger bodies than the Ingress lets through": (
        lambda found: found[-1]["data"].update({variable("HTTP__MAX_BODY_BYTES"): "1048577"}),
        "proxy-body-size is 1m, but http.max_body_bytes is 1048577",
    ),
    "a smaller limit of the Ingress": (
        lambda found: limit_bodies(found, "900k"),
        "proxy-body-size is 900k, but http.max_body_bytes is 1048576",
    ),
    "an Ingress of nginx without a limit has nginx's own": (
        lambda found: (
            one(found, "Ingress")["metadata"].pop("annotations"),
            one(found, "Ingress")["spec"].update(ingressClassName="nginx"),
            found[-1]["data"].update({variable("HTTP__MAX_BODY_BYTES"): "2097152"}),
        ),
        "proxy-body-size is 1m, but http.max_body_bytes is 2097152",
    ),
    "a limit that is not a size": (
        lambda found: limit_bodies(found, "1 MB"),
        "proxy-body-size is '1 MB', which is not a size such as 1m",
    ),
    "a required setting that is not supplied": (
        lambda found: container(found).update(env=[], envFrom=container(found)["envFrom"][:2]),
        "is required, but nothing supplies it",
    ),
    "a required setting that may be missing": (
        lambda found: [
            container(found)["envFrom"].pop(),
            *(
                reference.update(optional=True)
                for variable in container(found)["env"]
                for reference in variable["valueFrom"].values()
            ),
        ],
        "is required, but nothing supplies it",
    ),
    "another environment": (
        lambda found: found[-2]["data"].update(
            {settings.environment_variable(): "prod.kubernetes"}
        ),
        "but must be production.kubernetes",
    ),
    "no environment": (
        lambda found: found[-2]["data"].clear(),
        "sets PREFIX_ENVIRONMENT",
    ),
    "a key that is not a setting's name": (
        lambda found: [
            variable["valueFrom"]["secretKeyRef"].update(key="password")
            for variable in container(found)["env"]
            if "secretKeyRef" in variable["valueFrom"]
        ],
        "is read from the key password",
    ),
    "a secret in a manifest": (
        lambda found: container(found)["env"].append(
            {"name": variable("DATAbase()__PASSWORD"), "value": "x"}
        ),
        "is a secret, but its value is in a manifest",
    ),
    "a Secret that no setting names": (
        lambda found: (
            container(found)["volumeMounts"].append({"name": "x", "mountPath": "/x"}),
            pod(found)["volumes"].append({"name": "x", "secret": {"secretName": "x"}}),
        ),
        "/x is mounted, but no setting names it",
    ),
}


@pytest.mark.parametrize("fault", PLANTED)
def test_a_planted_fault_is_found(fault: str) -> None:
    plant, said = PLANTED[fault]
    said = said.replace("PREFIX", project.current().prefix)
    found = written()
    plant(found)
    faults = checks.faults_in(found, STAGE)
    assert [each for each in faults if said in each], faults


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("bases: [../base]", "bases is deprecated"),
        ("labels: [{pairs: {a: b}, includeSelectors: true}]", "includeSelectors changes"),
        ("namespace: ${NAMESPACE}", "nothing expands ${NAMESPACE}"),
    ],
)
def test_a_fault_in_a_file_is_found(tmp_path: Path, line: str, said: str) -> None:
    path = tmp_path / "base" / overlays.KUSTOMIZATION
    path.parent.mkdir()
    path.write_text(f"kind: Kustomization\n{line}\n")
    [fault] = checks.faults_in_file(path)
    assert said in fault
    assert checks.faults_in_file(base() / overlays.KUSTOMIZATION) == []


def test_the_canary_differs_from_the_deployment_only_in_name_track_and_replicas() -> None:
    folder = base().parent / "components" / "canary"
    canary = (folder / "deployment.yaml").read_text(encoding="utf-8")
    deployment = (base() / "deployment.yaml").read_text(encoding="utf-8")
    as_base = canary.replace(f"{overlays.name()}-canary", overlays.name())
    as_base = as_base.replace("track: canary", "track: stable").replace("  replicas: 1\n", "")
    assert yaml.safe_load(as_base) == yaml.safe_load(deployment)
    assert yaml.safe_load(canary) != yaml.safe_load(deployment)
