"""Writes what is in the sidebar of the site: each index page gets a list of its pages."""

from collections.abc import Iterable
from pathlib import Path

from . import how_to
from .markdown import Page

TOP = (
    "tutorial/index",
    "how-to/index",
    "reference/index",
    "explanation/index",
    "decisions/index",
    "changelog",
    "contributing",
    "security",
    "code-of-conduct",
)

FIRST = {
    "reference": ("settings", "tasks", "questions", "ports", "metrics", "logs"),
    "explanation": ("architecture", "request", "threat-model"),
}
"""Pages that come before those that are sorted by title."""


def write(folder: Path) -> None:
    """Add the lists to the pages in a folder."""
    _add(folder / "index.md", TOP)
    for part in ("tutorial", "reference", "explanation"):
        first = FIRST.get(part, ())
        others = sorted(
            (page for page in (folder / part).glob("*.md") if page.stem not in {"index", *first}),
            key=lambda path: Page.read(path).title.lower(),
        )
        _add(folder / part / "index.md", [*first, *(page.stem for page in others)])
    _add(folder / "how-to" / "index.md", [path.stem for path in how_to.in_order()])
    decisions = sorted((folder / "decisions").glob("[0-9]*.md"))
    _add(folder / "decisions" / "index.md", [path.stem for path in decisions])
    api = sorted((folder / "reference" / "api").glob("*.md"))
    _add(folder / "reference" / "api.md", [f"api/{path.stem}" for path in api])


def _add(page: Path, names: Iterable[str]) -> None:
    listed = "\n".join(names)
    text = page.read_text("utf-8").rstrip()
    page.write_text(f"{text}\n\n```{{toctree}}\n:hidden:\n\n{listed}\n```\n", "utf-8")
