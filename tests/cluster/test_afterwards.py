"""What earlier deployments have left: pods that ended, Jobs of another shape, a canary."""

import pytest

from tests.cluster.cluster import STAGE, until
from tests.cluster.conftest import FIRST, SECOND
from tests.cluster.service import IMAGE, Service, pods_run


def test_an_evicted_pod_does_not_matter_to_the_next_deployment(resource: Service) -> None:
    """It fills /tmp beyond its limit, and stays as a pod of phase Failed."""
    cluster = resource.cluster
    name = cluster.pods(resource.name)[0]["metadata"]["name"]
    where = (name, f"--namespace={STAGE}")
    fill = "with open('/tmp/full', 'wb') as file: file.write(bytes(300_000_000))"
    cluster.kubectl("exec", *where, "--container=service", "--", "python", "-c", fill)

    def phase() -> str:
        found = cluster.ask("get", "pod", *where, "--output=jsonpath={.status.phase}")
        return found.stdout

    until(lambda: phase() == "Failed", "the pod is evicted", seconds=180)
    out = resource.deployed(SECOND)
    assert f"{resource.name} {SECOND} runs in 2 pods of {STAGE}." in out
    assert phase() == "Failed"
    back = resource.cluster_task("rollback")
    assert back.returncode == 0, back.stdout + back.stderr
    cluster.kubectl("delete", "pod", *where)


def test_a_migration_of_another_shape_is_made_anew(resource: Service) -> None:
    """The tag is the same: the Job's pods cannot be changed, and `--diff` fails on none of it."""
    migration, old, new = "base/migration.yaml", "memory: 256Mi", "memory: 272Mi"
    resource.edit(migration, old, new)
    try:
        out = resource.deployed(FIRST, "--diff")
    finally:
        resource.edit(migration, new, old)
    assert "would be deleted and created again" in out
    limits = [
        job["spec"]["template"]["spec"]["containers"][0]["resources"]["limits"]["memory"]
        for job in resource.cluster.get("jobs", f"app.kubernetes.io/name={resource.name}")
        if job["spec"]["template"]["spec"]["containers"][0]["image"].endswith(f":{FIRST}")
    ]
    assert limits == ["272Mi"]
    resource.deployed(FIRST)


@pytest.fixture
def canary(resource: Service) -> str:
    """The Deployment of the canary, after one of the second version was switched on and off."""
    line = "  - ../../components/canary"
    resource.edit("overlays/staging/kustomization.yaml", f"#{line}", line)
    resource.edit("components/canary/kustomization.yaml", "newTag: v0.0.0", f"newTag: {SECOND}")
    name = f"{resource.name}-canary"
    try:
        resource.deployed(FIRST)
        images = {
            container["image"]
            for pod in resource.cluster.get("pods", "track=canary")
            for container in pod["spec"]["containers"]
        }
        assert images == {IMAGE.format(resource.name, SECOND)}
    finally:
        resource.edit("overlays/staging/kustomization.yaml", line, f"#{line}")
    return name


def test_a_canary_that_was_taken_out_is_named_and_pruned(resource: Service, canary: str) -> None:
    left = f"No longer in the manifests, and still there: deployment/{canary}."
    assert left in resource.deployed(FIRST)
    assert left not in resource.deployed(FIRST, "--prune")
    until(lambda: not resource.cluster.get("deployments", name=canary), "the canary is gone")
    assert left not in resource.deployed(FIRST)
    assert pods_run(resource, FIRST)
