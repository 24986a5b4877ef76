"""Prints what CHANGELOG.md says of a version: the text of its release."""

import re

from invoke import Context, Exit, task

from .folders import ROOT


@task(help={"tag": "The version's tag: v1.2.0"})
def changelog(context: Context, tag: str) -> None:
    """Print what CHANGELOG.md says of a version."""
    print(section((ROOT / "CHANGELOG.md").read_text("utf-8"), tag))


def section(text: str, tag: str) -> str:
    """Return the part about a version, without its heading; it has to say something."""
    version = re.escape(tag.removeprefix("v"))
    found = re.search(rf"^## \[{version}\].*\n((?:(?!## ).*\n?)*)", text, re.MULTILINE)
    if not found or not found[1].strip():
        raise Exit(f"CHANGELOG.md says nothing of {tag}: give it a section of its own.", 1)
    return found[1].strip()
