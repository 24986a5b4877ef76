"""Reads which URL paths the Ingress objects of Kubernetes route to a service."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from flask_chassis import safe_yaml

FOLDER = "infra/kubernetes"
"""Where a service has its manifests."""

INTERNAL = ("/admin", "/health", "/metrics")
"""What clients outside the cluster must not reach, with all paths below."""

NOT_ROUTED = "flask-chassis/not-routed"
"""The annotation of an Ingress that names paths, separated by spaces, which only other services in
the cluster call. All paths below them are meant, too."""


def read(root: Path) -> list[dict[str, Any]]:
    """Return the Ingress objects in a service's manifests; YAMLError if a file cannot be read."""
    found = []
    for path in sorted((root / FOLDER).rglob("*.yaml")):
        text = path.read_text(encoding="utf-8")
        if "kind: Ingress" in text:
            objects = safe_yaml.load_all(text)
            # A patch of kustomize may have the kind, and only a part of the rest.
            found += [each for each in objects if each and each.get("kind") == "Ingress"]
    return found


def routes(ingress: Mapping[str, Any]) -> Iterator[tuple[dict[str, str], dict[str, Any]]]:
    """Yield the paths of an Ingress, each with its backend Service."""
    spec = ingress.get("spec") or {}
    for rule in spec.get("rules", []):
        for path in rule.get("http", {}).get("paths", []):
            if "service" in path["backend"]:
                yield path, path["backend"]["service"]
    if default := spec.get("defaultBackend", {}).get("service"):
        yield {"path": "/", "pathType": "Prefix"}, default


def leads(path: Mapping[str, str], url: str) -> bool:
    """Return whether a path of an Ingress matches a URL path."""
    if path["pathType"] == "Exact":
        return url == path["path"]
    if path["pathType"] == "Prefix":
        return is_below(path["path"], url)
    return True  # `ImplementationSpecific` depends on the controller


def is_below(above: str, url: str) -> bool:
    """Return whether a URL path is another one, or below it."""
    above = above.rstrip("/")
    return url == above or url.startswith(f"{above}/")


def is_reached(ingress: Mapping[str, Any], url: str) -> bool:
    """Return whether an Ingress routes a URL path."""
    return any(leads(path, url) for path, _ in routes(ingress))


def exposed(ingress: Mapping[str, Any]) -> list[str]:
    """Return the internal paths of which an Ingress routes all or a part."""
    below = {"pathType": "Prefix"}
    return [
        inside
        for inside in INTERNAL
        if any(is_reached(ingress, url) for url in (inside, f"{inside}/", f"{inside}/x"))
        or any(leads(below | {"path": inside}, path["path"]) for path, _ in routes(ingress))
    ]


def not_routed(ingress: Mapping[str, Any]) -> list[str]:
    """Return the paths that an Ingress declares as called only from inside the cluster."""
    annotations = ingress.get("metadata", {}).get("annotations") or {}
    return str(annotations.get(NOT_ROUTED, "")).split()
