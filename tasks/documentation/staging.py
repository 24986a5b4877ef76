"""Writes the pages of the site: those of docs/, with what is written from the code.

A line `<!-- generated: NAME -->` of a page stands for what a generator writes. Links to files
outside docs/ lead to the page of the site that is made of the file; without one, to the repository.
"""

import json
import os
import re
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath

from tasks.folders import ROOT

from . import api_pages, decisions, how_to, logs, metrics, navigation, ports, questions
from . import settings_tables as settings
from . import task_lists as tasks

DOCS = ROOT / "docs"

ALSO = {
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
    "CODE_OF_CONDUCT.md": "code-of-conduct.md",
    "chassis/README.md": "reference/chassis.md",
    "tools/README.md": "reference/tools.md",
    "benchmarks/README.md": "reference/benchmarks.md",
}
"""Files outside docs/ that are pages of the site, and where."""

GENERATORS: Mapping[str, Callable[[], str]] = {
    "chassis-settings": settings.of_the_chassis,
    "service-settings": settings.of_services,
    "service-tasks": tasks.of_services,
    "repository-tasks": tasks.of_this_repository,
    "metrics": metrics.table,
    "log-fields": logs.table,
    "ports": ports.table,
    "questions": questions.table,
    "decisions": decisions.table,
    "how-to": how_to.lists,
    "api": api_pages.table,
}

MARK = re.compile(r"^<!-- generated: ([\w-]+) -->$", re.MULTILINE)

_LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s]+)\)")
_FENCE = re.compile(r"^(```+|~~~+)", re.MULTILINE)
_EXTERNAL = re.compile(r"[a-z]+:|#|//", re.IGNORECASE)


class UnknownGeneratorError(Exception):
    """A page wants what no generator writes."""


def write(folder: Path, python: Path) -> None:
    """Write all pages into a folder; `python` is that of the environment that builds the site."""
    shutil.rmtree(folder, ignore_errors=True)
    for source, place in pages().items():
        text = generated(ROOT / source)
        target = folder / place
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(with_links(text, source, place), "utf-8")
    for image in DOCS.rglob("*.svg"):
        target = folder / image.relative_to(DOCS)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(image, target)
    api_pages.write(folder / "reference" / "api", python)
    navigation.write(folder)


def pages() -> dict[str, str]:
    """Return the place on the site of each file of the repository that is a page."""
    own = [path for path in sorted(DOCS.rglob("*.md")) if "site" not in path.parts]
    return {
        **{str(path.relative_to(ROOT)): str(path.relative_to(DOCS)) for path in own},
        **ALSO,
    }


def generated(path: Path) -> str:
    """Return the text of a page, with what its generators write."""

    def write(found: re.Match[str]) -> str:
        if found[1] not in GENERATORS:
            raise UnknownGeneratorError(
                f"{path}: there is no generator {found[1]}; there are {', '.join(GENERATORS)}."
            )
        return GENERATORS[found[1]]().rstrip()

    return MARK.sub(write, path.read_text("utf-8"))


def with_links(text: str, source: str, place: str) -> str:
    """Return a page whose links to files lead to where these are on the site."""
    known = pages()
    lines: list[str] = []
    fence = ""
    for line in text.splitlines(keepends=True):
        mark = _FENCE.match(line)
        if mark and not fence:
            fence = mark[1]
        elif mark and line.strip() == fence:
            fence = ""
        elif not fence:
            line = _LINK.sub(lambda found: _moved(found, source, place, known), line)
        lines.append(line)
    return "".join(lines)


def _moved(found: re.Match[str], source: str, place: str, known: Mapping[str, str]) -> str:
    is_image, label, target = found.groups()
    if _EXTERNAL.match(target):
        return found[0]
    name, mark, anchor = target.partition("#")
    path = os.path.normpath(PurePosixPath(source).parent / name)
    if path in known:
        there = os.path.relpath(known[path], PurePosixPath(place).parent)
        return f"{is_image}[{label}]({there}{mark}{anchor})"
    if path.startswith("docs/") and not (ROOT / path).is_dir():
        return found[0]  # a picture, or an error that Sphinx reports
    if (ROOT / path / "index.md").is_file():
        there = os.path.relpath(known[f"{path}/index.md"], PurePosixPath(place).parent)
        return f"[{label}]({there})"
    address = repository()
    if not address:
        return label if label.startswith("`") or is_image else f"{label} (`{path}`)"
    return f"[{label}]({address}/blob/HEAD/{path})"


def repository() -> str:
    """Return the address of the repository, which a company sets for its copy; or nothing."""
    answers = json.loads((ROOT / "cookiecutter.json").read_text("utf-8"))
    return str(answers["__template_address"]).removeprefix("git+").removesuffix(".git")
