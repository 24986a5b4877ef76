"""Reads the answers that a service was rendered with from its files, if they are certain."""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

SERVICE = "flask_chassis.service"
"""The group of entry points in which a service names its package."""

KINDS_BY_EXTRA = {"issuer": "issuer", "web": "frontend", "database": "resource"}
"""What only services of a kind need of the chassis; the first that matches decides."""

CI_SYSTEMS = {
    "teamcity": ".teamcity/pipeline",
    "github": ".github/workflows/pipeline.yaml",
    "gitlab": ".gitlab-ci.yml",
}

TEXTS = {
    "port": (".flaskenv", r"^FLASK_RUN_PORT=(\d+)$"),
    "project_name": ("README.md", r"\A# (.+)"),
    "python_version": ("infra/docker/Dockerfile", r"^ARG PYTHON_IMAGE=python:(\d+\.\d+)\b"),
    "domain": ("infra/gitops/flux/source.yaml", r"^  url: ssh://git@git\.([^/]+)/"),
    "docs_url": ("README.md", r"\]\((https?://[^)\s]+)/v\d[\w.]*/how-to/index\.html\)"),
    "database_name": ("settings.yaml", r'^    name: "?(\w+)"?\n    user: "?\1"?$'),
    "resource_plural": ("template-ownership.toml", r'^    "tests/(?!users/|pages/)(\w+)/\*\*",$'),
}
"""Files that the template renders with an answer, and what they have around it."""

SHOWN = ("settings.yaml", r"^  upstream:\n    (\w+): &\1$")
"""The same for the resource that a frontend shows: the first service that it calls keeps it."""


def guesses(service: Path) -> dict[str, str]:
    """Return the answers that can be read from the service's files."""
    found: dict[str, str] = {}
    file = service / "pyproject.toml"
    project = tomllib.loads(file.read_text("utf-8")).get("project", {}) if file.is_file() else {}
    for question, key in (("project_slug", "name"), ("description", "description")):
        if project.get(key):
            found[question] = project[key]
    found |= _choices(service, project) | _of_packaging(file, project)
    package = next(iter(project.get("entry-points", {}).get(SERVICE, {}).values()), "")
    for name, entry in project.get("scripts", {}).items():
        if name.endswith("-tasks"):
            found["organisation"] = name.removesuffix("-tasks")
            # Before the chassis was a package, the command was in the service's package.
            found["package_name"] = package or entry.partition(".")[0]
    for author in project.get("authors", [])[:1]:
        found |= {
            question: author[key]
            for question, key in (("team", "name"), ("email", "email"))
            if author.get(key)
        }
    texts = TEXTS | ({"resource_plural": SHOWN} if found.get("kind") == "frontend" else {})
    for question, (name, pattern) in texts.items():
        if match := re.search(pattern, _text(service / name), re.MULTILINE):
            found[question] = re.sub(r"\\(.)", r"\1", match[1])
    return found


def _choices(service: Path, project: Mapping[str, Any]) -> dict[str, str]:
    """Return the kind and the CI system, unless the files are ambiguous."""
    found: dict[str, str] = {}
    for dependency in project.get("dependencies", []):
        if match := re.match(r"flask-chassis\[([^]]*)\]", dependency):
            extras = {extra.strip() for extra in match[1].split(",")}
            kinds = [kind for extra, kind in KINDS_BY_EXTRA.items() if extra in extras]
            if kinds:
                found["kind"] = kinds[0]
    systems = [name for name, path in CI_SYSTEMS.items() if (service / path).exists()]
    return found | ({"ci_system": systems[0]} if len(systems) == 1 else {})


def _of_packaging(file: Path, project: Mapping[str, Any]) -> dict[str, str]:
    """Return the indexes and the registry, which pyproject.toml names."""
    tool = tomllib.loads(_text(file)).get("tool", {})
    scripts = [name.removesuffix("-tasks") for name in project.get("scripts", {})]
    found = {}
    for source in tool.get("poetry", {}).get("source", []):
        if source.get("name") in scripts:
            found["internal_index"] = str(source.get("url", ""))
        elif str(source.get("name")).removesuffix("-public") in scripts:
            found["public_index"] = str(source.get("url", ""))
    registry, slash, _ = str(tool.get("image", {}).get("name", "")).rpartition("/")
    return found | ({"image_registry": registry} if slash else {})


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8") if file.is_file() else ""
