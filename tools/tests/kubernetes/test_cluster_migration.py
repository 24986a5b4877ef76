"""Test that `cluster.deploy` runs the migration first, for services with a database."""

import re

import pytest
from flask_chassis.tasks.key_rotation import PRIVATE_SECRET, PUBLIC_SECRET

from flask_chassis_tools.kubernetes import overlays

from ..conftest import Run
from ..services import WITH_DATABASE
from .cluster import VERSION, Cluster, deploy, migration
from .manifests import STAGE, pod, written
from .recorded_answers import recorded

pytestmark = pytest.mark.parametrize("kind", WITH_DATABASE)


def test_a_failed_migration_stops_the_rollout(run: Run, cluster: Cluster) -> None:
    cluster.tell(job="Failed")
    failed = deploy(run)
    assert failed.code == 1
    assert f"{migration()}: it failed. Nothing was rolled out." in failed.error
    assert "what it said" in failed.out
    assert f"deployment/{overlays.name()}" not in cluster.kept


def test_a_migration_that_does_not_finish_times_out(run: Run, cluster: Cluster) -> None:
    cluster.tell(job="Running")
    failed = deploy(run, "--timeout=0")
    assert failed.code == 1
    assert "not within 0 s" in failed.error


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
    cluster.tell(immutable=recorded("immutable"))
    shown = deploy(run, "--diff", "--dry-run")
    assert (shown.code, shown.error) == (0, "")
    assert f"{migration()} would be deleted and created again." in shown.out
    assert "+ something new" in shown.out
    assert deploy(run, "--diff").code == 0
    assert any(line.startswith("delete job") for line in cluster.asked)


def test_a_tag_that_is_too_long_for_a_label_is_refused(run: Run, cluster: Cluster) -> None:
    failed = run("cluster.deploy", f"--stage={STAGE}", f"--tag=v{63 * '1'}")
    assert failed.code == 2
    assert "Kubernetes allows 63 in the label that tells the version. Shorten it by 1." in (
        failed.error
    )
    assert run("cluster.deploy", f"--stage={STAGE}", f"--tag=v{62 * '1'}", "--dry-run").code == 0


TAGS = ("v1.2", "v1-2", "1.2.3", "1-2.3", "1.2-3", "1-2-3", "v1.2-3-gabcdef", 63 * "1", 62 * "1")


@pytest.mark.parametrize("slug", ["users", "a-slug-that-is-exactly-forty-letter-long"])
def test_the_name_of_the_job_is_a_dns_label_of_its_own(slug: str) -> None:
    """The server warns of dots: the name becomes the host name of pods."""
    names = [overlays.job_name(f"{slug}-migrate-{tag}") for tag in TAGS]
    for name in names:
        assert re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", name)
        assert name.startswith(f"{slug}-migrate-"), "operators look for it"
    assert len(set(names)) == len(TAGS)


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("users-migrate-v1-2", "users-migrate-v1-2"),
        ("users-migrate-1.0.0", "users-migrate-1-0-0-8e596228"),  # as tried on Kubernetes 1.36
        (f"u-migrate-{52 * '1'}-{9 * '2'}", f"u-migrate-{44 * '1'}-70d4db65"),
    ],
)
def test_the_name_of_the_job_is_always_the_same(name: str, made: str) -> None:
    assert overlays.job_name(name) == made


def test_the_jobs_of_all_tasks_have_that_name(run: Run, cluster: Cluster) -> None:
    assert deploy(run).code == 0
    assert f"job/{migration()}" in cluster.kept
    [job] = [each for each in overlays.build(STAGE, VERSION) if each["kind"] == "Job"]
    assert job["metadata"]["name"] == migration()


def test_the_mounted_secrets_are_those_of_the_key_rotation() -> None:
    secrets = [volume["secret"] for volume in pod(written())["volumes"] if "secret" in volume]
    names = {secret["secretName"] for secret in secrets}
    assert PUBLIC_SECRET in names
    assert names <= {PUBLIC_SECRET, PRIVATE_SECRET}
