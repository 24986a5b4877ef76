"""Reads what a service makes public from its manifests: hosts, paths, limits, its port."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from flask_chassis import ingress_paths, safe_yaml

from . import limits
from .faults import EdgeError

BASE = Path("infra/kubernetes/base")

NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
HOST = re.compile(rf"{NAME.pattern}(?:\.{NAME.pattern})*")
PATH = re.compile(r"/[A-Za-z0-9._~/-]*")

STATIC = "/static"
"""The path of files whose names have a hash of their content (`flask_chassis.web.static_files`)."""


@dataclass(frozen=True, slots=True)
class Route:
    """A public path of a service."""

    path: str
    is_exact: bool

    @property
    def locations(self) -> tuple[str, ...]:
        """The locations of nginx that match what the path of the Ingress does."""
        if self.is_exact:
            return (f"= {self.path}",)
        above = self.path.rstrip("/")
        return (f"= {above}", f"{above}/") if above else ("/",)

    @property
    def is_static(self) -> bool:
        """Whether the files of this path may be kept by the edge."""
        return self.path.rstrip("/") == STATIC and not self.is_exact


@dataclass(frozen=True, slots=True)
class Service:
    """What the edge has to know about a service."""

    name: str
    host: str
    port: int
    routes: tuple[Route, ...]
    limits: Mapping[str, str]


def read(folder: Path, stage: str) -> Service:
    """Read a service's manifests in its folder; EdgeError if they do not say what is needed.

    `stage` is the overlay that has the host.
    """
    title = f"{folder / BASE / 'ingress.yaml'}"
    ingress = _manifest(folder, BASE / "ingress.yaml")
    name = str(ingress["metadata"]["name"])
    if not NAME.fullmatch(name):
        raise EdgeError(
            f"{title}: {name!r} is not the name of a service. Use letters, digits, dashes."
        )
    return Service(
        name=name,
        host=_host(folder, ingress, stage),
        port=_port(folder),
        routes=tuple(_routes(ingress, name, title)),
        limits=limits.read(ingress["metadata"].get("annotations") or {}, title),
    )


def _routes(ingress: dict[str, Any], name: str, title: str) -> list[Route]:
    found = []
    for path, backend in ingress_paths.routes(ingress):
        if backend["name"] != name:
            raise EdgeError(
                f"{title}: {path['path']} leads to {backend['name']}, another service. Move it to "
                f"the Ingress of {backend['name']}."
            )
        if path["pathType"] not in ("Exact", "Prefix"):
            raise EdgeError(
                f"{title}: {path['path']} has the pathType {path['pathType']}, whose meaning "
                "depends on the controller. Use Exact or Prefix."
            )
        if not PATH.fullmatch(path["path"]) or "//" in path["path"]:
            raise EdgeError(
                f"{title}: {path['path']!r} is not a plain path. Use letters, digits and . _ ~ -"
            )
        found.append(Route(path["path"], path["pathType"] == "Exact"))
    for inside in ingress_paths.exposed(ingress):
        raise EdgeError(f"{title} routes {inside}, which is internal. Remove that path.")
    return found


def _host(folder: Path, ingress: dict[str, Any], stage: str) -> str:
    """Return the host that the overlay of a stage gives the Ingress."""
    overlay = Path("infra/kubernetes/overlays") / stage / "kustomization.yaml"
    host = ingress["spec"]["rules"][0].get("host", "")
    for patch in _manifest(folder, overlay).get("patches", []):
        if patch.get("target", {}).get("kind") != "Ingress":
            continue
        for operation in safe_yaml.load(patch["patch"]):
            if operation.get("path") == "/spec/rules/0/host":
                host = operation["value"]
    if not HOST.fullmatch(str(host)):
        raise EdgeError(f"{folder / overlay} gives the Ingress the host {host!r}, which is none.")
    return str(host)


def _port(folder: Path) -> int:
    """Return the port that other services call."""
    service = _manifest(folder, BASE / "service.yaml")
    for port in service["spec"]["ports"]:
        if port["name"] == "http":
            return int(port["port"])
    raise EdgeError(f"{folder / BASE / 'service.yaml'} has no port with the name http: add it.")


def _manifest(folder: Path, name: Path) -> dict[str, Any]:
    try:
        found = safe_yaml.load((folder / name).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise EdgeError(
            f"{folder / name} not found. Give the folder of a service that has manifests."
        ) from None
    except yaml.YAMLError as error:
        raise EdgeError(f"{folder / name} is not valid YAML: {error}") from None
    if not isinstance(found, dict):
        raise EdgeError(f"{folder / name} is not a manifest.")
    return found
