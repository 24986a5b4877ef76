"""A service of a developer, who deploys it with its own tasks."""

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from tests.cluster.cluster import EDGE, Cluster
from tests.docker import engine
from tests.full.programs import Finished, run
from tests.services import InstalledService

IMAGE = "registry.acme.example/{}:{}"
"""As the overlay of staging names it. No such registry answers: the image is on the nodes."""

LONGEST_SECONDS = 900


@dataclass(frozen=True)
class Service:
    """A copy of a rendered service, which a test may edit."""

    folder: Path
    command: Path
    cluster: Cluster
    kubeconfig: Path | None = None
    """That of another user than the tests'."""

    @property
    def name(self) -> str:
        """What it is called."""
        return self.folder.name

    @property
    def overlay(self) -> Path:
        """The folder of staging."""
        return self.folder / "infra" / "kubernetes" / "overlays" / "staging"

    def task(self, *words: str) -> Finished:
        """Run a task, whether it succeeds or not."""
        variables = {"PYTHONPATH": str(self.folder)}
        if self.kubeconfig:
            variables["KUBECONFIG"] = str(self.kubeconfig)
        return run([self.command, *words], self.folder, variables, seconds=LONGEST_SECONDS)

    def cluster_task(self, name: str, *words: str) -> Finished:
        """Run a task of `cluster` on staging, in the cluster."""
        return self.task(
            f"cluster.{name}", "--stage=staging", f"--kube-context={self.cluster.context}", *words
        )

    def deploy(self, tag: str, *words: str) -> Finished:
        """Deploy a version, whether it succeeds or not."""
        return self.cluster_task("deploy", f"--tag={tag}", *words)

    def deployed(self, tag: str, *words: str) -> str:
        """Deploy a version, which must succeed, and return what the task printed."""
        done = self.deploy(tag, *words)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def edit(self, path: str, old: str, new: str) -> None:
        """Replace a text of a file below infra/kubernetes, each time that it is there."""
        file = self.folder / "infra" / "kubernetes" / path
        text = file.read_text("utf-8")
        assert old in text, f"{path} does not have {old!r}"
        file.write_text(text.replace(old, new), "utf-8")

    def build(self, tag: str) -> None:
        """Build the image of a version, and put it on the nodes."""
        image = IMAGE.format(self.name, tag)
        engine.build(self.folder, image, version=tag)
        self.cluster.put(image)

    def prepare(self, values: dict[str, str]) -> None:
        """Run what `cluster.prerequisites` prints, as an operator does, with values of its own."""
        done = self.cluster_task("prerequisites")
        assert done.returncode == 0, done.stdout + done.stderr
        asked = set(re.findall(r"^add \S+ \S+ \S+ (\w+)$", done.stdout, re.M))
        assert asked <= set(values), f"{self.name} asks for {asked - set(values)}"
        make_certificate(self.folder, f"{self.name}-tls")
        ran = run(["sh", "-c", done.stdout], self.folder, values)
        assert ran.returncode == 0, f"{done.stdout}\n{ran.stdout}{ran.stderr}"


def copy_of(installed: InstalledService, folder: Path, cluster: Cluster) -> Service:
    """Return a copy of an installed service, whose callers are in this cluster's namespace."""
    made = shutil.ignore_patterns(".venv", ".*_cache", "__pycache__", ".coverage", "reports")
    shutil.copytree(installed.path, folder, ignore=made)
    service = Service(folder, installed.bin / "acme-tasks", cluster)
    flows = folder / "infra" / "flows.yaml"
    flows.write_text(
        flows.read_text("utf-8").replace("ingress-nginx\n    pods", f"{EDGE}\n    pods")
    )
    written = service.task("cluster.network-policy")
    assert written.returncode == 0, written.stderr
    assert EDGE in (folder / "infra/kubernetes/base/network-policies.yaml").read_text("utf-8")
    return service


def pods_run(service: Service, tag: str) -> bool:
    """Return whether all pods of a service are of one version."""
    images = {
        container["image"]
        for pod in service.cluster.pods(service.name)
        for container in pod["spec"]["containers"]
    }
    return images == {IMAGE.format(service.name, tag)}


def make_certificate(folder: Path, name: str) -> None:
    """Write a certificate and its key, which are signed by nobody else."""
    key, certificate = folder / f"{name}.key", folder / f"{name}.crt"
    words = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost"]
    run([*words, "-keyout", key, "-out", certificate], folder)
    assert certificate.is_file()
