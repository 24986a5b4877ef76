"""`cluster.check` of installed services: as rendered, with every component, and with faults."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kubernetes.tools import path_with_tools, program
from tests.services import InstalledService

STAGING = "infra/kubernetes/overlays/staging/kustomization.yaml"
COMPONENT = re.compile(r"^#(  - \.\./\.\./components/)", re.MULTILINE)


@pytest.fixture
def kustomization(service_of_each_kind: InstalledService) -> Iterator[Path]:
    """The overlay of staging, which is left as it was."""
    path = service_of_each_kind.path / STAGING
    text = path.read_text("utf-8")
    yield path
    path.write_text(text, "utf-8")


def check(service: InstalledService) -> tuple[int, str]:
    """Return what `cluster.check` says, with the programs that CI has."""
    program("kustomize")
    [tasks] = [path.name for path in service.bin.glob("*-tasks")]
    done = service.run(tasks, "cluster.check", environment={"PATH": path_with_tools()})
    return done.returncode, done.stdout + done.stderr


def test_the_manifests_are_right(service_of_each_kind: InstalledService) -> None:
    said = "The manifests are valid for development, production, staging.\n"
    assert check(service_of_each_kind) == (0, said)


def test_with_every_component_they_are_right_as_well(
    service_of_each_kind: InstalledService, kustomization: Path
) -> None:
    text, count = COMPONENT.subn(r"\1", kustomization.read_text("utf-8"))
    assert count >= 7
    kustomization.write_text(text, "utf-8")
    assert check(service_of_each_kind)[0] == 0, check(service_of_each_kind)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("newTag: v0.0.0", "newTag: latest", "has no fixed tag"),
        ("=staging.kubernetes", "=stagnig.kubernetes", "is stagnig.kubernetes, but must be"),
        ("- op: add\n        path: /spec/tls", "- op: add\n        path: /x", "has no TLS for"),
        (
            "envs: [settings.env]",
            "literals: [X_LOGS__LEVEL=INFO]",
            "the service does not read the variable X_",
        ),
    ],
)
def test_a_fault_in_an_overlay_is_seen(
    service_of_each_kind: InstalledService, kustomization: Path, old: str, new: str, said: str
) -> None:
    text = kustomization.read_text("utf-8")
    assert old in text
    kustomization.write_text(text.replace(old, new), "utf-8")
    code, output = check(service_of_each_kind)
    assert code == 1
    assert said in output
