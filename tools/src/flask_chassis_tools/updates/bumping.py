"""Gives a service the chassis and the tools of a release, and nothing else of the template's.

A service with wheels in `vendor/` gets those of the release; its record says so, because the next
update has to know with what the service began. A service with an index gets the newest versions
that its pyproject.toml admits.
"""

import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from . import (
    branches,
    chassis,
    content_hash,
    lock_file,
    merging,
    preparing,
    record,
    releases,
    switch,
    temporary,
    untrusted,
    verifying,
    wheels,
)
from .faults import UpdateError
from .preparing import Wish
from .scratch import Scratch
from .source import Source
from .wheels import Wheel

_CHASSIS = re.compile(r"flask-chassis\b(?!-)")
_USUAL = re.compile(r"flask-chassis(\[[\w,-]+\])?~=\d+\.\d+")
"""How the template names the chassis: later versions with the same first number fit."""


@dataclass
class Bumped:
    """A service with other versions of the two packages."""

    scratch: Scratch
    tree: str
    tag: str
    versions: Mapping[str, tuple[str, str]]
    """The versions before and after, by package."""

    @property
    def touched(self) -> list[str]:
        """The files that it changes."""
        return merging.changed(self.scratch, self.scratch.tree, self.tree)

    @property
    def title(self) -> str:
        """What was done, in one line."""
        named = (f"{name} {after}" for name, (_, after) in self.versions.items())
        return f"Take {' and '.join(named)}"

    @property
    def report(self) -> str:
        """What was done, a line for each package."""
        return "\n".join(
            f"{name}: {before} -> {after}" for name, (before, after) in self.versions.items()
        )


def run(wish: Wish, *, verify: bool, branch: str = "") -> int:
    """Give a service the packages of a release; return 0 if nothing is left to do."""
    if branch:
        branches.require_name(wish.service, branch)
    switch.require_clean(wish.service)
    with temporary.scratch_folder() as folder:
        written = preparing.recorded(wish.service)
        source = preparing.fetch(wish, written, folder)
        tag = source.release(wish.tag)
        bumped = bump(wish, source, tag, folder)
        if bumped is None:
            print(f"The service has the chassis and the tools of {tag}, or newer ones.")
            return 0
        if branch:
            branches.replaceable(wish.service, branch)
        print(bumped.report, flush=True)
        failed = []
        if verify:
            failed = verifying.verify(bumped.scratch.folder, wish.service, wish.programs)
        left = [f"{branches.LEFT_TO_MEND}{what}." for what in failed]
        apply(bumped, branch, left)
        where = f"on the branch {branch}" if branch else "staged: review and commit it"
        print("\n".join([f"The bump is {where}.", *left]))
        return 1 if left else 0


def apply(bumped: Bumped, branch: str, left: Sequence[str] = ()) -> None:
    """Stage the change, or commit it on a branch, with what is left to do in its message."""
    if branch:
        message = "\n\n".join([bumped.title, *left, bumped.report])
        switch.to_branch(bumped.scratch, bumped.tree, branch, message)
    else:
        switch.to_work_tree(bumped.scratch, bumped.tree, ())


def bump(wish: Wish, source: Source, tag: str, folder: Path) -> Bumped | None:
    """Return the service with the packages of a release; None if it has them, or newer ones.

    UpdateError if its own pyproject.toml does not admit them, if the service has another chassis
    than the template's or the index's, or if `wish` names a release that is older.
    """
    new = wheels.of_release(source, source.commit(tag))
    scratch = Scratch(folder / "service", wish.service)
    untrusted.require_own_files(scratch)
    with scratch.changing():
        before = _locked(scratch.folder)
        if not before:
            raise UpdateError(
                f"The service has no {chassis.CHASSIS} in {lock_file.FILE}, which a bump changes. "
                "If it locks with another program, or is older than the chassis: template.update."
            )
        _require_usual(scratch.folder)
        new = [each for each in new if each.distribution in before]
        newer = [each for each in new if wheels.is_higher(before[each.distribution], each.version)]
        if newer and wish.tag:
            name = newer[0].distribution
            raise UpdateError(
                f"The service has {name} {before[name]}, newer than {newer[0].version} of {tag}. A "
                "bump does not go back."
            )
        if newer:
            return None
        if wheels.of_service(scratch.folder):
            _from_release(scratch.folder, new, wish)
        else:
            _from_index(scratch.folder, wish)
        after = _locked(scratch.folder)
        for each in new:
            if wheels.is_higher(each.version, after[each.distribution]):
                raise UpdateError(
                    f"Poetry locked {each.distribution} {after[each.distribution]} and not "
                    f"{each.version} of {tag}: pyproject.toml or the index does not admit it."
                )
        if wheels.of_service(scratch.folder) and before != after:
            _record(scratch.folder, tag)
    versions = {name: (before[name], after[name]) for name in after}
    if scratch.ours == scratch.tree:
        return None
    return Bumped(scratch, scratch.ours, tag, versions)


