"""`cluster.deploy`, of a service with a database: the migration comes first."""

from pathlib import Path

import pytest

from {{ cookiecutter.package_name }}.tasks import deployment, overlays
from {{ cookiecutter.package_name }}.tasks.rotation import PRIVATE_SECRET, PUBLIC_SECRET

from .cluster import VERSION, Cluster, deploy
from .conftest import Run
from .manifests import STAGE, pod, written


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cluster:
    """A cluster, and nothing but its kubectl on the PATH."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(deployment, "PAUSE_SECONDS", 0.01)
    return Cluster(tmp_path)


def test_a_migration_that_fails_stops_the_roll_out(run: Run, cluster: Cluster) -> None:
    cluster.tell(job="Failed")
    failed = deploy(run)
    assert failed.code == 1
    assert f"-migrate-{VERSION}: it failed. The version that ran is running still" in failed.error
    assert "what it said" in failed.out
    assert f"deployment/{overlays.name()}" not in cluster.kept


def test_a_migration_that_does_not_end_is_not_waited_for_for_ever(
    run: Run, cluster: Cluster
) -> None:
    cluster.tell(job="Running")
    failed = deploy(run, "--timeout=0")
    assert failed.code == 1
    assert "it has not ended after 0 s" in failed.error


def test_a_migration_that_failed_before_is_made_anew(run: Run, cluster: Cluster) -> None:
    cluster.tell(job="Failed")
    assert deploy(run).code == 1
    cluster.tell()
    assert deploy(run).code == 0
    assert any(line.startswith("delete job") for line in cluster.asked)


def test_a_migration_whose_pods_are_to_change_is_made_anew(run: Run, cluster: Cluster) -> None:
    assert deploy(run).code == 0
    cluster.tell(immutable=True)
    assert deploy(run).code == 0
    assert any(line.startswith("delete job") for line in cluster.asked)


def test_a_tag_that_makes_too_long_a_name_is_refused(run: Run, cluster: Cluster) -> None:
    failed = run("cluster.deploy", f"--env={STAGE}", f"--image-tag=v{63 * '1'}")
    assert failed.code == 2
    assert "Kubernetes takes 63" in failed.error


def test_the_secrets_that_are_mounted_are_those_that_a_rotation_names() -> None:
    secrets = [volume["secret"] for volume in pod(written())["volumes"] if "secret" in volume]
    names = {secret["secretName"] for secret in secrets}
    assert PUBLIC_SECRET in names
    assert names <= {PUBLIC_SECRET, PRIVATE_SECRET}
