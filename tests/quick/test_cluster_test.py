"""`./invoke cluster-test` never takes a cluster that nobody has named."""

from pathlib import Path

import pytest
from invoke import Exit

from tasks.cluster_test import loader, require_cluster
from tasks.folders import ROOT
from tests.full.programs import run


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "Name the cluster by its context"),
        (["--context=production"], "How an image gets to the nodes of production is not known."),
    ],
    ids=["no context", "no loader"],
)
def test_what_is_missing_is_said(words: list[str], said: str) -> None:
    done = run([ROOT / "invoke", "cluster-test", *words], ROOT)
    assert done.returncode == 2
    assert said in done.stderr


@pytest.mark.parametrize(
    ("context", "command"),
    [
        ("kind-kind", "kind load docker-image {image} --name kind"),
        ("k3d-try", "k3d image import {image} --cluster try"),
        ("minikube", "minikube image load {image}"),
    ],
)
def test_usual_tools_put_images_on_the_nodes(context: str, command: str) -> None:
    assert loader(context) == command


def test_a_cluster_that_does_not_answer_is_said(tmp_path: Path) -> None:
    kubectl = tmp_path / "kubectl"
    kubectl.write_text("#!/bin/sh\necho 'error: context \"kind-x\" does not exist' >&2\nexit 1\n")
    kubectl.chmod(0o755)
    with pytest.raises(Exit, match='kind-x does not answer: error: context "kind-x"'):
        require_cluster("kind-x", {"PATH": str(tmp_path)})