def _require_usual(folder: Path) -> None:
    if foreign := chassis.foreign_sources(folder):
        ways = " ".join(f"{source}. {source.way_back}" for source in foreign)
        raise UpdateError(f"The service does not run on the template's chassis: {ways}")
    lock, pyproject = (_text(folder / name) for name in (lock_file.FILE, "pyproject.toml"))
    if not content_hash.is_of(lock, pyproject):
        raise UpdateError(f"{lock_file.FILE} is outdated. Run poetry lock, and commit it first.")


def _from_release(folder: Path, new: Sequence[Wheel], wish: Wish) -> None:
    """Exchange the wheels and their entries in the lock."""
    old = wheels.of_service(folder)
    later = [wheel for wheel in new if wheel.distribution in old]
    for wheel in later:
        _require_compatible(old[wheel.distribution], wheel)
    lock = folder / lock_file.FILE
    as_it_is = lock.read_bytes().decode("utf-8")
    line_end = "\r\n" if "\r\n" in as_it_is else "\n"
    text = as_it_is.replace("\r\n", "\n")
    wheels.exchange(folder, later)
    for wheel in later:
        text = _in_lock(text, old[wheel.distribution], wheel)
    hash_of_content = content_hash.of(_text(folder / "pyproject.toml"))
    text = re.sub(r'^content-hash = ".*"', f'content-hash = "{hash_of_content}"', text, flags=re.M)
    lock.write_bytes(text.replace("\n", line_end).encode("utf-8"))
    is_other = any(wheel.requirements != old[wheel.distribution].requirements for wheel in later)
    if is_other or _has_own_bounds(folder):
        _lock(folder, wish)


def _in_lock(lock: str, old: Wheel, new: Wheel) -> str:
    """Return a lock with the version, the file and the hash of another wheel."""
    entry = lock_file.packages(lock)[new.distribution]
    changed = entry.replace(f'version = "{old.version}"', f'version = "{new.version}"', 1)
    changed = changed.replace(old.file, new.file).replace(old.checksum, new.checksum)
    # The tools require the chassis of their own version.
    changed = changed.replace(
        f'{chassis.CHASSIS} = "{old.version}"', f'{chassis.CHASSIS} = "{new.version}"'
    )
    return lock.replace(entry, changed)


def _from_index(folder: Path, wish: Wish) -> None:
    named = [name for name in chassis.DISTRIBUTIONS if name in _locked(folder)]
    _lock(folder, wish, "update", "--lock", *named)


def _lock(folder: Path, wish: Wish, *words: str) -> None:
    if wish.of_others:
        untrusted.require_nothing_to_build(folder)
    lock_file.make(folder, wish.programs, wish.environment, words or ("lock",))


def _require_compatible(old: Wheel, new: Wheel) -> None:
    before, after = releases.order(old.version), releases.order(new.version)
    if before and after and before[0] != after[0]:
        raise UpdateError(
            f"{new.distribution} {new.version} can need changes of a service that has "
            f"{old.version}. Update it with template.update."
        )


def _has_own_bounds(folder: Path) -> bool:
    """Whether the team has changed which versions of the chassis pyproject.toml admits."""
    project = tomllib.loads(_text(folder / "pyproject.toml"))["project"]
    named = [line for line in project.get("dependencies", []) if _CHASSIS.match(line)]
    return not all(_USUAL.fullmatch(line) for line in named)


def _locked(folder: Path) -> dict[str, str]:
    """Return the locked versions of chassis and tools."""
    found = (chassis.chassis_source(folder, name) for name in chassis.DISTRIBUTIONS)
    return {source.distribution: source.version for source in found if source}


def _record(folder: Path, tag: str) -> None:
    file = folder / record.FILE
    content = json.loads(file.read_bytes()) | {wheels.RECORDED: tag}
    file.write_text(record.formatted(content), encoding="utf-8")


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8") if file.is_file() else ""
