"""An overlay that names the image by its digest, as Flux and Argo CD deploy it."""

import shutil
from pathlib import Path

import pytest

from tasks.render import example, render
from tests.conftest import EXAMPLES
from tests.kubernetes.tools import kustomize, objects_of

DIGEST = f"sha256:{'0f' * 32}"
TAG = "v0.0.0"


@pytest.mark.parametrize("registry", ["registry.acme.example", "registry.acme.example:5000/team"])
@pytest.mark.parametrize("kind", ["resource", "frontend"])
def test_a_digest_is_in_no_label_and_no_name(tmp_path: Path, kind: str, registry: str) -> None:
    service = render(tmp_path, example(EXAMPLES[kind]) | {"image_registry": registry})
    stage = service / "infra" / "kubernetes" / "overlays" / "staging"
    without = kustomize(stage)
    pinned = shutil.copytree(stage, stage.with_name("pinned")) / "kustomization.yaml"
    line = f"    newTag: {TAG}\n"
    text = pinned.read_text("utf-8")
    assert text.count(line) == 1
    pinned.write_text(text.replace(line, f"{line}    digest: {DIGEST}\n"), "utf-8")
    image = f"{registry}/{service.name}:{TAG}"
    assert f"image: {image}\n" in without
    expected = without.replace(f"image: {image}\n", f"image: {image}@{DIGEST}\n")
    assert objects_of(kustomize(pinned.parent)) == objects_of(expected)
