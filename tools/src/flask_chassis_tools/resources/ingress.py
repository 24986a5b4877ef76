"""Edits the ingress: the paths that are reached from outside the cluster."""

from typing import Any

import yaml
from flask_chassis import ingress_paths, safe_yaml

NAME = "infra/kubernetes/base/ingress.yaml"


def with_path(text: str, path: str) -> str | None:
    """Return the ingress with a path, unless one of its paths leads there already.

    None if its paths are not found in the text.
    """
    try:
        found = safe_yaml.load(text)
        if ingress_paths.is_reached(found, f"{path}/"):
            return text
        [rule] = found["spec"]["rules"]
        backend = rule["http"]["paths"][0]["backend"]
    except (KeyError, IndexError, TypeError, ValueError, yaml.YAMLError):
        return None
    lines = text.splitlines()
    places = [number for number, line in enumerate(lines) if line.strip() == "paths:"]
    if len(places) != 1:
        return None
    [place] = places
    following = lines[place + 1]
    indentation = following[: len(following) - len(following.lstrip())]
    entry: list[dict[str, Any]] = [{"path": path, "pathType": "Prefix", "backend": backend}]
    written = yaml.safe_dump(entry, sort_keys=False, default_flow_style=False)
    added = [indentation + line for line in written.splitlines()]
    return "\n".join([*lines[: place + 1], *added, *lines[place + 1 :], ""])


def without_path(text: str, path: str) -> str:
    """Return the ingress without the path that is exactly this one, if it has it."""
    lines = text.splitlines()
    for number, line in enumerate(lines):
        if line.strip() == f"- path: {path}":
            depth = len(line) - len(line.lstrip())
            end = number + 1
            while end < len(lines) and len(lines[end]) - len(lines[end].lstrip()) > depth:
                end += 1
            return "\n".join([*lines[:number], *lines[end:], ""])
    return text
