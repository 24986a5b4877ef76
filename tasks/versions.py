"""The one version of template, chassis and tools, wherever it is written."""

import re
from collections.abc import Iterator
from pathlib import Path

from .folders import ROOT

VERSION = r"[0-9]+(?:\.[0-9]+)*(?:-?[a-z]+\.?[0-9]*)?"

PRE_RELEASE = re.compile(r"-?(a|b|rc)\.?([0-9]+)$")

LOCKS = "{{cookiecutter.project_slug}}/parts/*/poetry.lock"

PLACES = {
    "pyproject.toml": (r'^version = "(@)"$',),
    "chassis/pyproject.toml": (r'^version = "(@)"$',),
    "tools/pyproject.toml": (r'^version = "(@)"$', r'^    "flask-chassis==(@)",$'),
    "templates/pyproject.toml": (
        r'^    "flask-chassis{% block extras %}[^%]*{% endblock %}~=(@)",$',
        r'^    "flask-chassis-tools~=(@)",$',
        r'"vendor/flask_chassis-(@)-py3-none-any\.whl"',
        r'"vendor/flask_chassis_tools-(@)-py3-none-any\.whl"',
    ),
    "templates/README.md": (r"/v(@)/[\w-]+/[\w-]+\.html",),
    LOCKS: (
        r'^name = "flask-chassis"\nversion = "(@)"$',
        r'^name = "flask-chassis-tools"\nversion = "(@)"$',
        r'^flask-chassis = "(@)"$',
        r'"(?:vendor/)?flask_chassis-(@)-py3-none-any\.whl"',
        r'"(?:vendor/)?flask_chassis_tools-(@)-py3-none-any\.whl"',
    ),
}
"""What stands around the version in which files; `@` is the version."""


def faults(version: str, root: Path = ROOT) -> Iterator[str]:
    """Yield the files with another version, and those that have lost theirs."""
    if PRE_RELEASE.sub("", version).strip("0123456789."):
        yield f"{version} is not a version of a Python package, such as 1.2.0 or 1.2.0-rc.1"
    found: dict[str, None] = {}
    for file, expression, written in _places(version, root):
        name = file.relative_to(root).as_posix()
        there = {match[1] for match in expression.finditer(file.read_text("utf-8"))}
        if not there:
            found[f"{name} has lost its version: {expression.pattern}"] = None
        for other in sorted(there - {written}):
            found[f"{name} has the version {other}"] = None
    yield from found


def write(version: str, root: Path = ROOT) -> None:
    """Write the version everywhere; the wheels have to be built again."""
    for file, expression, written in _places(version, root):
        file.write_text(_with(file.read_text("utf-8"), expression, written), "utf-8")


def of_package(version: str) -> str:
    """Return a version in the form that a package's files have in their names: 1.2.0rc1."""
    return PRE_RELEASE.sub(r"\1\2", version)


def compatible(version: str) -> str:
    """Return what `~=` takes all later minor versions by: 1.2 for 1.2.3, 1.2rc1 for 1.2.0-rc.1."""
    numbers = PRE_RELEASE.sub("", version).split(".")
    pre_release = of_package(version).removeprefix(".".join(numbers))
    return ".".join([*numbers, "0"][:2]) + pre_release


def _places(version: str, root: Path) -> Iterator[tuple[Path, re.Pattern[str], str]]:
    """Yield files, what finds the version in each, and how it is written there."""
    for pattern, expressions in PLACES.items():
        for file in sorted(root.glob(pattern)):
            for text in expressions:
                is_of_package = "whl" in text or (pattern == LOCKS and "name" in text)
                expression = re.compile(text.replace("@", VERSION), re.MULTILINE)
                written = of_package(version) if is_of_package else version
                yield file, expression, compatible(version) if "~=" in text else written


def _with(text: str, expression: re.Pattern[str], version: str) -> str:
    """Replace what the group of an expression matches."""

    def replaced(match: re.Match[str]) -> str:
        start, end = (place - match.start() for place in match.span(1))
        return f"{match[0][:start]}{version}{match[0][end:]}"

    return expression.sub(replaced, text)
