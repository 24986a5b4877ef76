"""`cluster.deploy`, `cluster.rollback` and `cluster.prerequisites`, with a stand-in for kubectl."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from {{ cookiecutter.package_name }}.chassis import project_files, settings
from {{ cookiecutter.package_name }}.tasks import deployment, overlays, prerequisites

from .cluster import VERSION, Cluster, deploy
from .conftest import Run
from .manifests import STAGE, written


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cluster:
    """A cluster, and nothing but its kubectl on the PATH."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(deployment, "PAUSE_SECONDS", 0.01)
    return Cluster(tmp_path)


def test_a_version_is_deployed_in_its_order(run: Run, cluster: Cluster) -> None:
    done = deploy(run)
    assert (done.code, done.error) == (0, "")
    assert f"{overlays.name()} {VERSION} runs in 2 pods of production." in done.out
    first, *rest = [line for line in cluster.asked if "--dry-run" not in line]
    assert first == "apply --filename=-"
    assert [line.split()[0] for line in rest] == ["apply", "rollout", *2 * ["port-forward"]]
    image = cluster.kept[f"deployment/{overlays.name()}"]["spec"]["template"]["spec"]
    assert image["containers"][0]["image"].endswith(f":{VERSION}")


def test_a_roll_out_that_hangs_is_told(run: Run, cluster: Cluster) -> None:
    cluster.tell(rollout="hangs")
    failed = deploy(run)
    assert failed.code == 1
    assert "The roll-out has not come to its end" in failed.error
    assert "cluster.rollback" in failed.error


@pytest.mark.parametrize(
    ("story", "said"),
    [
        ({"version": "v1.1"}, "says that it is v1.1, and v1.2 was deployed"),
        ({"version": None}, "cannot be reached through kubectl"),
        ({"pods": []}, "has no pods"),
    ],
)
def test_another_version_that_runs_is_a_fault(
    run: Run, cluster: Cluster, story: dict[str, Any], said: str
) -> None:
    cluster.tell(**story)
    failed = deploy(run)
    assert failed.code == 1
    assert said in failed.error


def test_a_try_changes_nothing(run: Run, cluster: Cluster) -> None:
    before = cluster.kept
    done = deploy(run, "--dry-run", "--diff")
    assert (done.code, done.error) == (0, "")
    assert "+ something new" in done.out
    assert cluster.kept == before
    assert cluster.asked[-1] == "apply --dry-run=server --filename=-"


@pytest.mark.parametrize(
    ("tag", "said"),
    [
        ("latest", "The tag latest moves"),
        ("V1_2", "lower-case letters, digits, dots and dashes"),
        ("", "lower-case letters, digits, dots and dashes"),
    ],
)
def test_a_tag_that_will_not_do_is_refused(run: Run, cluster: Cluster, tag: str, said: str) -> None:
    if not tag:
        text = (cluster.folder / "objects.txt").read_text().replace("TAG", "x_y")
        (cluster.folder / "objects.txt").write_text(text)
    failed = run("cluster.deploy", f"--env={STAGE}", *([f"--image-tag={tag}"] if tag else []))
    assert failed.code == 2
    assert said in failed.error
    assert cluster.asked == []


def test_an_unknown_stage_is_refused(run: Run, cluster: Cluster) -> None:
    failed = run("cluster.deploy", "--env=prod", "--image-tag=v1")
    assert failed.code == 2
    assert "There is: development, production, staging." in failed.error


def test_what_the_namespace_lacks_is_listed_before_anything_is_done(
    run: Run, cluster: Cluster
) -> None:
    cluster.keep({"namespace/production": {}, f"secret/{overlays.name()}": {"data": {}}})
    failed = deploy(run)
    assert failed.code == 1
    for needed in prerequisites.of(cluster.objects):
        assert f"  {needed.kind} {needed.name}" in failed.error
    assert cluster.asked == []


def test_who_may_not_read_secrets_may_deploy(run: Run, cluster: Cluster) -> None:
    cluster.tell(forbidden=True)
    assert deploy(run).code == 0


def test_a_namespace_that_is_not_there_is_told(run: Run, cluster: Cluster) -> None:
    cluster.keep({})
    failed = deploy(run)
    assert failed.code == 1
    assert "There is no namespace production in this cluster" in failed.error


def test_without_kubectl_it_is_said_what_to_do(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    failed = deploy(run)
    assert failed.code == 1
    assert failed.error.startswith("There is no kubectl here. Install kubectl")


def test_a_rollback_says_what_runs(run: Run, cluster: Cluster) -> None:
    assert deploy(run).code == 0
    done = run("cluster.rollback", f"--env={STAGE}")
    assert (done.code, done.error) == (0, "")
    assert f"{overlays.name()} {VERSION} runs in 2 pods" in done.out
    assert f"rollout undo deployment/{overlays.name()}" in cluster.asked


# What must be there before.


def test_the_commands_make_everything_that_is_required(run: Run, cluster: Cluster) -> None:
    done = run("cluster.prerequisites", f"--env={STAGE}")
    assert done.code == 0
    for key in settings.required_in(f"{STAGE}.kubernetes"):
        names = (key, key.replace(".", "-"))  # of a Secret, and of the shared ConfigMap
        assert any(f"--from-literal={name}=" in done.out for name in names), key
    secrets = {each.name for each in prerequisites.of(cluster.objects) if each.kind == "Secret"}
    for name in secrets:
        assert f"kubectl create secret generic {name} --namespace=production" in done.out


def test_the_readme_has_these_commands() -> None:
    readme = (project_files.working_folder() / "README.md").read_text(encoding="utf-8")
    namespace = str(_namespace("staging"))
    objects = written()
    for each in objects:
        if settings.ENVIRONMENT_VARIABLE in each.get("data", {}):
            each["data"][settings.ENVIRONMENT_VARIABLE] = "staging.kubernetes"
    commands = prerequisites.commands(objects, namespace, settings.declared_in)
    for command in commands:
        assert f"\n{command}\n" in readme


def _namespace(stage: str) -> object:
    folder = project_files.working_folder() / overlays.FOLDER / "overlays" / stage
    return yaml.safe_load((folder / overlays.KUSTOMIZATION).read_text())["namespace"]
