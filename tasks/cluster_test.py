"""Runs the tests that need a real Kubernetes."""

import os
import shutil
import subprocess
from collections.abc import Mapping

from invoke import Context, Exit, task

from .folders import PROGRAMS, ROOT
from .test import TOOLS, install_tools

FOLDER = "tests/cluster"

HOW = (
    "Name the cluster by its context, one that is made for tests: they break what runs there. "
    "For instance: kind create cluster, then ./invoke cluster-test --context=kind-kind."
)


LOADERS = {
    "kind-": "kind load docker-image {image} --name %s",
    "k3d-": "k3d image import {image} --cluster %s",
    "minikube": "minikube image load {image}",
}
"""How an image gets to the nodes, by the beginning of the context; %s is the rest of it."""

PROGRAMS_OF_OTHERS = {
    "kubectl": "https://kubernetes.io/docs/tasks/tools/",
    "docker": "https://docs.docker.com/engine/install/",
}


@task(
    name="cluster-test",
    help={
        "context": "A context of the kubeconfig, such as kind-kind; there is no default",
        "load": "A command that puts {image} on all nodes; known for kind, k3d and minikube",
        "record": "Record what the cluster answers, for the tests of the tools",
        "select": "Only the tests whose name matches, as pytest's -k",
    },
)
def cluster_test(
    invoked: Context, context: str = "", load: str = "", select: str = "", record: bool = False
) -> None:
    """Deploy three services to a real cluster, break them there, and see what the tasks say."""
    if not context:
        raise Exit(HOW, 2)
    load = load or loader(context)
    path = os.pathsep.join([str(PROGRAMS), str(TOOLS), os.environ["PATH"]])
    for program, where in PROGRAMS_OF_OTHERS.items():
        if not shutil.which(program, path=path):
            raise Exit(f"{program} not found: {where}", 1)
    environment = os.environ | {"PATH": path}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    require_cluster(context, environment)
    install_tools()
    chosen = ["-k", select] if select else []
    chosen += ["--record"] if record else []
    words = [f"--kube-context={context}", f"--load={load}", "-rs", *chosen, FOLDER]
    done = subprocess.run([str(PROGRAMS / "pytest"), *words], cwd=ROOT, env=environment)
    if done.returncode:
        raise Exit(code=done.returncode)


def loader(context: str) -> str:
    """Return the command that puts an image on the nodes of a cluster, which its context tells."""
    for start, command in LOADERS.items():
        if context.startswith(start):
            return command.replace("%s", context.removeprefix(start))
    raise Exit(
        f"How an image gets to the nodes of {context} is not known. Say it: --load='my-loader "
        "{image}'.",
        2,
    )


def require_cluster(context: str, environment: Mapping[str, str]) -> None:
    """Exit unless the cluster answers."""
    words = ["kubectl", f"--context={context}", "get", "nodes", "--request-timeout=20s"]
    done = subprocess.run(words, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise Exit(f"The cluster {context} does not answer: {done.stderr.strip()}\n{HOW}", 1)
