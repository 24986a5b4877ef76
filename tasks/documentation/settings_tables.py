"""Lists settings: name, default and meaning, from the comments of the YAML that declares them."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tasks.folders import ROOT, TEMPLATE

from .tables import code, prose, table

DEFAULTS = ROOT / "chassis" / "src" / "flask_chassis" / "defaults.yaml"

KINDS = ("resource", "issuer", "frontend")

_KEY = re.compile(r"^(?P<indent> *)(?P<name>\w+): ?(?P<value>.*)$")
_COMMENT = re.compile(r"^ *# ?(?P<text>.*)$")


@dataclass(frozen=True)
class Setting:
    """A setting, as a file of YAML declares it. A part, such as `database`, has no default."""

    name: str
    default: str | None
    meaning: str


def read(path: Path, below: str = "") -> list[Setting]:
    """Return all settings of a file, in its order; or those of a section of it."""
    text = path.read_text("utf-8").partition("---\n")[2]
    if below:
        text = re.split(r"^\S", text.partition(f"{below}:\n")[2], maxsplit=1, flags=re.MULTILINE)[0]
    return list(_settings(text.splitlines()))


def _settings(lines: Iterable[str]) -> Iterator[Setting]:
    above: list[tuple[int, str]] = []
    comment: list[str] = []
    for line in lines:
        if found := _COMMENT.match(line):
            comment.append(found["text"])
        elif found := _KEY.match(line):
            indent = len(found["indent"])
            above = [(depth, name) for depth, name in above if depth < indent]
            name = ".".join([*(each for _, each in above), found["name"]])
            # An anchor (`&database`) is not a value.
            value = re.sub(r"^&\w+ ?", "", found["value"])
            if not value:
                above.append((indent, found["name"]))
            yield Setting(name, value or None, " ".join(comment))
            comment = []
        else:
            comment = []


def without_meaning(settings: Iterable[Setting]) -> list[str]:
    """Return the settings that no comment describes."""
    return [each.name for each in settings if each.default is not None and not each.meaning]


def of_the_chassis() -> str:
    """Return a table for each part of the chassis's settings."""
    return _tables(read(DEFAULTS))


def of_services() -> str:
    """Return tables of what only services declare, by kind."""
    chassis = {each.name for each in read(DEFAULTS)}
    parts = []
    for kind in KINDS:
        own = [
            each
            for each in read(TEMPLATE / "parts" / kind / "settings.yaml", "default")
            if each.name not in chassis
        ]
        if any(each.default is not None for each in own):
            parts.append(f"### Of the kind `{kind}`\n\n{_table(own)}")
    return "\n".join(parts)


def _tables(settings: Iterable[Setting]) -> str:
    parts: dict[str, list[Setting]] = {}
    for each in settings:
        parts.setdefault(each.name.partition(".")[0], []).append(each)
    written = []
    for part, found in parts.items():
        about = f"{prose(found[0].meaning)}\n\n" if found[0].meaning else ""
        written.append(f"### `{part}`\n\n{about}{_table(found)}")
    return "\n".join(written)


def _table(settings: Iterable[Setting]) -> str:
    rows = [
        (code(each.name), _default(each.default), prose(each.meaning))
        for each in settings
        if each.default is not None
    ]
    return table(("setting", "default", "meaning"), rows)


def _default(value: str) -> str:
    if value == "__required__":
        return "required"
    if "{{" in value:
        return "from the answers"
    return code(value)
