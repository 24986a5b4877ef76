"""Keeps what a service contains from running with the rights of a fleet's updates.

The owners of one service write its files, its `.cruft.json`, and possibly the configuration of the
clone. docs/explanation/trust.md says whom an update trusts with what.
"""

import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from . import checksums, git, lock_file, ownership, record
from .faults import UpdateError
from .scratch import SYMLINK, Scratch

WRITTEN = (record.FILE, lock_file.FILE, ownership.FILE, checksums.FILE, "pyproject.toml")
"""Files that an update reads and writes by their names."""

_RUNS_A_PROGRAM = re.compile(
    r"core\.(alternaterefscommand|askpass|editor|gitproxy|pager|sshcommand|worktree)"
    r"|credential\.(.+\.)?helper"
    r"|diff\.external|diff\..+\.(command|textconv)|merge\..+\.driver"
    r"|filter\..+"
    r"|gpg\.(.+\.)?program"
    r"|protocol\..+"
    r"|remote\..+\.(receivepack|uploadpack|vcs)"
    r"|url\..+"
)
"""Keys of a clone's configuration that make git run programs, or read elsewhere.

Hooks and the file-system monitor are missing here: they are off in each call (`git.NEUTRAL`).
"""

_KEPT = frozenset(
    {
        *("ALL_PROXY", "CI", "CURL_CA_BUNDLE", "HOME", "HTTPS_PROXY", "HTTP_PROXY", "LANG"),
        *("LANGUAGE", "LOGNAME", "NO_COMPILE", "NO_PROXY", "PATH", "REQUESTS_CA_BUNDLE", "SHELL"),
        *("SSL_CERT_DIR", "SSL_CERT_FILE", "TERM", "TMPDIR", "TZ", "USER", "XDG_CACHE_HOME"),
    }
)
_KEPT_PREFIXES = ("LC_", "PIP_", "POETRY_", "PYTHON", "UV_")
"""Programs need these, and installers read what they may from the package index with them."""

_TO_PUBLISH = ("POETRY_PYPI_TOKEN_", "UV_PUBLISH_")


def environment(of: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment for programs that run a service's code: without credentials."""
    return {
        name: value
        for name, value in (os.environ if of is None else of).items()
        if (name.upper() in _KEPT or name.startswith(_KEPT_PREFIXES))
        and not name.startswith(_TO_PUBLISH)
    }


def require_plain_clone(service: Path) -> None:
    """Raise UpdateError if the configuration in a clone, which git obeys, names programs."""
    words = ("config", "--show-scope", "--list", "--includes", "-z")
    fields = git.ask(service, *words).split("\0")
    own = (
        entry.partition("\n")[0]
        for scope, entry in zip(fields[::2], fields[1::2], strict=False)
        if scope in {"local", "worktree"}
    )
    if found := sorted({key for key in own if _RUNS_A_PROGRAM.fullmatch(key)}):
        raise UpdateError(
            f"{service}/.git/config sets {', '.join(found)}, by which git runs programs or reads "
            "other places. The fleet's tasks do not do that for a service: clone it again."
        )


def require_own_files(scratch: Scratch) -> None:
    """Raise UpdateError if writing to a service's files could write to a file outside."""
    for name, about in scratch.files(scratch.ours).items():
        mode, _, blob = about.split()
        if mode != SYMLINK:
            continue
        target = (git.blob(scratch.folder, blob) or b"").decode(errors="surrogateescape")
        if name in WRITTEN or _leads_out(name, target):
            raise UpdateError(
                f"{name} is a symbolic link to {target}: an update would write through it. Replace "
                "it with a file, or with a link to a file of the repository, and commit that."
            )


def _leads_out(name: str, target: str) -> bool:
    """Return whether a link can lead out of its repository, if other links lead within it."""
    parts = PurePosixPath(target).parts
    up = next((place for place, part in enumerate(parts) if part != ".."), len(parts))
    is_too_far = up > len(PurePosixPath(name).parts) - 1
    # After a link, `..` is the parent of what the link leads to.
    return target.startswith("/") or is_too_far or ".." in parts[up:]


def require_nothing_to_build(folder: Path) -> None:
    """Raise UpdateError if locking a service would run code: of a plugin, or of a build backend."""
    pyproject = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))
    if found := sorted(set(_built(pyproject))):
        raise UpdateError(
            f"Poetry would run code for {', '.join(found)}, which the fleet's tasks do not do for "
            "a service"
        )


def _built(pyproject: Mapping[str, Any]) -> Iterator[str]:
    """Yield the dependencies that Poetry builds, and the table with plugins, if there is one."""
    project, poetry = pyproject.get("project", {}), pyproject.get("tool", {}).get("poetry", {})
    if "requires-plugins" in poetry:
        yield "[tool.poetry.requires-plugins]"
    lists = [
        project.get("dependencies", []),
        *project.get("optional-dependencies", {}).values(),
        *pyproject.get("dependency-groups", {}).values(),
    ]
    for line in (line for each in lists for line in each if isinstance(line, str)):
        name, at, address = line.partition("@")
        if at and not address.partition(";")[0].strip().endswith(".whl"):
            yield name.strip()
    groups = [group.get("dependencies", {}) for group in poetry.get("group", {}).values()]
    for table in (poetry.get("dependencies", {}), poetry.get("dev-dependencies", {}), *groups):
        for name, entry in table.items():
            for each in entry if isinstance(entry, list) else [entry]:
                if isinstance(each, dict) and _is_built(each):
                    yield name


def _is_built(entry: Mapping[str, Any]) -> bool:
    places = [str(entry[key]) for key in ("git", "path", "file", "url") if key in entry]
    return any("git" in entry or not place.endswith(".whl") for place in places)
