"""Builds the manifests of a stage from its overlay with kustomize."""

import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import yaml
from flask_chassis import project, safe_yaml
from invoke import Exit

from flask_chassis_tools.kubernetes import kubectl
from flask_chassis_tools.kubernetes.kubectl import Object

FOLDER = Path("infra/kubernetes")
KUSTOMIZATION = "kustomization.yaml"

# Valid in an image's name, in a label, and in the name of a Job.
TAG = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?")
LONGEST_NAME = 63


def stages() -> list[str]:
    """Return the stages that have an overlay."""
    return sorted(path.parent.name for path in _root().glob(f"overlays/*/{KUSTOMIZATION}"))


def build(stage: str, tag: str = "") -> list[Object]:
    """Return the objects of a stage; `tag` replaces the overlay's image tag."""
    if stage not in stages():
        known = ", ".join(stages()) or "none"
        raise Exit(f"{FOLDER}/overlays/{stage} not found. Known stages: {known}.", 2)
    if not tag:
        return _kustomize(_root() / "overlays" / stage)
    require_tag(tag)
    with tempfile.TemporaryDirectory(prefix="kubernetes-") as folder:
        copy = shutil.copytree(_root(), Path(folder) / "kubernetes")
        _set_tag(copy / "overlays" / stage / KUSTOMIZATION, tag)
        return _kustomize(copy / "overlays" / stage)


def require_tag(tag: str) -> None:
    """Exit if a tag is not valid."""
    if tag == "latest":
        raise Exit("The tag latest is not allowed, because it moves. Use the tag of a version.", 2)
    if not TAG.fullmatch(tag):
        raise Exit(
            f"The tag {tag!r} is not valid: names in Kubernetes consist of lower-case letters, "
            "digits, dots and dashes.",
            2,
        )


def name() -> str:
    """Return the service's name, which is also the name of its objects."""
    [sections] = _documents(project.find("settings.yaml").read_text(encoding="utf-8"))
    return str(sections["default"]["service"]["name"])


def one(objects: list[Object], kind: str, named: str) -> Object:
    """Return the object with a kind and a name."""
    for each in objects:
        if each["kind"] == kind and each["metadata"]["name"] == named:
            return each
    raise Exit(f"{kind} {named} not found in the manifests.", 1)


def pod_template(each: Object) -> Object:
    """Return the template of the pods that an object creates; it is empty for other objects."""
    spec = each.get("spec", {})
    if each["kind"] == "CronJob":
        spec = spec["jobTemplate"]["spec"]
    template: Object = spec.get("template", {})
    return template


def tag_of(objects: list[Object]) -> str:
    """Return the tag of the service's image."""
    containers = one(objects, "Deployment", name())["spec"]["template"]["spec"]["containers"]
    return str(containers[0]["image"]).rpartition(":")[2]


def migration(objects: list[Object]) -> Object | None:
    """Return the Job that migrates the database; None for a service without a database."""
    jobs = [each for each in objects if each["kind"] == "Job"]
    return jobs[0] if jobs else None


def require_names(objects: list[Object]) -> None:
    """Exit if the tag makes a name too long for Kubernetes."""
    job = migration(objects)
    if job and len(named := job["metadata"]["name"]) > LONGEST_NAME:
        raise Exit(
            f"The migration's name {named} has {len(named)} characters; Kubernetes allows "
            f"{LONGEST_NAME}. Shorten the tag by {len(named) - LONGEST_NAME}.",
            2,
        )


def _root() -> Path:
    return project.working_folder() / FOLDER


def _set_tag(file: Path, tag: str) -> None:
    content: dict[str, Any] = safe_yaml.load(file.read_text(encoding="utf-8"))
    images = [image for image in content.get("images", []) if image["name"] == name()]
    if not images:
        raise Exit(f"Image {name()} not found in {file.parent.name}/{KUSTOMIZATION}.", 1)
    for image in images:
        image["newTag"] = tag
    file.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")


def _kustomize(folder: Path) -> list[Object]:
    kustomize = shutil.which("kustomize")
    words = [kustomize, "build"] if kustomize else [kubectl.program(), "kustomize"]
    done = subprocess.run([*words, str(folder)], capture_output=True, text=True)
    if done.returncode:
        raise Exit(f"Building {folder.name} failed: {done.stderr.strip()}", 1)
    return [each for each in _documents(done.stdout) if each]


def _documents(text: str) -> list[Any]:
    return list(safe_yaml.load_all(text))
