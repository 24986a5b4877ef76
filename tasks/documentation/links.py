"""Finds dead links: to files that are not there, and to headings that a page does not have."""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from urllib.parse import unquote

from .markdown import Page

_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:|//", re.IGNORECASE)


def dead(pages: Iterable[Path], root: Path) -> list[str]:
    """Return a sentence for each link of the pages that leads to nothing in the folder `root`."""
    return [fault for page in pages for fault in _dead_of(page.resolve(), root.resolve())]


def _dead_of(path: Path, root: Path) -> Iterator[str]:
    for link in _page(path).links:
        if _SCHEME.match(link.target):
            continue
        name, _, anchor = unquote(link.target).partition("#")
        # Without a name, it is a heading of the page itself.
        found = (path.parent / name).resolve() if name else path
        where = f"{path.relative_to(root)}:{link.line}: {link.target}"
        if not found.is_relative_to(root) or not found.exists():
            yield f"{where}: no such file. Correct the path, which is relative to the page."
        elif anchor and anchor not in _anchors(found):
            known = ", ".join(sorted(_anchors(found))) or "none"
            yield f"{where}: the page has no such heading. Name one of: {known}."


@cache
def _page(path: Path) -> Page:
    return Page.read(path)


def _anchors(path: Path) -> frozenset[str]:
    return _page(path).anchors if path.suffix == ".md" else frozenset()
