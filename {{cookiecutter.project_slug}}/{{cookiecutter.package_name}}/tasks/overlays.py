"""Builds the manifests of a stage: what kustomize makes of an overlay."""

import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import yaml
from invoke import Exit

from ..chassis import project_files, safe_yaml
from . import kubectl
from .kubectl import Object

FOLDER = Path("infra/kubernetes")
KUSTOMIZATION = "kustomization.yaml"

# What can stand in an image's name, in a label, and in the name of a Job.
TAG = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?")
LONGEST_NAME = 63


def stages() -> list[str]:
    """Return the stages that there are overlays for."""
    return sorted(path.parent.name for path in _root().glob(f"overlays/*/{KUSTOMIZATION}"))


def build(stage: str, tag: str = "") -> list[Object]:
    """Return the objects of a stage, with a tag of the image other than the overlay's."""
    if stage not in stages():
        known = ", ".join(stages()) or "none"
        raise Exit(f"There is no {FOLDER}/overlays/{stage}. There is: {known}.", 2)
    if not tag:
        return _kustomize(_root() / "overlays" / stage)
    require_tag(tag)
    with tempfile.TemporaryDirectory(prefix="kubernetes-") as folder:
        copy = shutil.copytree(_root(), Path(folder) / "kubernetes")
        _set_tag(copy / "overlays" / stage / KUSTOMIZATION, tag)
        return _kustomize(copy / "overlays" / stage)


def require_tag(tag: str) -> None:
    """Stop where a tag will not do."""
    if tag == "latest":
        raise Exit("The tag latest moves: nobody could say what runs. Give that of a version.", 2)
    if not TAG.fullmatch(tag):
        raise Exit(
            f"The tag {tag!r} will not do: it goes into names in Kubernetes, which have lower-case "
            "letters, digits, dots and dashes.",
            2,
        )


def name() -> str:
    """Return the service's name, which its objects bear."""
    [sections] = _documents(project_files.find("settings.yaml").read_text(encoding="utf-8"))
    return str(sections["default"]["service"]["name"])


def one(objects: list[Object], kind: str, named: str) -> Object:
    """Return the object of a kind and a name."""
    for each in objects:
        if each["kind"] == kind and each["metadata"]["name"] == named:
            return each
    raise Exit(f"The manifests have no {kind} {named}.", 1)


def tag_of(objects: list[Object]) -> str:
    """Return the tag of the service's image."""
    containers = one(objects, "Deployment", name())["spec"]["template"]["spec"]["containers"]
    return str(containers[0]["image"]).rpartition(":")[2]


def migration(objects: list[Object]) -> Object | None:
    """Return the Job that migrates the database; None for a service without one."""
    jobs = [each for each in objects if each["kind"] == "Job"]
    return jobs[0] if jobs else None


def require_names(objects: list[Object]) -> None:
    """Stop where the tag makes a name that Kubernetes does not take."""
    job = migration(objects)
    if job and len(named := job["metadata"]["name"]) > LONGEST_NAME:
        raise Exit(
            f"{named} is the migration's name, of {len(named)} characters, and Kubernetes takes "
            f"{LONGEST_NAME}: give a tag that is {len(named) - LONGEST_NAME} shorter.",
            2,
        )


def _root() -> Path:
    return project_files.working_folder() / FOLDER


def _set_tag(file: Path, tag: str) -> None:
    content: dict[str, Any] = safe_yaml.load(file.read_text(encoding="utf-8"))
    images = [image for image in content.get("images", []) if image["name"] == name()]
    if not images:
        raise Exit(f"{file.parent.name}/{KUSTOMIZATION} has no image {name()} to give a tag.", 1)
    for image in images:
        image["newTag"] = tag
    file.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")


def _kustomize(folder: Path) -> list[Object]:
    kustomize = shutil.which("kustomize")
    words = [kustomize, "build"] if kustomize else [kubectl.program(), "kustomize"]
    done = subprocess.run([*words, str(folder)], capture_output=True, text=True)
    if done.returncode:
        raise Exit(f"{folder.name} cannot be built: {done.stderr.strip()}", 1)
    return [each for each in _documents(done.stdout) if each]


def _documents(text: str) -> list[Any]:
    return list(safe_yaml.load_all(text))
