"""Prints what CHANGELOG.md says of a version: the text of its release."""

import re
from pathlib import Path

from invoke import Context, Exit, task

from .folders import GATE, ROOT


@task(
    help={
        "tag": "The version's tag: v1.2.0",
        "conflicts": "Also say with how many conflicts the updates of the gate ended",
    }
)
def changelog(context: Context, tag: str, conflicts: bool = False) -> None:
    """Print what CHANGELOG.md says of a version."""
    print(section((ROOT / "CHANGELOG.md").read_text("utf-8"), tag))
    if conflicts:
        print(f"\n{counted(GATE / 'conflicts.md')}")


def section(text: str, tag: str) -> str:
    """Return the part about a version, without its heading; it has to say something."""
    version = re.escape(tag.removeprefix("v"))
    found = re.search(rf"^## \[{version}\].*\n((?:(?!## ).*\n?)*)", text, re.MULTILINE)
    if not found or not found[1].strip():
        raise Exit(f"CHANGELOG.md says nothing of {tag}: give it a section of its own.", 1)
    return found[1].strip()


def with_section(text: str, tag: str, day: str) -> str:
    """Return the changelog in which all that is unreleased is the section of a version.

    A changelog that has the section, or has nothing that is unreleased, stays as it is.
    """
    version = tag.removeprefix("v")
    if re.search(rf"^## \[{re.escape(version)}\]", text, re.MULTILINE):
        return text
    found = re.search(r"^## \[Unreleased\]\n((?:(?!## ).*\n?)*)", text, re.MULTILINE)
    if not found or not found[1].strip():
        return text
    return f"{text[: found.start(1)]}\n## [{version}] - {day}\n{text[found.start(1) :]}"


def counted(table: Path) -> str:
    """Return the table that the update gate leaves."""
    if not table.is_file():
        raise Exit("The update gate has left no count of conflicts: ./invoke test --gate", 1)
    return table.read_text("utf-8").strip()
