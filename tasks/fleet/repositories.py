"""Where a service's repository is on the web, and which updates are prepared in it."""

import json
import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ..engine import engine

branches: Any = engine("branches")
git: Any = engine("git")
record: Any = engine("record")
wheels: Any = engine("wheels")

PREFIXES = ("refs/heads/", "refs/remotes/origin/")
FOLDERS = ("template", "chassis")
"""What the branches of updates and of bumps begin with: see updating.py."""

MAIN = "main"

_SCP = re.compile(r"(?:[^@/]+@)?(?P<host>[^/:]+):(?P<path>[^/].*)")
_SEPARATOR = "\x1f"
_CHASSIS = re.compile(rb'^name = "flask-chassis"\nversion = "(.+)"$', re.MULTILINE)


@dataclass(frozen=True)
class Branch:
    """An update that is prepared on a branch and not merged."""

    name: str
    state: str
    """`ready`, `with conflicts`, `left to mend`, or `worked on`: it has other people's commits."""
    link: str = ""
    """Its difference from the main branch, on the web."""


def web_address(url: str) -> str:
    """Return the address of a repository's page, without credentials; empty for a local one."""
    if scp := _SCP.fullmatch(url) if "://" not in url else None:
        host, path = scp["host"], scp["path"]
    else:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https", "ssh", "git"} or not parts.hostname:
            return ""
        # The port of SSH is not that of the page.
        is_web = parts.scheme in {"http", "https"} and parts.port
        host, path = f"{parts.hostname}:{parts.port}" if is_web else parts.hostname, parts.path
    return f"https://{host}/{path.strip('/').removesuffix('.git')}"


def comparison(page: str, before: str, after: str) -> str:
    """Return where a repository shows the difference of two branches or tags.

    Empty for hosts whose addresses are not known: only GitHub's and GitLab's are.
    """
    host = urlsplit(page).hostname or ""
    for name, path in (("github", "compare"), ("gitlab", "-/compare")):
        if name in host:
            return f"{page}/{path}/{before}...{after}"
    return ""


def prepared(service: Path, page: str, lacks: Collection[str] | None = None) -> list[Branch]:
    """Return the updates on branches, here and at the remote, that are not merged; newest first.

    `lacks` are the releases that the service has not got, if that is known. A branch that was
    merged as one commit is not merged for git: what it brings tells.
    """
    form = _SEPARATOR.join(["%(refname)", "%(committeremail)", "%(contents)"]) + "%00"
    patterns = [f"{prefix}{folder}" for prefix in PREFIXES for folder in FOLDERS]
    words = ("for-each-ref", "--sort=-committerdate", "--no-merged=HEAD", f"--format={form}")
    found: dict[str, Branch] = {}
    for line in git.names(service, *words, *patterns):
        ref, email, message = line.strip("\n").split(_SEPARATOR, 2)
        name = ref
        for prefix in PREFIXES:
            name = name.removeprefix(prefix)
        if _is_there(service, ref, name, lacks):
            continue
        link = comparison(page, MAIN, name) if page else ""
        found.setdefault(name, Branch(name, _state(email, message), link))
    return list(found.values())


def _is_there(service: Path, ref: str, name: str, lacks: Collection[str] | None) -> bool:
    """Return whether the last commit of a service has what a branch brings, or something newer."""
    if name.startswith("chassis/"):
        locked = (git.blob(service, f"{commit}:poetry.lock") or b"" for commit in ("HEAD", ref))
        ours, theirs = (_CHASSIS.search(lock.replace(b"\r\n", b"\n")) for lock in locked)
        if not ours or not theirs:
            return False
        return not wheels.is_higher(theirs[1].decode(), ours[1].decode())
    here, there = _recorded(service, "HEAD"), _recorded(service, ref)
    if not here or not there or here["template"] != there["template"]:
        return False
    is_newer = lacks is not None and there.get("checkout") not in lacks
    return bool(here["commit"] == there["commit"]) or is_newer


def _recorded(service: Path, commit: str) -> dict[str, Any] | None:
    """Return what a commit says of the template; None if that cannot be read."""
    try:
        found = json.loads(git.blob(service, f"{commit}:{record.FILE}") or b"")
    except ValueError:
        return None
    is_record = isinstance(found, dict) and {"template", "commit"} <= found.keys()
    return found if is_record else None


def _state(email: str, message: str) -> str:
    if email != f"<{branches.EMAIL}>":
        return "worked on"
    if branches.WITH_CONFLICTS in message.split("\n", 1)[0]:
        return "with conflicts"
    return "left to mend" if f"\n{branches.LEFT_TO_MEND}" in message else "ready"
