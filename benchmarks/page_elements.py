"""What a page consists of, however it is laid out: its elements, their attributes, its texts."""

import re
from html.parser import HTMLParser
from urllib.parse import urljoin

LINKS = {"href", "src", "action"}

VERSION = re.compile(r"\.[0-9a-f]{12}(?=\.\w+$)|\?v=[\w.]+$")
"""What tells a browser that a static file has changed: in its name, or behind it."""


class _Reader(HTMLParser):
    def __init__(self, address: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self._address = address

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        shown = sorted(f' {name}="{self._plain(name, value)}"' for name, value in attrs)
        self.found.append(f"<{tag}{''.join(shown)}>")

    def handle_endtag(self, tag: str) -> None:
        self.found.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        if text := " ".join(data.split()):
            self.found.append(text)

    def _plain(self, name: str, value: str | None) -> str:
        text = value or ""
        return self._link(text) if name in LINKS else text

    def _link(self, link: str) -> str:
        found = VERSION.sub("", link) if "/static/" in link else link
        return urljoin(self._address, found).removeprefix(self._address)


def elements(page: str, address: str) -> list[str]:
    """Return the elements and texts of a page in their order, links as paths of its own site."""
    reader = _Reader(address)
    reader.feed(page)
    reader.close()
    return reader.found
