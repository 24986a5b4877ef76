"""Reads the recipes of docs/how-to, and follows them in a checkout.

A recipe is a page whose front matter says `recipe: true`. Each of its blocks of code is one of:

- a file, after a line with its path: `thoughts_backend/mail.py`:
- `diff`: a change of files, which `git apply` makes
- `shell`: commands

so that nothing in it is untested. `builds_on` in the front matter names a recipe that comes first.
"""

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tasks.folders import ROOT

HOW_TO = ROOT / "docs" / "how-to"

GROUPS = ("Domain", "Data", "Services", "Security", "Operations", "Template")

FRONT_MATTER = re.compile(r"\A---\n(.*?)^---\n", re.MULTILINE | re.DOTALL)
BLOCK = re.compile(r"^(?:`([^`\n]+)`:\n\n)?```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)

MERGED_AS_DATA = ("settings.yaml", "infra/flows.yaml")
"""Files in which several recipes add to one place: a section, a list."""


@dataclass(frozen=True)
class Block:
    """A block of code: a file if it has a path, otherwise a change or commands."""

    path: str
    language: str
    text: str


@dataclass(frozen=True)
class Recipe:
    """A page that a reader follows."""

    name: str
    text: str
    matter: dict[str, Any] = field(hash=False)

    @property
    def blocks(self) -> list[Block]:
        """The blocks of code, in their order."""
        return [Block(path or "", *rest) for path, *rest in BLOCK.findall(self.text)]

    @property
    def files(self) -> dict[str, str]:
        """The files that a reader writes, by their paths."""
        return {block.path: block.text for block in self.blocks if block.path}

    @property
    def diffs(self) -> list[str]:
        """The changes that a reader makes."""
        return [block.text for block in self.blocks if block.language == "diff"]

    @property
    def scripts(self) -> list[str]:
        """The commands that a reader runs, a text for each block."""
        return [block.text for block in self.blocks if block.language == "shell" and not block.path]

    @property
    def changed(self) -> set[str]:
        """The files that exist before, and that the recipe changes."""
        return {
            path
            for diff in self.diffs
            for path in re.findall(r"^\+\+\+ b/(.+)$", diff, re.MULTILINE)
        }

    @property
    def before(self) -> "Recipe | None":
        """The recipe that has to be followed before this one."""
        name = self.matter.get("builds_on")
        return read(HOW_TO / f"{name}.md") if name else None


def read(page: Path) -> Recipe:
    """Read a page; `matter` is empty if it has no front matter."""
    text = page.read_text("utf-8")
    found = FRONT_MATTER.match(text)
    return Recipe(page.stem, text, yaml.safe_load(found[1]) if found else {})


def recipes() -> list[Recipe]:
    """Return all recipes, each after the one that it builds on."""
    found = [read(page) for page in sorted(HOW_TO.glob("*.md"))]
    found = [recipe for recipe in found if recipe.matter.get("recipe")]
    return sorted(found, key=lambda recipe: recipe.before is not None)


RECIPES = recipes()
OF_THE_TEMPLATE = [recipe for recipe in RECIPES if recipe.matter["group"] == "Template"]
OF_SERVICES = [recipe for recipe in RECIPES if recipe not in OF_THE_TEMPLATE]


def write(recipe: Recipe, folder: Path) -> None:
    """Write the files of a recipe, and apply its changes, as its reader does.

    Raises ValueError if a change does not fit, or a file is there already.
    """
    for path, text in recipe.files.items():
        if (folder / path).exists():
            raise ValueError(
                f"{recipe.name} writes {path}, which exists: show the change as a diff."
            )
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, "utf-8")
    for diff in recipe.diffs:
        done = subprocess.run(
            ["git", "apply", "-"],
            cwd=folder,
            # Below another repository, git would take the paths to be that one's.
            env=os.environ | {"GIT_CEILING_DIRECTORIES": str(folder.parent)},
            input=diff,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise ValueError(
                f"A diff of docs/how-to/{recipe.name}.md does not fit what is rendered: "
                f"{done.stderr.strip()}. Make the change there, and copy `git diff`."
            )


def alone(recipe: Recipe, pristine: Path, folder: Path) -> tuple[Path, Path]:
    """Return a copy of a service before a recipe, and one after it, below a folder."""
    before, after = folder / "before", folder / "after"
    for copy in (before, after):
        shutil.copytree(
            pristine, copy, ignore=shutil.ignore_patterns(".venv", ".git", ".mypy_cache")
        )
        if recipe.before:
            write(recipe.before, copy)
    write(recipe, after)
    return before, after


def add(recipe: Recipe, pristine: Path, service: Path, folder: Path) -> None:
    """Follow a recipe in a service in which others have been followed.

    Of lines that two recipes add in one place, both stay. YAML is merged by its names.
    """
    before, after = alone(recipe, pristine, folder)
    for path in recipe.files:
        target = service / path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(after / path, target)
    for path in recipe.changed - recipe.files.keys():
        if path in MERGED_AS_DATA:
            old, new, present = (
                yaml.safe_load((folder / path).read_text("utf-8"))
                for folder in (before, after, service)
            )
            text = yaml.safe_dump(merged(old, new, present), sort_keys=False)
            (service / path).write_text(text, "utf-8")
            continue
        versions = (service / path, before / path, after / path)
        subprocess.run(["git", "merge-file", "--union", *versions], check=True)


def merged(old: Any, new: Any, present: Any) -> Any:
    """Return what is present, with what is in `new` and not in `old`."""
    if new == old:
        return present
    if isinstance(new, dict) and isinstance(present, dict):
        before = old if isinstance(old, dict) else {}
        names = [*present, *(name for name in new if name not in present)]
        return {
            name: merged(before.get(name), new.get(name, before.get(name)), present.get(name))
            for name in names
        }
    if isinstance(new, list) and isinstance(present, list):
        return [*present, *(each for each in new if each not in present)]
    return new


def commands(script: str) -> Iterator[list[str]]:
    """Yield the words of each command of a script: without comments, pipes and redirections."""
    for line in script.replace("\\\n", " ").splitlines():
        lexer = shlex.shlex(line, posix=True, punctuation_chars="|&;<>")
        lexer.whitespace_split = True
        words: list[str] = []
        skips = False
        for word in [*lexer, ";"]:
            if set(word) <= set("|&;"):
                if words:
                    yield words
                words = []
            elif set(word) <= set("<>"):
                skips = True
            elif skips:
                skips = False
            elif words or not re.fullmatch(r"\w+=.*", word, re.DOTALL):
                words.append(word)


def programs(recipe: Recipe, program: str) -> list[list[str]]:
    """Return the arguments of each call of a program in a recipe."""
    return [
        words[1:] for script in recipe.scripts for words in commands(script) if words[0] == program
    ]


def added_packages(recipe: Recipe) -> set[str]:
    """Return the packages that a reader adds with `poetry add`, without their extras."""
    return {
        re.split(r"[\[<>=]", word)[0].lower()
        for words in programs(recipe, "poetry")
        for word in words[1:]
        if not word.startswith("-")
    }
