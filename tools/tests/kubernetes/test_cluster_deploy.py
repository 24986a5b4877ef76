"""Test `cluster.deploy` and `cluster.rollback` with a fake kubectl."""

import json
from pathlib import Path
from typing import Any

import pytest

from flask_chassis_tools.docker import signatures
from flask_chassis_tools.kubernetes import deployer, deployment, overlays, prerequisites, rights

from ..conftest import Run
from ..services import KINDS
from .cluster import VERSION, Cluster, deploy
from .manifests import STAGE

pytestmark = pytest.mark.parametrize("kind", KINDS)


def test_a_deployment_applies_waits_and_verifies_in_order(run: Run, cluster: Cluster) -> None:
    done = deploy(run)
    assert (done.code, done.error) == (0, "")
    assert f"{overlays.name()} {VERSION} runs in 2 pods of production." in done.out
    first, *rest = [line for line in cluster.asked if "--dry-run" not in line]
    assert first == "apply --filename=-"
    assert [line.split()[0] for line in rest] == ["apply", *2 * ["port-forward"]]
    image = cluster.kept[f"deployment/{overlays.name()}"]["spec"]["template"]["spec"]
    assert image["containers"][0]["image"].endswith(f":{VERSION}")


@pytest.mark.parametrize("labels", [{}, {"app.kubernetes.io/component": "nightly"}])
def test_a_cronjob_gets_a_new_version_after_the_migration(labels: dict[str, str]) -> None:
    cronjob = {"kind": "CronJob", "metadata": {"name": "nightly", "labels": labels}}
    assert deployment.is_last(cronjob)
    migration = {"kind": "Job", "metadata": {"name": "migrate", "labels": labels}}
    assert not deployment.is_last(migration)


@pytest.mark.parametrize("what", ["Deployment", "StatefulSet", "DaemonSet"])
def test_a_worker_gets_a_new_version_after_the_migration(what: str) -> None:
    labels = {"app.kubernetes.io/component": "worker"}

    def made(image: str) -> dict[str, Any]:
        pod = {"containers": [{"name": "worker", "image": image}]}
        spec = {"template": {"metadata": {"labels": labels}, "spec": pod}}
        return {"kind": what, "metadata": {"name": "worker", "labels": labels}, "spec": spec}

    assert deployment.is_last(made(f"registry.example/{overlays.name()}:v1"))
    assert not deployment.is_last(made("redis:8.2"))


@pytest.mark.parametrize(
    ("story", "said"),
    [
        ({"version": "v1.1"}, "runs v1.1, but v1.2 was deployed"),
        ({"version": None}, "cannot be reached through kubectl"),
        ({"version": None, "fault": "dial tcp: timeout"}, "dial tcp: timeout"),
        ({"pods": []}, "has no ready pods"),
    ],
)
def test_a_pod_with_another_version_is_an_error(
    run: Run, cluster: Cluster, story: dict[str, Any], said: str
) -> None:
    cluster.tell(**story)
    failed = deploy(run)
    assert failed.code == 1
    assert said in failed.error


def test_a_dry_run_changes_nothing(run: Run, cluster: Cluster) -> None:
    before = cluster.kept
    done = deploy(run, "--dry-run", "--diff")
    assert (done.code, done.error) == (0, "")
    assert "+ something new" in done.out
    assert cluster.kept == before
    assert cluster.asked[-1] == "apply --dry-run=server --filename=-"


@pytest.mark.parametrize(
    ("tag", "said"),
    [
        ("latest", "The tag latest is not allowed"),
        ("V1_2", "lower-case letters, digits, dots and dashes"),
        ("", "lower-case letters, digits, dots and dashes"),
    ],
)
def test_an_invalid_tag_is_refused(run: Run, cluster: Cluster, tag: str, said: str) -> None:
    if not tag:
        text = (cluster.folder / "objects.txt").read_text().replace("TAG", "x_y")
        (cluster.folder / "objects.txt").write_text(text)
    failed = run("cluster.deploy", f"--stage={STAGE}", *([f"--tag={tag}"] if tag else []))
    assert failed.code == 2
    assert said in failed.error
    assert cluster.asked == []


DIGEST = f"sha256:{'0f' * 32}"


COSIGN = """#!/bin/sh
echo "$*" >>"$NOTES"
echo 'Error: no signatures found' >&2
exit 1
"""


