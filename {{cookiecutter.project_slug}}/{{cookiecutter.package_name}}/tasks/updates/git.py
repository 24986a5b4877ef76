"""Calls git, so that nobody's configuration changes what comes out."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from . import processes
from .faults import UpdateError

NEUTRAL = (
    ("commit.gpgSign", "false"),
    ("core.autocrlf", "false"),
    ("core.hooksPath", os.devnull),
    ("core.quotePath", "false"),
    ("core.safecrlf", "false"),
    ("diff.renames", "true"),
    # What a service added to a folder that the template renames stays where it is.
    ("merge.directoryRenames", "false"),
    ("merge.renameLimit", "10000"),
    ("merge.renames", "true"),
    ("rerere.enabled", "false"),
    ("user.email", "template@localhost"),
    ("user.name", "Template"),
)

_OPTIONS = [word for key, value in NEUTRAL for word in ("-c", f"{key}={value}")]

Done = subprocess.CompletedProcess[bytes]


def tries(
    folder: Path, *words: str, given: bytes = b"", variables: Mapping[str, str] | None = None
) -> Done:
    """Run git in a folder, whether it succeeds or not.

    Variables such as GIT_DIR, which a hook of git sets, would lead it elsewhere.
    """
    outside = {key: value for key, value in os.environ.items() if key not in _LEADING_ELSEWHERE}
    try:
        return processes.run(
            ["git", *_OPTIONS, *words],
            given=given,
            cwd=folder,
            env=outside | _ALWAYS | dict(variables or {}),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
    except FileNotFoundError:
        raise UpdateError("Updates need git, which is not installed here.") from None


_ALWAYS = {
    # A look at files leaves no lock behind when it is killed.
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C.UTF-8",
}

_LEADING_ELSEWHERE = frozenset(
    {
        "GIT_ALTERNATE_OBJECT_DIRECTORIES",
        "GIT_COMMON_DIR",
        "GIT_DIR",
        "GIT_INDEX_FILE",
        "GIT_OBJECT_DIRECTORY",
        "GIT_PREFIX",
        "GIT_WORK_TREE",
    }
)


def ask(
    folder: Path, *words: str, given: bytes = b"", variables: Mapping[str, str] | None = None
) -> str:
    """Run git, which has to succeed, and return what it prints."""
    done = tries(folder, *words, given=given, variables=variables)
    if done.returncode:
        said = (done.stderr or done.stdout).decode(errors="replace").strip()
        raise UpdateError(f"git {' '.join(words)} failed in {folder}: {said}")
    return done.stdout.decode(errors="surrogateescape").strip("\n")


def names(folder: Path, *words: str, variables: Mapping[str, str] | None = None) -> list[str]:
    """Run a command of git that prints names with a NUL after each."""
    return [name for name in ask(folder, *words, variables=variables).split("\0") if name]


def blob(folder: Path, name: str) -> bytes | None:
    """Return a file as git has it, named as in `HEAD:pyproject.toml`; None where it has none."""
    done = tries(folder, "cat-file", "blob", name)
    return None if done.returncode else done.stdout
