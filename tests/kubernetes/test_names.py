"""Names that answers give: they fit, and the tag goes where it belongs."""

from pathlib import Path

import pytest

from tasks.render import render
from tests.kubernetes.tools import OVERLAYS, Object, kustomize, objects_of

LONGEST_NAME = 63

ANSWERS = {
    "a registry with a port": {"image_registry": "localhost:5000/team"},
    "a slug like the name of a Job": {"project_slug": "users-migrate-data"},
    "the shortest slug": {"project_slug": "a", "package_name": "p"},
    "the longest names": {
        "project_slug": "a-slug-that-is-exactly-forty-letter-long",
        "organisation": "a-firm-of-20-letters",
        "port": "65535",
    },
}


def named(objects: list[Object], kind: str) -> list[str]:
    return [each["metadata"]["name"] for each in objects if each["kind"] == kind]


@pytest.mark.parametrize("kind", ["resource", "frontend"])
@pytest.mark.parametrize("what", ANSWERS)
def test_names_fit_and_have_the_tag(tmp_path: Path, what: str, kind: str) -> None:
    service = render(tmp_path, {"project_name": "Service", "kind": kind} | ANSWERS[what])
    for overlay in OVERLAYS:
        objects = objects_of(kustomize(service / "infra" / "kubernetes" / "overlays" / overlay))
        [deployment] = [each for each in objects if each["kind"] == "Deployment"]
        pod = deployment["spec"]["template"]
        tag = pod["spec"]["containers"][0]["image"].rpartition(":")[2]
        assert tag == ("development" if overlay == "development" else "v0.0.0")
        assert pod["metadata"]["labels"]["app.kubernetes.io/version"] == tag
        jobs = [] if kind == "frontend" else [f"{service.name}-migrate-{tag}"]
        assert named(objects, "Job") == jobs
        assert max(map(len, (each["metadata"]["name"] for each in objects))) <= LONGEST_NAME
