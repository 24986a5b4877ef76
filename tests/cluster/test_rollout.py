"""Versions are rolled out and back, and a node is drained: requests meanwhile are all answered."""

import pytest

from tests.cluster.cluster import STAGE, ready, until
from tests.cluster.conftest import FIRST, SECOND, values_for
from tests.cluster.service import Service, pods_run
from tests.cluster.traffic import Traffic

PATH = "/api/thoughts/"
"""Which reads the database."""


@pytest.mark.parametrize("kind", ["issuer", "resource", "frontend"])
def test_the_first_deployment_runs_on_several_nodes(
    services: dict[str, Service], kind: str
) -> None:
    service = services[kind]
    assert pods_run(service, FIRST)
    pods = service.cluster.pods(service.name)
    assert len(pods) == 2
    nodes = {pod["spec"]["nodeName"] for pod in pods}
    assert len(nodes) == min(2, len(service.cluster.nodes()))


def test_prerequisites_can_be_run_again(services: dict[str, Service]) -> None:
    for service in services.values():
        service.prepare(values_for(service))


def test_rolling_out_and_back_refuses_nobody(resource: Service, image: str) -> None:
    with Traffic(resource.cluster, image, f"{resource.name}.{STAGE}", PATH) as traffic:
        out = resource.deployed(SECOND)
        assert f"{resource.name} {SECOND} runs in 2 pods of {STAGE}." in out
        assert pods_run(resource, SECOND)
        back = resource.cluster_task("rollback")
        assert back.returncode == 0, back.stdout + back.stderr
        assert f"{resource.name} {FIRST} runs in 2 pods of {STAGE}." in back.stdout
        assert pods_run(resource, FIRST)
    assert set(traffic.counts) == {"200"}
    assert traffic.counts["200"] > 100


def test_a_node_that_is_drained_refuses_nobody(resource: Service, image: str) -> None:
    cluster = resource.cluster
    if len(cluster.nodes()) < 2:
        pytest.skip("the cluster has one node for pods")
    with Traffic(cluster, image, f"{resource.name}.{STAGE}", PATH) as traffic:
        node = cluster.pods(resource.name)[0]["spec"]["nodeName"]
        chosen = f"--pod-selector=app.kubernetes.io/name={resource.name}"
        try:
            cluster.kubectl("drain", node, chosen, "--delete-emptydir-data", "--timeout=240s")
            until(
                lambda: len([pod for pod in cluster.pods(resource.name) if ready(pod)]) == 2,
                "two pods elsewhere",
            )
            assert node not in {pod["spec"]["nodeName"] for pod in cluster.pods(resource.name)}
        finally:
            cluster.kubectl("uncordon", node)
    assert set(traffic.counts) == {"200"}
