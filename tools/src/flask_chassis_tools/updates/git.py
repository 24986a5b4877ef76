"""Runs git independently of the user's configuration."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from . import processes
from .addresses import without_logins
from .faults import UpdateError

NEUTRAL = (
    ("commit.gpgSign", "false"),
    ("core.autocrlf", "false"),
    ("core.fsmonitor", "false"),
    ("core.hooksPath", os.devnull),
    ("core.quotePath", "false"),
    ("core.safecrlf", "false"),
    ("diff.renames", "true"),
    ("log.showSignature", "false"),
    # Files that a service added to a folder stay there if the template renames the folder.
    ("merge.directoryRenames", "false"),
    ("merge.renameLimit", "10000"),
    ("merge.renames", "true"),
    ("protocol.ext.allow", "never"),
    ("rerere.enabled", "false"),
    ("submodule.recurse", "false"),
    ("user.email", "template@localhost"),
    ("user.name", "Template"),
)

_OPTIONS = [word for key, value in NEUTRAL for word in ("-c", f"{key}={value}")]

Done = subprocess.CompletedProcess[bytes]


def tries(
    folder: Path, *words: str, given: bytes = b"", variables: Mapping[str, str] | None = None
) -> Done:
    """Run git in a folder, whether it succeeds or not.

    Variables such as GIT_DIR, which git sets in hooks, are removed: they select another repository.
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
        raise UpdateError("git not found. Updates require git.") from None


_ALWAYS = {
    # A clone can lack objects of Git LFS: the files then stay the pointers that git has.
    "GIT_LFS_SKIP_DOWNLOAD_ERRORS": "1",
    # Without optional locks, a killed command leaves no lock file.
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
    """Run git and return its output; UpdateError if it fails."""
    done = tries(folder, *words, given=given, variables=variables)
    if done.returncode:
        said = (done.stderr or done.stdout).decode(errors="replace").strip()
        message = f"git {' '.join(words)} failed in {folder}: {said}"
        raise UpdateError(without_logins(message, *words))
    return done.stdout.decode(errors="surrogateescape").strip("\n")


def names(folder: Path, *words: str, variables: Mapping[str, str] | None = None) -> list[str]:
    """Run a git command that prints NUL-terminated names, and return the names."""
    return [name for name in ask(folder, *words, variables=variables).split("\0") if name]


def blob(folder: Path, name: str) -> bytes | None:
    """Return a file in git, named like `HEAD:pyproject.toml`; None if it does not exist."""
    done = tries(folder, "cat-file", "blob", name)
    return None if done.returncode else done.stdout
