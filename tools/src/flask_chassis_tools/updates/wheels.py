"""The wheels of chassis and tools that the template delivers in a service's `vendor/`."""

import hashlib
import io
import re
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from email.parser import HeaderParser
from pathlib import Path, PurePosixPath

from . import checksums, git, releases
from .faults import UpdateError
from .record import Record
from .source import Source

FOLDER = "vendor"

RECORDED = "chassis"
"""The key of `.cruft.json` with the release whose chassis and tools a service has.

It is there only if that is a later release than that of the service's files.
"""

_NAME = re.compile(r"(?P<name>flask_chassis(?:_tools)?)-(?P<version>[^-/]+)-[^/]+\.whl")


@dataclass(frozen=True)
class Wheel:
    """A wheel of one of the two packages."""

    file: str
    """Its name without a folder."""
    content: bytes
    distribution: str
    version: str

    @property
    def path(self) -> str:
        """Its name in a service."""
        return f"{FOLDER}/{self.file}"

    @property
    def checksum(self) -> str:
        """The SHA-256 of its content."""
        return hashlib.sha256(self.content).hexdigest()

    @property
    def requirements(self) -> list[str]:
        """The packages, the extras and the Pythons that it requires.

        The tools require the chassis of their own version: that is in a lock wherever the two are.
        """
        with zipfile.ZipFile(io.BytesIO(self.content)) as archive:
            [name] = (each for each in archive.namelist() if each.endswith(".dist-info/METADATA"))
            fields = HeaderParser().parsestr(archive.read(name).decode("utf-8"))
        keys = ("Requires-Dist", "Provides-Extra", "Requires-Python")
        found = {f"{key}: {value}" for key in keys for value in fields.get_all(key, [])}
        # As poetry-core writes it.
        return sorted(found - {f"Requires-Dist: flask-chassis (=={self.version})"})


def of_release(source: Source, commit: str) -> list[Wheel]:
    """Return the wheels that the template has at a commit, at most one for each package."""
    words = ("ls-tree", "-r", "-z", "--name-only", "--full-tree", commit)
    names = (PurePosixPath(name) for name in git.names(source.folder, *words))
    # In the folder of the rendered service, which has an expression of Jinja as its name.
    vendored = (name for name in names if name.parent.name == FOLDER and len(name.parts) == 3)
    return [
        Wheel(name.name, git.blob(source.folder, f"{commit}:{name}") or b"", *package)
        for name in vendored
        if (package := _package(name.name))
    ]


def of_service(folder: Path) -> dict[str, Wheel]:
    """Return the wheels that a service has, by package."""
    found = (
        Wheel(path.name, path.read_bytes(), *package)
        for path in sorted((folder / FOLDER).glob("*.whl"))
        if (package := _package(path.name))
    )
    return {wheel.distribution: wheel for wheel in found}


def _package(file: str) -> tuple[str, str] | None:
    """Return name and version of the package of a wheel; None for other packages."""
    match = _NAME.fullmatch(file)
    return (match["name"].replace("_", "-"), match["version"]) if match else None


def exchange(folder: Path, wheels: Iterable[Wheel]) -> None:
    """Replace wheels of the same packages wherever a service names them.

    A service without such a wheel in `vendor/` has the package from an index, and is not changed.
    """
    present = of_service(folder)
    for new in wheels:
        if old := present.get(new.distribution):
            (folder / old.path).unlink()
            (folder / new.path).write_bytes(new.content)
            _replace(folder / "pyproject.toml", old.path, new.path)
            listed = (f"{each.checksum}  {each.path}" for each in (old, new))
            _replace(folder / checksums.FILE, *listed)


def of_bump(written: Record, source: Source, service: Path) -> list[Wheel]:
    """Return the wheels of the release that the record names, as far as the service has them.

    UpdateError if the template has no such release.
    """
    tag = written.more.get(RECORDED)
    if tag is None:
        return []
    if tag not in source.tags():
        raise UpdateError(
            f'The record names {tag} as the release of the chassis ("{RECORDED}"), which '
            f"{source.address} does not have. Correct it, or run template.bump --to=RELEASE."
        )
    found = of_release(source, source.commit(str(tag)))
    return [each for each in found if git.blob(service, f"HEAD:{each.path}") == each.content]


def is_higher(version: str, other: str) -> bool:
    """Return whether a version is higher than another one."""
    first, second = releases.order(version), releases.order(other)
    return first is not None and second is not None and first > second


def _replace(file: Path, before: str, after: str) -> None:
    """Replace a text in a file, whose line ends stay."""
    if file.is_file():
        file.write_bytes(file.read_bytes().replace(before.encode(), after.encode()))
