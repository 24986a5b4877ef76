"""Every component in every stage: what containers are given leads somewhere."""

import re
import shutil
from collections.abc import Callable, Mapping
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import yaml

from tasks import overlay
from tasks.render import example, render
from tests.kubernetes.stage import Service, Stage, of
from tests.kubernetes.tools import OVERLAYS, Object, kustomize, objects_of

REGISTRY = "registry.acme.example"

COMPONENTS = (
    "canary",
    "external-secret",
    "vault-agent",
    "service-monitor",
    "prometheus-rule",
    "grafana-dashboard",
    "syslog",
    "pgbouncer",
)
MEETING = ("canary", "vault-agent", "pgbouncer")
"""Those that change the same variables of the same pods."""

COMBINATIONS = (
    (),
    *((each,) for each in COMPONENTS),
    *combinations(MEETING, 2),
    COMPONENTS,
)

Built = Callable[[str, tuple[str, ...]], Stage]


@pytest.fixture(scope="session")
def folders(services: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The example of each kind, and one with a CronJob of its own."""
    invoices = render(tmp_path_factory.mktemp("invoices"), example(overlay.INVOICES))
    overlay.put(invoices)
    return [*services.values(), invoices]


@pytest.fixture
def built(folders: list[Path], tmp_path: Path) -> Built:
    """Builds a stage with some components, of those services that have them."""
    return lambda stage, components: Stage(
        stage, [service(folder, stage, components, tmp_path) for folder in folders], REGISTRY
    )


def service(folder: Path, stage: str, components: tuple[str, ...], into: Path) -> Service:
    """Return a service whose overlay has some components switched on."""
    kubernetes = into / folder.name
    shutil.copytree(folder / "infra" / "kubernetes", kubernetes, dirs_exist_ok=True)
    switch_on(kubernetes / "overlays" / stage / "kustomization.yaml", components)
    objects = objects_of(kustomize(kubernetes / "overlays" / stage))
    text = (folder / "settings.yaml").read_text("utf-8")
    return Service(folder.name, settings_of(text, f"{stage}.kubernetes"), objects)


def switch_on(file: Path, components: tuple[str, ...]) -> None:
    """Take the # from the lines of components that an overlay has."""
    text = file.read_text("utf-8")
    for name in components:
        text = text.replace(f"#  - ../../components/{name}\n", f"  - ../../components/{name}\n")
    file.write_text(text, "utf-8")


def settings_of(text: str, environment: str) -> dict[str, Any]:
    """Return the settings of an environment, by names with dots."""
    sections = yaml.safe_load(text)
    return dict(flat(sections["default"])) | dict(flat(sections.get(environment) or {}))


def flat(section: Mapping[str, Any], above: str = "") -> list[tuple[str, Any]]:
    found = []
    for key, value in section.items():
        found += (
            flat(value, f"{above}{key}.") if isinstance(value, dict) else [(above + key, value)]
        )
    return found


def test_every_component_is_tried(folders: list[Path]) -> None:
    there = {
        path.name for folder in folders for path in folder.glob("infra/kubernetes/components/*/")
    }
    assert there - {"overdue"} == set(COMPONENTS)


@pytest.mark.parametrize("stage", OVERLAYS)
@pytest.mark.parametrize("components", COMBINATIONS, ids=lambda found: "+".join(found) or "none")
def test_what_containers_are_given_leads_somewhere(
    built: Built, stage: str, components: tuple[str, ...]
) -> None:
    found = built(stage, components)
    assert found.faults() == []
    names = {each["metadata"]["name"] for each in found.objects}
    assert ("thoughts-backend-canary" in names) == ("canary" in components)
    assert ("thoughts-backend-pgbouncer" in names) == ("pgbouncer" in components)
    assert "invoices-backend-overdue" in names


def test_the_pool_of_development_signs_in_to_its_database(built: Built) -> None:
    stage = built("development", ("pgbouncer",))
    for service in stage.services:
        given = {
            container["name"]: stage.variables(service, container)[0]
            for pod in stage.pods
            if pod.service is service
            for container in pod.containers
        }
        if "postgresql" in given:
            assert given["pgbouncer"]["DATABASE_USER"] == given["postgresql"]["POSTGRES_USER"]
            password = given["postgresql"]["POSTGRES_PASSWORD"]
            assert given["pgbouncer"]["DATABASE_PASSWORD"] == password
            for name in ("service", "wait-for-migration", "migrate"):
                assert stage.settings(service, given[name])["database.password"] == password


def own_containers(stage: Stage) -> list[tuple[Service, str, Any]]:
    """Return the containers of the services' images, each with a title."""
    return [
        (pod.service, f"{pod.title}, {container['name']}", container)
        for pod in stage.pods
        for container in pod.containers
        if container["image"].partition(":")[0].rpartition("/")[2] == pod.service.name
    ]


def test_settings_and_secrets_of_a_services_own_reach_every_container(
    folders: list[Path], tmp_path: Path
) -> None:
    """The pods, the canary, what waits for the migration, the migration, and a CronJob."""
    names = set()
    for number, stage in enumerate(OVERLAYS):
        changed = []
        for folder in folders:
            copy = shutil.copytree(folder, tmp_path / str(number) / folder.name)
            for where in ("base", f"overlays/{stage}"):
                with (copy / "infra/kubernetes" / where / "settings.env").open("a") as file:
                    file.write(f"OWN_OF_{where.partition('/')[0].upper()}=1\n")
            changed.append(service(copy, stage, ("canary",), tmp_path / f"{number} built"))
        found = Stage(stage, changed, REGISTRY)
        for own, title, container in own_containers(found):
            variables, _ = found.variables(own, container)
            assert variables.keys() >= {"OWN_OF_BASE", "OWN_OF_OVERLAYS"}, title
            secrets = [each.get("secretRef", {}).get("name") for each in container["envFrom"]]
            assert f"{own.name}-settings" in secrets, title
            names.add(container["name"])
    assert names == {"service", "wait-for-migration", "migrate", "overdue"}


def test_another_setting_rolls_the_pods_and_leaves_the_migration(
    folders: list[Path], tmp_path: Path
) -> None:
    """A Job's pods cannot be changed."""
    [folder] = [each for each in folders if each.name == "thoughts-backend"]
    copy = shutil.copytree(folder, tmp_path / "changed" / folder.name)
    with (copy / "infra/kubernetes/overlays/staging/settings.env").open("a") as file:
        file.write("OWN=1\n")
    before = service(folder, "staging", (), tmp_path / "before").objects
    after = service(copy, "staging", (), tmp_path / "after").objects
    assert of(after, "Job") == of(before, "Job") != []
    assert of(after, "Deployment") != of(before, "Deployment")


OWN_JOB = """
apiVersion: batch/v1
kind: Job
metadata:
  name: import
spec:
  template:
    spec:
      restartPolicy: Never
      containers:
        - name: import
          image: thoughts-backend
"""


def test_a_job_of_ones_own_is_not_taken_for_the_migration(
    folders: list[Path], tmp_path: Path
) -> None:
    [folder] = [each for each in folders if each.name == "thoughts-backend"]
    for stage in OVERLAYS:
        copy = shutil.copytree(folder, tmp_path / stage / folder.name)
        file = copy / "infra/kubernetes/overlays" / stage / "kustomization.yaml"
        file.with_name("import.yaml").write_text(OWN_JOB, "utf-8")
        text = file.read_text("utf-8").replace("resources:\n", "resources:\n  - import.yaml\n", 1)
        file.write_text(text, "utf-8")
        found = service(copy, stage, COMPONENTS, tmp_path / "built" / stage).objects
        jobs = {each["metadata"]["name"]: containers(each) for each in of(found, "Job")}
        assert [[each["name"] for each in jobs.pop("import")], len(jobs)] == [["import"], 1]


# Planted faults.


def one(stage: Stage, kind: str, name: str) -> Any:
    """Return an object of a stage."""
    [found] = [each for each in of(stage.objects, kind) if each["metadata"]["name"] == name]
    return found


def containers(workload: Object) -> Any:
    """Return the containers of a Deployment."""
    return workload["spec"]["template"]["spec"]["containers"]


def environment(workload: Object) -> dict[str, Any]:
    """Return the variables of a Deployment's container."""
    return {each["name"]: each for each in containers(workload)[0]["env"]}


T, POOL = "thoughts-backend", "thoughts-backend-pgbouncer"
HOST = "THOUGHTS_BACKEND_DATABASE__HOST"

PLANTED: dict[str, tuple[Callable[[Stage], Any], str]] = {
    # What was the case in development: the overlay took out the host that pgbouncer had set.
    "a pool that is called at the server": (
        lambda stage: containers(one(stage, "Deployment", T))[0]["env"].remove(
            environment(one(stage, "Deployment", T))[HOST]
        ),
        "service: the database: the Service thoughts-backend-database has no port 6432",
    ),
    "a canary out of the registry": (
        lambda stage: containers(one(stage, "Deployment", f"{T}-canary"))[0].update(
            image=f"{REGISTRY}/{T}:v0.0.0"
        ),
        "service: registry.acme.example/thoughts-backend:v0.0.0 is not built here",
    ),
    "a canary whose image nothing says": (
        lambda stage: containers(one(stage, "Deployment", f"{T}-canary"))[0].update(
            image=f"{T}-canary:v0.0.0"
        ),
        "nothing says which image thoughts-backend-canary:v0.0.0 is",
    ),
    "a pool of another server": (
        lambda stage: environment(one(stage, "Deployment", POOL))["DATABASE_HOST"].update(
            value="nowhere", valueFrom={}
        ),
        "pgbouncer: the server: there is no Service 'nowhere'",
    ),
    "a shared ConfigMap without the key": (
        lambda stage: [each["data"].pop("database-host") for each in shared(stage)],
        "there is no acme-shared-",
    ),
    "a Service of nobody": (
        lambda stage: one(stage, "Service", POOL)["spec"]["selector"].update(x="y"),
        "the Service thoughts-backend-pgbouncer selects no pod",
    ),
    "a port that pods do not have": (
        lambda stage: containers(one(stage, "Deployment", POOL))[0].pop("ports"),
        "Deployment thoughts-backend-pgbouncer has no port pgbouncer",
    ),
    "a database that is shut": (
        lambda stage: one(stage, "NetworkPolicy", f"{T}-database-development")["spec"].update(
            ingress=[]
        ),
        "StatefulSet thoughts-backend-database is shut at 5432",
    ),
    "a probe at another port": (
        lambda stage: containers(one(stage, "Deployment", T))[0]["livenessProbe"]["httpGet"].update(
            port="metric"
        ),
        "livenessProbe asks at the port metric, which it does not have",
    ),
    "an Ingress to nothing": (
        lambda stage: one(stage, "Service", T)["metadata"].update(name="other"),
        "Ingress thoughts-backend: there is no Service thoughts-backend with a port http",
    ),
    "a monitor of nothing": (
        lambda stage: one(stage, "ServiceMonitor", T)["spec"]["endpoints"][0].update(port="m"),
        "ServiceMonitor thoughts-backend: there is no Service thoughts-backend with a port m",
    ),
    "a budget of others' pods": (
        lambda stage: one(stage, "PodDisruptionBudget", T)["spec"]["selector"]["matchLabels"].pop(
            "app.kubernetes.io/component"
        ),
        "PodDisruptionBudget thoughts-backend: it selects [(",
    ),
    "an upstream that is not there": (
        lambda stage: one(stage, "Deployment", "frontend")["spec"]["template"]["spec"][
            "containers"
        ][0]["env"].append({"name": "FRONTEND_UPSTREAM__USERS__URL", "value": "http://user:8082"}),
        "upstream.users.url: there is no Service 'user'",
    ),
    "no policy": (
        lambda stage: one(stage, "NetworkPolicy", f"{T}-deny")["spec"].update(policyTypes=[]),
        "StatefulSet thoughts-backend-database: no policy is for its Egress",
    ),
}


def shared(stage: Stage) -> list[Object]:
    """Return the ConfigMaps that stand for the shared one."""
    found = of(stage.objects, "ConfigMap")
    return [each for each in found if re.match("acme-shared-", each["metadata"]["name"])]


@pytest.mark.parametrize("fault", PLANTED)
def test_a_planted_fault_is_seen(built: Built, fault: str) -> None:
    plant, said = PLANTED[fault]
    stage = built("development", COMPONENTS)
    plant(stage)
    found = stage.faults()
    assert [each for each in found if said in each], found


def test_an_autoscaler_of_nothing_is_seen(built: Built) -> None:
    stage = built("staging", ())
    one(stage, "HorizontalPodAutoscaler", T)["spec"]["scaleTargetRef"].update(name="x")
    assert stage.faults() == [f"HorizontalPodAutoscaler {T}: there is no Deployment x"]
