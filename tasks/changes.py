"""Finds out which tiers of the tests a change needs: a text breaks nothing that is built."""

import json
import os
import subprocess
from pathlib import Path, PurePosixPath

from invoke import Context, Exit, task

from .folders import ROOT
from .test import TIERS

TEXTS = ("*.md", "LICENSE", "docs/*", "docs/**/*")
"""Files of this repository that no service is made of."""

RECIPES = "docs/how-to/"
"""Pages whose code the tier full runs in a service."""

TESTS_OF_PACKAGES = ("chassis/tests/", "tools/tests/")
"""Which no service has either; the quick tier lints them."""


@task(
    help={
        "since": "Where the change begins, as a branch or a commit",
        "tier": "Only say whether this one is needed",
    }
)
def changes(context: Context, since: str = "origin/main", tier: str = "") -> None:
    """List the tiers of the tests that what has changed here needs; on main itself, all of them."""
    if tier and tier not in TIERS:
        raise Exit(f"There is no tier {tier}; there are {', '.join(TIERS)}.", 2)
    needed = tiers_for(changed_files(since))
    if tier:
        _report("needed", "true" if tier in needed else "false")
    else:
        _report("tiers", json.dumps(needed))


def changed_files(since: str, folder: Path = ROOT) -> list[str] | None:
    """Return the files changed on this branch, or None if its start is unknown."""
    begun = _git(folder, "merge-base", since, "HEAD")
    if begun is None or begun == _git(folder, "rev-parse", "HEAD"):
        return None
    listed = _git(folder, "diff", "--name-only", "--no-renames", "-z", begun, "HEAD")
    return None if listed is None else listed.strip("\0").split("\0")


def tiers_for(files: list[str] | None) -> list[str]:
    """Return the tiers that a change of files needs; of None, all."""
    left = [name for name in files if not _is_text(name)] if files is not None else None
    if left == []:
        has_recipes = any(name.startswith(RECIPES) for name in files or ())
        return ["quick", "full"] if has_recipes else ["quick"]
    if left and all(name.startswith(TESTS_OF_PACKAGES) for name in left):
        return ["quick", "packages"]
    return list(TIERS)


def _is_text(name: str) -> bool:
    path = PurePosixPath(name)
    if path.parts[0].startswith(("{{", "templates", "tests", "chassis", "tools")):
        return False  # a service is made of it, or it is asked for
    return any(path.match(pattern) for pattern in TEXTS)


def _git(folder: Path, *words: str) -> str | None:
    done = subprocess.run(["git", *words], cwd=folder, capture_output=True, text=True)
    return done.stdout.strip("\n") if done.returncode == 0 else None


def _report(name: str, value: str) -> None:
    """Print a result, and hand it on to the CI system where one runs this."""
    print(f"{name}: {value}")
    if "TEAMCITY_VERSION" in os.environ:
        escaped = value.replace("|", "||").replace("[", "|[").replace("]", "|]")
        print(f"##teamcity[setParameter name='{name}' value='{escaped}']")
    if outputs := os.environ.get("GITHUB_OUTPUT"):
        with Path(outputs).open("a", encoding="utf-8") as file:
            file.write(f"{name}={value}\n")
