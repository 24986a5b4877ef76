"""Reads a page of Markdown: front matter, title, summary, headings, links and code blocks."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

_FRONT_MATTER = re.compile(r"\A---\n(.*?)^---\n", re.MULTILINE | re.DOTALL)
_FIELD = re.compile(r"^(\w+): *(.+)$", re.MULTILINE)
_HTML_ANCHOR = re.compile(r'\b(?:id|name)="([^"]+)"')
_SENTENCE = re.compile(r"(.+?[.!?])(?=\s|$)", re.DOTALL)


@dataclass(frozen=True)
class Link:
    """A link or an image, and the line of its paragraph."""

    line: int
    target: str


@dataclass(frozen=True)
class Block:
    """A fenced block of code, and its first line."""

    line: int
    language: str
    text: str


@dataclass(frozen=True)
class Page:
    """A file of Markdown."""

    path: Path
    text: str

    @classmethod
    def read(cls, path: Path) -> "Page":
        """Return the page of a file."""
        return cls(path, path.read_text("utf-8"))

    @cached_property
    def front_matter(self) -> dict[str, str]:
        """The fields between the lines `---` at the top."""
        found = _FRONT_MATTER.match(self.text)
        return dict(_FIELD.findall(found[1])) if found else {}

    @cached_property
    def _tokens(self) -> list[Token]:
        # Lines are counted as in the file: the front matter is blanked, not removed.
        text = _FRONT_MATTER.sub(lambda found: "\n" * found[0].count("\n"), self.text)
        return MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text)

    def _inlines(self) -> Iterator[tuple[str, Token]]:
        """Yield each text, after the type of the token before it, such as `heading_open`."""
        for before, token in zip(self._tokens, self._tokens[1:], strict=False):
            if token.type == "inline":
                yield before.type, token

    @cached_property
    def title(self) -> str:
        """The first heading."""
        return next(
            (_plain(token) for kind, token in self._inlines() if kind == "heading_open"), ""
        )

    @cached_property
    def summary(self) -> str:
        """The first sentence of the paragraph below the title, as Markdown; empty without one."""
        kinds = [token.type for token in self._tokens]
        # heading_open, inline, heading_close, paragraph_open, inline
        if kinds[:4] != ["heading_open", "inline", "heading_close", "paragraph_open"]:
            return ""
        paragraph = " ".join(self._tokens[4].content.split())
        found = _SENTENCE.match(paragraph)
        return found[1] if found else paragraph

    @cached_property
    def anchors(self) -> frozenset[str]:
        """What a link to this page can have after the `#`."""
        seen: Counter[str] = Counter()
        found = set()
        for kind, token in self._inlines():
            if kind == "heading_open":
                slug = slug_of(_plain(token))
                found.add(f"{slug}-{seen[slug]}" if seen[slug] else slug)
                seen[slug] += 1
        return frozenset(found | {*_HTML_ANCHOR.findall(self.text)})

    @cached_property
    def links(self) -> list[Link]:
        """All links and images."""
        found = []
        for _, token in self._inlines():
            line = (token.map or [0])[0] + 1
            for child in token.children or []:
                target = child.attrGet("href") or child.attrGet("src")
                if target is not None:
                    found.append(Link(line, str(target)))
        return found

    @cached_property
    def blocks(self) -> list[Block]:
        """All fenced blocks of code."""
        return [
            Block((token.map or [0])[0] + 2, (token.info.split() or [""])[0], token.content)
            for token in self._tokens
            if token.type == "fence"
        ]

    @cached_property
    def code_spans(self) -> list[Block]:
        """All code in texts, and the line of its paragraph."""
        return [
            Block((token.map or [0])[0] + 1, "", child.content)
            for _, token in self._inlines()
            for child in token.children or []
            if child.type == "code_inline"
        ]

    @cached_property
    def paragraphs(self) -> list[tuple[int, str]]:
        """All texts but code blocks, with the line that each begins on; code in them is blanked."""
        return [
            (
                (token.map or [0])[0] + 1,
                "".join(
                    {"softbreak": "\n", "code_inline": "`…`"}.get(child.type, child.content)
                    for child in token.children or []
                ),
            )
            for _, token in self._inlines()
        ]


def _plain(token: Token) -> str:
    """Return a heading's text without its markup."""
    kinds = {"text", "code_inline"}
    return "".join(child.content for child in token.children or [] if child.type in kinds)


def slug_of(heading: str) -> str:
    """Return the anchor of a heading, as GitHub, GitLab and MyST make it."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")
