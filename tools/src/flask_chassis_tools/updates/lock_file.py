"""Makes `poetry.lock` for a merged service, because lock files cannot be merged."""

import os
import re
import subprocess
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from . import processes
from .faults import UpdateError
from .lock_versions import Reasons, is_lower, reason, taken_back, versions

FILE = "poetry.lock"

MIRROR = "POETRY_PYPI_MIRROR_URL"
"""The variable that makes Poetry use an index with pip's API."""

_SEPARATOR = "\n[[package]]\n"
_NAME = re.compile(r'^name = "(.+)"$', re.MULTILINE)
_CONFLICT_MARKERS = ("\n<<<<<<< ", "\n>>>>>>> ")


def settle(service: str, old: str, new: str, reasons: Reasons) -> str | None:
    """Return the lock of a merged service if no dependency has to be resolved, else None.

    If the service has changed nothing, the template's lock is right, unless it takes a version
    back for no reason; if the template has changed nothing, the service's is.
    """
    if service in (new, ""):
        return new
    if service == old and not taken_back(packages(service), packages(new), reasons):
        return new
    if packages(old) == packages(new) and _tail(old) == _tail(new):
        return service
    return None


def seed(service: str, old: str, new: str, reasons: Reasons) -> str:
    """Return the lock that Poetry starts from: the template's changes on the service's lock.

    It has both versions of a package that the template has changed: Poetry takes the highest that
    the dependencies admit, for each platform. A downgrade for a given reason has the template's
    alone. Packages that the template has removed stay: Poetry drops them if nothing needs them.
    """
    ours, before, after = packages(service), packages(old), packages(new)
    chosen = dict(after)
    for name, entry in ours.items():
        if name not in after or before.get(name) == after[name]:
            chosen[name] = entry
        elif not (is_lower(after[name], entry) and reason(name, after[name], reasons)):
            chosen[name] = _both(after[name], entry)
    head = _before_tail(new).split(_SEPARATOR, 1)[0]
    entries = (entry.strip("\n") + "\n" for _, entry in sorted(chosen.items()))
    return f"{_SEPARATOR.join([head, *entries])}\n{_tail(new)}"


def _both(entry: str, other: str) -> str:
    """Return an entry with what another has in further versions."""
    known = versions(entry)
    more = [each for each in other.split(_SEPARATOR) if not {*versions(each)} & {*known}]
    return _SEPARATOR.join(each.strip("\n") + "\n" for each in (entry, *more))


def packages(lock: str) -> dict[str, str]:
    """Return the entries of a lock by package name."""
    entries = _before_tail(lock).split(_SEPARATOR)[1:]
    found: dict[str, str] = {}
    for entry in entries:
        if match := _NAME.search(entry):
            # A package can be locked in several versions, for several platforms.
            name = match[1]
            found[name] = f"{found[name]}{_SEPARATOR}{entry}" if name in found else entry
    return found


def entry(lock: str, name: str) -> dict[str, Any] | None:
    """Return the entry of a package, or None. Of several versions it is the first.

    Only the entry is parsed: the whole lock takes a quarter of a second, and a fleet has hundreds.
    Raise UpdateError for an entry that is not TOML, and for conflict markers anywhere in the lock.
    """
    lines = f"\n{lock}"
    for marker in _CONFLICT_MARKERS:
        if marker in lines:
            raise UpdateError(f"{FILE} cannot be read: it has a conflict marker, {marker.strip()}")
    found = packages(lines).get(name)
    if found is None:
        return None
    try:
        parsed: list[dict[str, Any]] = tomllib.loads(f"{_SEPARATOR}{found}")["package"]
    except tomllib.TOMLDecodeError as error:
        raise UpdateError(f"{FILE} cannot be read: its entry of {name}: {error}") from None
    return parsed[0]


def _before_tail(lock: str) -> str:
    return lock[: len(lock) - len(_tail(lock))]


def _tail(lock: str) -> str:
    """Return the part after the packages: extras and metadata."""
    starts = [lock.find(f"\n[{table}]\n") + 1 for table in ("extras", "metadata")]
    found = [start for start in starts if start]
    return lock[min(found) :] if found else ""


def make(
    folder: Path,
    programs: Path,
    environment: Mapping[str, str] | None = None,
    words: Sequence[str] = ("lock",),
) -> None:
    """Run `poetry lock`, which keeps the versions that are in the lock, or other words.

    `environment` is Poetry's, by default this process's.
    """
    done = processes.run(
        [programs / "poetry", *words, "--no-interaction"],
        cwd=folder,
        # Otherwise Poetry leaves an environment for the scratch folder in its cache.
        env=dict(os.environ if environment is None else environment)
        | {"POETRY_VIRTUALENVS_CREATE": "false"}
        | index(programs),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip())[-1000:]
        raise UpdateError(f"Poetry cannot lock the dependencies: {said}")


def index(programs: Path) -> dict[str, str]:
    """Return variables that make Poetry use pip's index: many indexes have only pip's API."""
    if MIRROR in os.environ:
        return {}
    python = str(programs / "python")
    configured = [python, "-m", "pip", "config", "get", "global.index-url"]
    default = [python, "-c", "from pip._internal.models.index import PyPI; print(PyPI.simple_url)"]
    address = os.environ.get("PIP_INDEX_URL") or _said(configured) or _said(default)
    return {MIRROR: address} if address else {}


def _said(words: list[str]) -> str:
    return subprocess.run(words, capture_output=True, text=True).stdout.strip()
