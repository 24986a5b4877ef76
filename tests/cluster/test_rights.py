"""The account that `cluster.deployer` prints deploys, and can do nothing besides."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.cluster.cluster import STAGE
from tests.cluster.conftest import FIRST, SECOND
from tests.cluster.service import Service

WHERE = f"--namespace={STAGE}"


@pytest.fixture
def account(resource: Service) -> Iterator[str]:
    """The account of the service's pipeline."""
    printed = resource.task("cluster.deployer", "--stage=staging")
    assert printed.returncode == 0, printed.stderr
    resource.cluster.kubectl("apply", "--filename=-", given=printed.stdout)
    yield f"{resource.name}-pipeline"
    resource.cluster.kubectl("delete", "--filename=-", given=printed.stdout)


@pytest.fixture
def pipeline(resource: Service, account: str, tmp_path: Path) -> Service:
    """The service in its pipeline, whose kubeconfig has a token of the account."""
    cluster = resource.cluster
    token = cluster.kubectl("create", "token", account, WHERE, "--duration=1h")
    view = cluster.kubectl("config", "view", "--raw", "--minify", "--flatten", "--output=json")
    config = json.loads(view)
    [user] = config["users"]
    user["user"] = {"token": token.strip()}
    path = tmp_path / "kubeconfig"
    path.write_text(json.dumps(config))
    return replace(resource, kubeconfig=path)


def test_it_deploys_and_rolls_back(pipeline: Service) -> None:
    out = pipeline.deployed(SECOND, "--diff", "--prune")
    assert f"{pipeline.name} {SECOND} runs in 2 pods of {STAGE}." in out
    assert "forbidden" not in out
    back = pipeline.cluster_task("rollback")
    assert back.returncode == 0, back.stdout + back.stderr
    assert f"{pipeline.name} {FIRST} runs in 2 pods of {STAGE}." in back.stdout


@pytest.mark.parametrize(
    "words",
    [
        ("get", "secrets"),
        ("create", "pods/exec"),
        ("create", "rolebindings"),
        ("delete", "namespaces"),
        ("list", "pods", "--namespace=kube-system"),
    ],
    ids=" ".join,
)
def test_it_can_do_nothing_besides(resource: Service, account: str, words: tuple[str, ...]) -> None:
    where = () if "--namespace=kube-system" in words else (WHERE,)
    user = f"--as=system:serviceaccount:{STAGE}:{account}"
    done = resource.cluster.ask("auth", "can-i", *words, user, *where)
    assert done.stdout.strip() == "no"