def test_what_is_not_signed_is_refused_before_anything_changes(
    run: Run, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = cluster.folder / "keys"
    keys.mkdir()
    (keys / "first.pub").touch()
    program = cluster.folder / "cosign"
    program.write_text(COSIGN)
    program.chmod(0o755)
    monkeypatch.setenv("NOTES", str(cluster.folder / "notes"))
    monkeypatch.setattr(signatures, "FOLDER", str(keys))
    failed = deploy(run, f"--digest={DIGEST}")
    assert failed.code == 1
    assert f"@{DIGEST} is not signed with a key of {keys}: first.pub: no sig" in failed.error
    assert cluster.asked == []
    assert (cluster.folder / "notes").read_text().endswith(f"/{overlays.name()}@{DIGEST}\n")
    # Without a public key, the service does not sign its images.
    (keys / "first.pub").unlink()
    assert deploy(run, f"--digest={DIGEST}").code == 0


def test_a_digest_pins_the_image_in_all_pods_and_nothing_else(run: Run, cluster: Cluster) -> None:
    assert deploy(run).code == 0
    before = cluster.kept
    done = deploy(run, f"--digest={DIGEST}")
    assert (done.code, done.error) == (0, "")
    assert done.out.startswith(f"{overlays.name()} {VERSION} ({DIGEST}) to production\n")
    pinned = json.dumps(before).replace(f'{overlays.name()}:{VERSION}"', "IMAGE")
    assert pinned.count("IMAGE") >= 1
    assert json.dumps(cluster.kept) == pinned.replace(
        "IMAGE", f'{overlays.name()}:{VERSION}@{DIGEST}"'
    )
    assert run("cluster.rollback", f"--stage={STAGE}").code == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([f"--digest={DIGEST}"], "add the option --tag"),
        (["--digest=sha256:0", f"--tag={VERSION}"], "'sha256:0' is not a digest"),
        ([f"--digest={DIGEST.upper()}", f"--tag={VERSION}"], "is not a digest"),
    ],
)
def test_an_invalid_digest_is_refused(
    run: Run, cluster: Cluster, words: list[str], said: str
) -> None:
    failed = run("cluster.deploy", f"--stage={STAGE}", *words)
    assert failed.code == 2
    assert said in failed.error
    assert cluster.asked == []


def test_a_missing_right_is_told_before_any_change(run: Run, cluster: Cluster) -> None:
    rules = [
        rule | {"verbs": [verb for verb in rule["verbs"] if verb != "patch"]}
        for rule in deployer.rules(cluster.objects, STAGE)
    ]
    cluster.as_pipeline(rules)
    before = cluster.kept
    failed = deploy(run)
    assert failed.code == 1
    assert "lacks rights in production:\n" in failed.error
    assert "  patch deployments.apps\n" in failed.error
    assert "  get " not in failed.error
    assert cluster.kept == before
    assert cluster.asked == []


def test_rights_on_one_object_only_are_not_rights_on_all(cluster: Cluster) -> None:
    rules = deployer.rules(cluster.objects, STAGE)
    assert rights.missing(cluster.objects, rules) == []
    some = [rule | {"resourceNames": ["one"]} for rule in rules]
    assert "create services" in rights.missing(cluster.objects, some)
    everything = {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}
    assert rights.missing(cluster.objects, [everything]) == []


def test_a_cluster_that_cannot_list_all_rights_is_not_judged(run: Run, cluster: Cluster) -> None:
    cluster.tell(incomplete=True)
    rules = [rule for rule in deployer.rules(cluster.objects, STAGE) if "delete" in rule["verbs"]]
    cluster.as_pipeline(rules)
    failed = deploy(run)
    assert failed.code == 1
    assert "lacks rights" not in failed.error


def test_an_unknown_stage_is_refused(run: Run, cluster: Cluster) -> None:
    failed = run("cluster.deploy", "--stage=prod", "--tag=v1")
    assert failed.code == 2
    assert "Known stages: development, production, staging." in failed.error


def test_missing_prerequisites_are_listed_before_any_change(run: Run, cluster: Cluster) -> None:
    cluster.as_administrator()
    cluster.keep({"namespace/production": {}, f"secret/{overlays.name()}": {"data": {}}})
    failed = deploy(run)
    assert failed.code == 1
    for needed in prerequisites.of(cluster.objects):
        assert f"  {needed.kind} {needed.name}" in failed.error
    assert cluster.asked == []


def test_deploying_does_not_require_permission_to_read_secrets(run: Run, cluster: Cluster) -> None:
    before = cluster.kept
    del before[f"secret/{overlays.name()}"]
    cluster.keep(before)
    done = deploy(run)
    assert (done.code, done.error) == (0, "")
    assert "get secrets" in cluster.needed


UNAUTHORIZED = "error: You must be logged in to the server (Unauthorized)"

OF_NOBODY = f"""#!/bin/sh
case "$*" in
    *kustomize*) exec "$0.real" "$@" ;;
esac
echo "$*" >>"${{0%/*}}/asked.txt"
echo "{UNAUTHORIZED}" >&2
exit 1
"""


@pytest.mark.parametrize("task", ["cluster.deploy", "cluster.rollback"])
def test_a_token_that_has_ended_is_told_before_any_change(
    run: Run, cluster: Cluster, task: str
) -> None:
    program = cluster.folder / "kubectl"
    program.rename(cluster.folder / "kubectl.real")
    program.write_text(OF_NOBODY)
    program.chmod(0o755)
    failed = deploy(run) if task == "cluster.deploy" else run(task, f"--stage={STAGE}")
    assert failed.code == 1
    assert UNAUTHORIZED in failed.error
    # A rollback begins with what is refused.
    assert len(cluster.asked) == (task == "cluster.rollback")


def test_a_missing_namespace_is_an_error(run: Run, cluster: Cluster) -> None:
    cluster.keep({})
    failed = deploy(run)
    assert failed.code == 1
    assert "Namespace production not found" in failed.error


def test_missing_kubectl_is_reported_with_a_remedy(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    failed = deploy(run)
    assert failed.code == 1
    assert failed.error.startswith("kubectl not found. Install kubectl")


def test_a_rollback_prints_the_running_version(run: Run, cluster: Cluster) -> None:
    assert deploy(run).code == 0
    done = run("cluster.rollback", f"--stage={STAGE}")
    assert (done.code, done.error) == (0, "")
    assert f"{overlays.name()} {VERSION} runs in 2 pods" in done.out
    assert f"rollout undo deployment/{overlays.name()}" in cluster.asked
