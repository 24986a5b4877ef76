"""Puts the ratios into the README: it shows what was measured last, and nothing that was typed."""

from collections.abc import Sequence

from tasks.folders import ROOT

README = ROOT / "README.md"
BEGIN, END = "<!-- ratios: ./invoke bench writes them -->", "<!-- /ratios -->"


def update(lines: Sequence[str]) -> None:
    """Put lines between the marks."""
    README.write_text(with_ratios(README.read_text("utf-8"), lines), "utf-8")


def with_ratios(text: str, lines: Sequence[str]) -> str:
    """Return a text with lines between its marks, in the place of what is there."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{README.name} lacks {BEGIN} or {END}")
    return "\n".join([before + begin, "", *lines, "", end + after])


def between_marks(text: str) -> str:
    """Return what is between the marks."""
    return text.partition(BEGIN)[2].partition(END)[0].strip()
