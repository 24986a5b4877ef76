"""Test that `cluster.deploy` runs the migration first, for services with a database."""

import pytest
from flask_chassis.tasks.key_rotation import PRIVATE_SECRET, PUBLIC_SECRET

from flask_chassis_tools.kubernetes import overlays

from ..conftest import Run
from ..services import WITH_DATABASE
from .cluster import VERSION, Cluster, deploy
from .manifests import STAGE, pod, written

pytestmark = pytest.mark.parametrize("kind", WITH_DATABASE)


def test_a_failed_migration_stops_the_rollout(run: Run, cluster: Cluster) -> None:
    cluster.tell(job="Failed")
    failed = deploy(run)
    assert failed.code == 1
    assert f"-migrate-{VERSION}: it failed. The previous version is still running" in failed.error
    assert "what it said" in failed.out
    assert f"deployment/{overlays.name()}" not in cluster.kept


def test_a_migration_that_does_not_finish_times_out(run: Run, cluster: Cluster) -> None:
    cluster.tell(job="Running")
    failed = deploy(run, "--timeout=0")
    assert failed.code == 1
    assert "it did not finish within 0 s" in failed.error


def test_the_job_of_a_failed_migration_is_created_again(run: Run, cluster: Cluster) -> None:
    cluster.tell(job="Failed")
    assert deploy(run).code == 1
    cluster.tell()
    assert deploy(run).code == 0
    assert any(line.startswith("delete job") for line in cluster.asked)


def test_the_job_of_a_migration_with_changed_pods_is_created_again(
    run: Run, cluster: Cluster
) -> None:
    assert deploy(run).code == 0
    cluster.tell(immutable=True)
    assert deploy(run).code == 0
    assert any(line.startswith("delete job") for line in cluster.asked)


def test_a_tag_that_makes_a_name_too_long_is_refused(run: Run, cluster: Cluster) -> None:
    failed = run("cluster.deploy", f"--env={STAGE}", f"--image-tag=v{63 * '1'}")
    assert failed.code == 2
    assert "Kubernetes allows 63" in failed.error


def test_the_mounted_secrets_are_those_of_the_key_rotation() -> None:
    secrets = [volume["secret"] for volume in pod(written())["volumes"] if "secret" in volume]
    names = {secret["secretName"] for secret in secrets}
    assert PUBLIC_SECRET in names
    assert names <= {PUBLIC_SECRET, PRIVATE_SECRET}
