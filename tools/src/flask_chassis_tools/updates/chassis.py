"""Reads which chassis a service locks, and from where."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import checksums, content_hash, lock_file
from .addresses import without_login

CHASSIS = "flask-chassis"
TOOLS = "flask-chassis-tools"
DISTRIBUTIONS = (CHASSIS, TOOLS)

KINDS = {"file": "file", "directory": "path", "git": "git", "url": "url", "legacy": "index"}
"""What a source is called here, by its type in poetry.lock. A package without one is from PyPI."""


@dataclass(frozen=True)
class ChassisSource:
    """Where a locked distribution of the chassis comes from."""

    distribution: str
    version: str
    kind: str
    """`vendor` (a wheel that the template delivered), `index`, `file`, `path`, `git` or `url`."""
    location: str
    """A path relative to the service, or an address, with the revision for git."""
    wheel: str = ""
    """The wheel that the template delivers to the service, if the template delivers one."""
    is_current: bool = True
    """Whether poetry.lock was made for the present pyproject.toml."""

    @property
    def is_from_template(self) -> bool:
        """Whether the service runs on the chassis as the template or the index delivers it."""
        return self.kind == ("vendor" if self.wheel else "index")

    @property
    def way_back(self) -> str:
        """How to return to the chassis that the template delivers."""
        group = "tool.poetry.dependencies"
        if self.distribution == TOOLS:
            group = "tool.poetry.group.dev.dependencies"
        if self.wheel:
            line = f'Set {self.distribution} = {{ path = "{self.wheel}" }}'
        else:
            line = f"Remove {self.distribution}"
        delete = f" Delete {self.location}." if self._is_copy_in_service else ""
        return (
            f"{line} in [{group}] and [tool.uv.sources] of pyproject.toml.{delete} "
            "Then run: poetry lock && ./bootstrap"
        )

    @property
    def _is_copy_in_service(self) -> bool:
        is_local = self.kind in {"file", "path"} and not self.location.startswith(("../", "/"))
        return is_local and self.location != self.wheel

    def __str__(self) -> str:
        preposition = "in" if self.kind == "vendor" else "from"
        named = "" if self.kind == "vendor" else f"{self.kind} "
        text = f"{self.distribution} {self.version} {preposition} {named}{self.location}"
        return text if self.is_current else f"{text} (poetry.lock is outdated: run poetry lock)"


def chassis_source(folder: Path, distribution: str = CHASSIS) -> ChassisSource | None:
    """Return the source of the chassis, or of the tools, that a service locks.

    Return None if the service locks none, as before the chassis was a package.
    """
    lock = _text(folder / lock_file.FILE)
    package = lock_file.entry(lock, distribution)
    if package is None:
        return None
    delivered = checksums.read(_text(folder / checksums.FILE))
    wheel = _wheel(distribution, delivered)
    source = package.get("source", {})
    kind = KINDS.get(source.get("type", "legacy"), str(source.get("type")))
    if kind == "file" and wheel and _is_wheel(wheel, delivered[wheel], package):
        kind = "vendor"
    is_current = content_hash.is_of(lock, _text(folder / "pyproject.toml"))
    return ChassisSource(
        distribution, str(package["version"]), kind, _location(source), wheel, is_current
    )


def sources(folder: Path) -> dict[str, ChassisSource]:
    """Return the sources of the chassis and the tools, as far as a service locks them."""
    found = {distribution: chassis_source(folder, distribution) for distribution in DISTRIBUTIONS}
    return {distribution: source for distribution, source in found.items() if source}


def foreign_sources(folder: Path) -> list[ChassisSource]:
    """Return the sources of the chassis and the tools that are not the template's."""
    return [source for source in sources(folder).values() if not source.is_from_template]


def _wheel(distribution: str, delivered: Mapping[str, str]) -> str:
    """Return the name of the wheel that the template has rendered."""
    pattern = re.compile(rf"vendor/{distribution.replace('-', '_')}-[^-/]+-[^/]+\.whl")
    return next((name for name in delivered if pattern.fullmatch(name)), "")


def _is_wheel(wheel: str, checksum: str, package: Mapping[str, Any]) -> bool:
    """Return whether a lock means the wheel of the template, with the content it was rendered."""
    hashes = {file.get("hash") for file in package.get("files", [])}
    return package["source"].get("url") == wheel and hashes == {f"sha256:{checksum}"}


def _location(source: Mapping[str, Any]) -> str:
    address = without_login(str(source.get("url", "PyPI")))
    if source.get("type") != "git":
        return address
    revision = str(source.get("reference") or source.get("resolved_reference", ""))
    commit = str(source.get("resolved_reference", ""))[:10]
    shown = revision if revision.startswith(commit) else f"{revision}, {commit}"
    return f"{address} ({shown})"


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8") if file.is_file() else ""
