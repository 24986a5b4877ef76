"""Draws the ratios as bars, in an SVG that reads on a light and on a dark page."""

from collections.abc import Mapping, Sequence
from html import escape

WIDTH, LABEL, BAR, GAP, TOP = 760, 230, 16, 22, 58
COLOURS = {"list": "#3b7dd8", "own list": "#2a9d6f", "insert": "#d9822b", "page": "#8a63d2"}

STYLE = """<style>
text { fill: #24292f }
@media (prefers-color-scheme: dark) { text { fill: #d0d7de } }
</style>"""

Ratios = Mapping[str, Mapping[str, float]]
"""By server and by work."""


def draw(title: str, titles: Mapping[str, str], ratios: Ratios) -> str:
    """Return the chart: a group of bars for each server, as long as the ratio is large."""
    height = TOP + sum(len(each) * BAR + GAP for each in ratios.values()) + 30
    largest = max(value for each in ratios.values() for value in each.values())
    room = WIDTH - LABEL - 70
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img"',
        f'  aria-label="{escape(title, quote=True)}" font-family="sans-serif" font-size="13">',
        STYLE,
        f'<text x="10" y="22" font-size="15">{escape(title)}</text>',
    ]
    equal = LABEL + room / max(largest, 1.0)
    lines.append(
        f'<text x="{equal:.0f}" y="{TOP - 20}" text-anchor="middle" font-size="11">equal</text>'
    )
    y = TOP
    for server, values in ratios.items():
        # Between the groups alone, where no figures are.
        lines.append(
            f'<line x1="{equal:.0f}" x2="{equal:.0f}" y1="{y - 16}" y2="{y - 4}" stroke="#8c959f"/>'
        )
        middle = y + len(values) * BAR / 2 + 4
        name = escape(titles[server])
        lines.append(f'<text x="{LABEL - 10}" y="{middle:.0f}" text-anchor="end">{name}</text>')
        for work, value in values.items():
            length = max(1.0, value / max(largest, 1.0) * room)
            lines += _bar(y, length, COLOURS[work], value)
            y += BAR
        y += GAP
    return "\n".join([*lines, *_legend(list(COLOURS), y), "</svg>", ""])


def _bar(y: int, length: float, colour: str, value: float) -> list[str]:
    return [
        f'<rect x="{LABEL}" y="{y + 2}" width="{length:.0f}" height="{BAR - 4}" fill="{colour}"/>',
        f'<text x="{LABEL + length + 6:.0f}" y="{y + 13}" font-size="11">{value:.2f}</text>',
    ]


def _legend(works: Sequence[str], y: int) -> list[str]:
    lines = []
    for number, work in enumerate(works):
        x = LABEL + number * 110
        lines.append(f'<rect x="{x}" y="{y}" width="12" height="12" fill="{COLOURS[work]}"/>')
        lines.append(f'<text x="{x + 18}" y="{y + 11}">{work}</text>')
    return lines
