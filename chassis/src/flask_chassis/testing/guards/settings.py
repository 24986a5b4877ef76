"""Checks that settings and upstream services are declared where they are used, and the reverse."""

import ast
import re
from collections.abc import Collection, Iterable
from functools import cache
from pathlib import Path

import flask_chassis
from flask_chassis.testing.guards.service_code import Sources, nodes, sources

STAGES = ("development", "tests", "staging", "production")

FILES_WITH_VARIABLES = (
    "docker-compose*.yaml",
    "infra/docker/Dockerfile",
    "infra/kubernetes/**/*.yaml",
    "infra/kubernetes/**/*.env",
    ".teamcity/*.kts",
    ".github/workflows/*.yaml",
    ".gitlab/ci/*.yml",
    "README.md",
    ".flaskenv",
)
"""The files, as patterns below the repository, that set environment variables of the service."""


def undeclared_settings(found: Sources, declared: Collection[str]) -> list[str]:
    """Return the settings that code reads and that no settings file declares."""
    return [
        f'{place} reads settings["{key}"], which is not declared: add it to the default section of '
        "settings.yaml, or correct the key."
        for key, place in settings_read(found).items()
        if key not in declared
    ]


def unread_settings(own: Iterable[str], read: Collection[str]) -> list[str]:
    """Return the settings that the service declares and that neither it nor the chassis reads."""
    return [
        f"settings.yaml declares {key}, which nothing reads: remove it, or read it with "
        f'settings["{key}"].'
        for key in own
        # Those of an upstream service are read by the service's name.
        if key not in read and not key.startswith("upstream.")
    ]


def settings_read(found: Sources) -> dict[str, str]:
    """Return the dotted keys that code reads, as in `settings["database.host"]`, and where."""
    return {
        node.slice.value: place
        for place, node in nodes(found)
        if isinstance(node, ast.Subscript)
        and isinstance(node.slice, ast.Constant)
        and isinstance(node.slice.value, str)
        and not ast.unparse(node.value).endswith("environ")  # which has wsgi.input
        and re.fullmatch(r"[a-z_]+(\.[a-z_]+)+", node.slice.value)
    }


@cache
def settings_read_by_chassis() -> frozenset[str]:
    """Return the dotted keys that the chassis reads."""
    folder = Path(flask_chassis.__file__).parent
    return frozenset(settings_read(sources(folder, folder)))


def undeclared_upstream_services(found: Sources, declared: Collection[str]) -> list[str]:
    """Return the upstream services that code calls and that settings.yaml does not declare."""
    return [
        f'{place} calls upstream.service("{name}"), which is not declared: add upstream.{name} '
        "to the default section of settings.yaml."
        for name, place in _called(found).items()
        if name not in declared
    ]


def uncalled_upstream_services(found: Sources, declared: Iterable[str]) -> list[str]:
    """Return the upstream services that settings.yaml declares and that code does not call."""
    called = _called(found)
    return [
        f"settings.yaml declares upstream.{name}, which nothing calls: remove it. A service does "
        "not start before those that it declares."
        for name in declared
        if name not in called
    ]


def _called(found: Sources) -> dict[str, str]:
    return {
        node.args[0].value: place
        for place, node in nodes(found)
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) == "upstream.service"
        and node.args
        and isinstance(node.args[0], ast.Constant)
        and isinstance(node.args[0].value, str)
    }


def unknown_stages(environments: Iterable[str]) -> list[str]:
    """Return the environments whose stage, the part before the dot, is not a known one."""
    return [
        f"settings.yaml has a section {name}, whose stage is not one of {', '.join(STAGES)}: "
        "rename it to <stage>.<place>."
        for name in environments
        if name.partition(".")[0] not in STAGES
    ]


def unread_variables(root: Path, prefix: str, known: Collection[str]) -> list[str]:
    """Return the environment variables that files of the repository set and the service ignores."""
    # With its own prefix, which the names of other variables may end with.
    own = re.compile(rf"(?<![A-Z0-9_]){prefix}_[A-Z0-9_]+(?=\b|$)")
    faults, has_any = [], False
    for path in sorted(path for pattern in FILES_WITH_VARIABLES for path in root.glob(pattern)):
        names = set(own.findall(path.read_text(encoding="utf-8")))
        has_any = has_any or bool(names)
        faults += [
            f"{path.relative_to(root)} sets {name}, which the service does not read: correct the "
            "name, or declare the setting in settings.yaml."
            for name in sorted(names - set(known))
        ]
    if not has_any:
        faults.append(
            f"No file sets a variable that begins with {prefix}_, so there is nothing to check: "
            f"this guard reads {', '.join(FILES_WITH_VARIABLES)}."
        )
    return faults
