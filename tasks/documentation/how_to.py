"""Lists the pages of docs/how-to by group. A page names its group in its front matter.

---
group: Data
---
# Cache what changes rarely

Keep responses of another service for some seconds.
"""

from pathlib import Path

from tasks.folders import ROOT

from .markdown import Page

FOLDER = ROOT / "docs" / "how-to"

GROUPS = ("Domain", "Data", "Services", "Security", "Operations", "Template")

OTHER = "More"
"""The group of a page that names none."""


def pages(folder: Path = FOLDER) -> list[Page]:
    """Return the pages, by group and title."""
    found = [Page.read(path) for path in folder.glob("*.md") if path.stem != "index"]
    return sorted(found, key=lambda page: (_order(page), page.title.lower()))


def in_order() -> list[Path]:
    """Return the files of the pages, by group and title."""
    return [page.path for page in pages()]


def group_of(page: Page) -> str:
    """Return the group of a page."""
    return page.front_matter.get("group", OTHER)


def _order(page: Page) -> int:
    group = group_of(page)
    return GROUPS.index(group) if group in GROUPS else len(GROUPS)


def faults(folder: Path = FOLDER) -> list[str]:
    """Return what a page lacks to be listed."""
    found = []
    for page in pages(folder):
        group = group_of(page)
        if group not in {*GROUPS, OTHER}:
            found.append(
                f"{page.path.name}: there is no group {group}. Name one of: {', '.join(GROUPS)}."
            )
        if not page.summary:
            found.append(
                f"{page.path.name}: begin with `# Title` and a paragraph, whose first sentence "
                "says in the index what the page is for."
            )
    return found


def lists() -> str:
    """Return all pages with their summaries, below a heading for each group."""
    lines: list[str] = []
    heading = ""
    for page in pages():
        if (group := group_of(page)) != heading:
            heading = group
            lines += ["", f"## {heading}", ""]
        lines.append(f"- [{page.title}]({page.path.name}): {page.summary}")
    return "\n".join(lines)
