"""The manifests of the example services, built as they are applied."""

import re
import shutil
from pathlib import Path

import pytest

from tasks.render import example, render
from tests.conftest import EXAMPLES
from tests.kubernetes.tools import OVERLAYS, Object, kustomize, objects_of

ALL = "all"
"""Staging, with every component."""


@pytest.fixture(scope="session")
def services(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The example of each kind, by its name, with an overlay more that has every component."""
    folder = tmp_path_factory.mktemp("kubernetes")
    found = {name: render(folder, example(name)) for name in EXAMPLES.values()}
    for service in found.values():
        overlays = service / "infra" / "kubernetes" / "overlays"
        kustomization = shutil.copytree(overlays / "staging", overlays / ALL) / "kustomization.yaml"
        text = kustomization.read_text("utf-8")
        switched_on, count = re.subn(r"^#(  - \.\./\.\./components/)", r"\1", text, flags=re.M)
        assert count == len(list(service.glob("infra/kubernetes/components/*/")))
        kustomization.write_text(switched_on, "utf-8")
    return found


@pytest.fixture(scope="session")
def built(services: dict[str, Path]) -> dict[tuple[str, str], str]:
    """What kustomize makes of each overlay, by service and overlay."""
    return {
        (name, overlay): kustomize(service / "infra" / "kubernetes" / "overlays" / overlay)
        for name, service in services.items()
        for overlay in (*OVERLAYS, ALL)
    }


@pytest.fixture(scope="session")
def objects(built: dict[tuple[str, str], str]) -> dict[tuple[str, str], list[Object]]:
    """The objects of each overlay, by service and overlay."""
    return {which: objects_of(text) for which, text in built.items()}
