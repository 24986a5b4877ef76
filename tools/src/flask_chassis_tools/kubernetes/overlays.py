"""Builds the manifests of a stage from its overlay with kustomize."""

import hashlib
import re
import shutil
import subprocess
import tempfile
from functools import lru_cache
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

DIGEST = re.compile("sha256:[0-9a-f]{64}")

DNS_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")
LONGEST_LABEL = 63
"""Characters of a DNS label, and of the value of a label in Kubernetes."""

HASH_LENGTH = 8


def stages() -> list[str]:
    """Return the stages that have an overlay."""
    return sorted(path.parent.name for path in _root().glob(f"overlays/*/{KUSTOMIZATION}"))


def build(stage: str, tag: str = "", digest: str = "") -> list[Object]:
    """Return the objects of a stage; `tag` and `digest` replace those of the overlay's image."""
    if stage not in stages():
        known = ", ".join(stages()) or "none"
        raise Exit(f"{FOLDER}/overlays/{stage} not found. Known stages: {known}.", 2)
    if not tag:
        if digest:
            raise Exit(
                "A digest requires the tag of its image, which names the version: add the "
                "option --tag.",
                2,
            )
        return _kustomize(_root() / "overlays" / stage)
    require_tag(tag)
    if digest:
        require_digest(digest)
    with tempfile.TemporaryDirectory(prefix="kubernetes-") as folder:
        copy = shutil.copytree(_root(), Path(folder) / "kubernetes")
        _set_tag(copy / "overlays" / stage / KUSTOMIZATION, tag)
        objects = _kustomize(copy / "overlays" / stage)
    if digest:
        _pin(objects, digest)
    return objects


def require_digest(digest: str) -> None:
    """Exit if a digest is not valid."""
    if not DIGEST.fullmatch(digest):
        raise Exit(
            f"{digest!r} is not a digest: sha256: and 64 hexadecimal digits, as image.push "
            "reports it.",
            2,
        )


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
    if len(tag) > LONGEST_LABEL:
        raise Exit(
            f"The tag {tag} has {len(tag)} characters; Kubernetes allows {LONGEST_LABEL} in the "
            f"label that tells the version. Shorten it by {len(tag) - LONGEST_LABEL}.",
            2,
        )


def name() -> str:
    """Return the service's name, which is also the name of its objects."""
    return _name_in(project.find("settings.yaml").read_text(encoding="utf-8"))


@lru_cache(maxsize=8)
def _name_in(settings: str) -> str:
    """Return the name in the text of a settings.yaml. A check of the manifests asks 50 times."""
    [sections] = _documents(settings)
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
    return _image_of(objects).partition("@")[0].rpartition(":")[2]


def digest_of(objects: list[Object]) -> str:
    """Return the digest of the service's image; empty if the manifests name a tag only."""
    return _image_of(objects).partition("@")[2]


def _image_of(objects: list[Object]) -> str:
    containers = one(objects, "Deployment", name())["spec"]["template"]["spec"]["containers"]
    return str(containers[0]["image"])


def _pin(objects: list[Object], digest: str) -> None:
    """Add a digest to the service's image, in all pods: the kubelet then ignores the tag.

    Not kustomize: it would have to copy the tag without the digest into labels and names, which
    overlays of earlier templates do not.
    """
    image = _image_of(objects)
    for each in objects:
        pod = pod_template(each).get("spec", {})
        for container in [*pod.get("initContainers", []), *pod.get("containers", [])]:
            if container["image"] == image:
                container["image"] = f"{image}@{digest}"


def migration(objects: list[Object]) -> Object | None:
    """Return the Job that migrates the database; None for a service without a database."""
    jobs = [each for each in objects if each["kind"] == "Job"]
    named = [
        each
        for each in jobs
        if each["metadata"]["name"].startswith(f"{name()}-migrate-")
        and each["metadata"].get("labels", {}).get("app.kubernetes.io/component") == "migration"
    ]
    return named[0] if named else None


def job_name(named: str) -> str:
    """Return the name of a Job as a DNS label, because it becomes the host name of its pods.

    A tag has dots, and may be long. A hash keeps the names of `1.2.3` and `1-2-3` distinct.
    """
    if DNS_LABEL.fullmatch(named) and len(named) <= LONGEST_LABEL:
        return named
    digest = hashlib.sha256(named.encode()).hexdigest()[:HASH_LENGTH]
    start = named.replace(".", "-")[: LONGEST_LABEL - len(digest) - 1].rstrip("-")
    return f"{start}-{digest}"


def _root() -> Path:
    return project.working_folder() / FOLDER


def _set_tag(file: Path, tag: str) -> None:
    content: dict[str, Any] = safe_yaml.load(file.read_text(encoding="utf-8"))
    images = [image for image in content.get("images", []) if image["name"] == name()]
    if not images:
        raise Exit(f"Image {name()} not found in {file.parent.name}/{KUSTOMIZATION}.", 1)
    for image in images:
        image["newTag"] = tag
        # That of another version.
        image.pop("digest", None)
    file.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")


def _kustomize(folder: Path) -> list[Object]:
    kustomize = shutil.which("kustomize")
    words = [kustomize, "build"] if kustomize else [kubectl.program(), "kustomize"]
    done = subprocess.run([*words, str(folder)], capture_output=True, text=True)
    if done.returncode:
        raise Exit(f"Building {folder.name} failed: {done.stderr.strip()}", 1)
    objects = [each for each in _documents(done.stdout) if each]
    for each in objects:
        if each["kind"] == "Job":  # kustomize copies the tag into its name, but cannot replace dots
            each["metadata"]["name"] = job_name(each["metadata"]["name"])
    return objects


def _documents(text: str) -> list[Any]:
    return list(safe_yaml.load_all(text))
