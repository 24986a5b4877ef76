"""Prepares updates of services on branches: several at a time, each for itself."""

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ..engine import engine
from ..folders import PROGRAMS
from . import progress
from .template import trusted_keys

addresses: Any = engine("addresses")
branches: Any = engine("branches")
bumping: Any = engine("bumping")
exclusive: Any = engine("exclusive")
git: Any = engine("git")
faults: Any = engine("faults")
left_out: Any = engine("left_out")
lineage: Any = engine("lineage")
preparing: Any = engine("preparing")
record: Any = engine("record")
source: Any = engine("source")
switch: Any = engine("switch")
temporary: Any = engine("temporary")
untrusted: Any = engine("untrusted")
updating: Any = engine("updating")

NOTE = "Note: "
"""What the lines with notes begin with in the commit of an update."""

MEMORY = Path("/dev/shm")  # noqa: S108  (the folders in it get random names, and are its user's)
ROOM = 200_000_000
"""Bytes that an update may need; most need a tenth of it."""


@dataclass
class Result:
    """What became of one service."""

    name: str
    path: str
    outcome: str
    """updated, incomplete, conflicts, up to date, newer (than the release), done before, or failed.

    Of an incomplete one, files were deleted in the service, and their changes were left out.
    """
    touched: list[str] = field(default_factory=list)
    conflicts: dict[str, str] = field(default_factory=dict)
    left: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    branch: str = ""
    """The branch with the update, from now or from before; empty without one."""
    request: str = ""
    """What came of its pull or merge request: see proposing.py. Empty if nobody asked for one."""
    link: str = ""
    """The address of the request."""


def branch_of(tag: str) -> str:
    """Return the branch that an update is prepared on."""
    return f"template/{tag}"


def branch_of_bump(tag: str) -> str:
    """Return the branch with chassis and tools of a release, and nothing else of it."""
    return f"chassis/{tag}"


def at_a_time(
    services: Sequence[Path],
    template: Path,
    tag: str,
    work: Callable[..., Result],
    jobs: int,
    silent: bool = False,
) -> list[Result]:
    """Do some work for each service, and print what came of it as it comes, unless silent."""

    def one(service: Path) -> Result:
        try:
            untrusted.require_plain_clone(service)
            result = work(service, template, tag, shared)
        except faults.UpdateError as error:
            result = Result(service.name, str(service), "failed", left=[str(error)])
        except Exception as error:  # noqa: BLE001  (one failure stops no other)
            told = addresses.without_logins(repr(error))
            result = Result(service.name, str(service), "failed", left=[told])
        if not silent:
            print(f"{result.name}: {result.outcome}{_counted(result)}", flush=True)
        return result

    with temporary.scratch_folder(in_memory(jobs)) as shared, ThreadPoolExecutor(jobs) as pool:
        return list(progress.shown("Services", pool.map(one, services), len(services)))


def in_memory(jobs: int, memory: Path = MEMORY) -> Path | None:
    """Return a folder in memory, or None if it has too little room or TMPDIR is set.

    An update makes and removes thousands of small files: on a disk that costs as much as the rest.
    """
    if "TMPDIR" in os.environ or not memory.is_dir() or not os.access(memory, os.W_OK):
        return None
    return memory if shutil.disk_usage(memory).free > jobs * ROOM else None


def _counted(result: Result) -> str:
    if result.left and result.outcome == "failed":
        lines = result.left[0].splitlines()
        # The summary has a traceback as a whole.
        return f" ({lines[0]})" if len(lines) == 1 else f" ({lines[0]} … {lines[-1]})"
    return f" ({len(result.conflicts)} files)" if result.conflicts else ""


def look(service: Path, template: Path, tag: str, shared: Path) -> Result:
    """Say what an update would do to the last commit of a service, and change nothing."""
    switch.require_repository(service)
    switch.require_commit(service)
    return _prepared(service, template, tag, shared, branch="")


def prepare(service: Path, template: Path, tag: str, shared: Path, moved_to: str = "") -> Result:
    """Put the update of a service on a branch; one that is there from before is left as it is.

    `moved_to`: also record this address of the template, even if no update is due.
    """
    target = source.Source(template, str(template)).commit(tag)
    address = record.without_secrets(moved_to)
    with exclusive.held(service, "fleet.update"):
        if branches.is_done(service, branch_of(tag), target, address):
            return _done_before(service, branch_of(tag))
        switch.require_clean(service)
        return _prepared(service, template, tag, shared, branch_of(tag), address)


def bump(service: Path, template: Path, tag: str, shared: Path) -> Result:
    """Put chassis and tools of a release on a branch; one that is there from before is kept."""
    branch = branch_of_bump(tag)
    # No release is named: one that has newer packages is left alone.
    wish = preparing.Wish(service, PROGRAMS, "", str(template), of_others=True)
    with (
        exclusive.held(service, "fleet.update"),
        tempfile.TemporaryDirectory(prefix="service-", dir=shared) as folder,
    ):
        if branches.is_on_top(service, branch):
            return _done_before(service, branch)
        switch.require_clean(service)
        branches.replaceable(service, branch)
        written = preparing.recorded(service)
        clone = source.Source(template, written.template, shared, trusted_keys())
        bumped = bumping.bump(wish, clone, tag, Path(folder))
        if bumped is None:
            return Result(service.name, str(service), "up to date")
        bumping.apply(bumped, branch)
        return Result(service.name, str(service), "updated", bumped.touched, branch=branch)


def _done_before(service: Path, branch: str) -> Result:
    """Return the result of an earlier run, with the notes that are in its commit."""
    message = git.ask(service, "log", "-1", "--format=%B", f"refs/heads/{branch}").splitlines()
    notes = [line.removeprefix(NOTE) for line in message if line.startswith(NOTE)]
    return Result(service.name, str(service), "done before", notes=notes, branch=branch)


def _prepared(
    service: Path, template: Path, tag: str, shared: Path, branch: str, moved_to: str = ""
) -> Result:
    wish = preparing.Wish(service, PROGRAMS, tag, str(template), of_others=True, moved_to=moved_to)
    with tempfile.TemporaryDirectory(prefix="service-", dir=shared) as folder:
        written = preparing.recorded(service)
        keys = trusted_keys()
        clone = source.Source(template, written.template, shared, keys)
        base = lineage.base(clone, written.commit, tag)
        is_moved = moved_to not in ("", written.template)
        why = lineage.nothing_due(clone, base, tag)
        if base == clone.commit(tag) and left_out.to_compare(service, written):
            why = ""
        if why and is_moved and base != clone.commit(tag):
            raise faults.UpdateError(
                f"{why} So the new address is not recorded: name a release that contains this "
                "commit with --to."
            )
        if why and not is_moved:
            if base != clone.commit(tag):
                return Result(service.name, str(service), "newer")
            left = updating.still_left_out(service)
            outcome = "incomplete" if left else "up to date"
            return Result(service.name, str(service), outcome, left=left)
        if branch:
            branches.replaceable(service, branch)
        prepared = preparing.prepare(wish, written, clone, tag, Path(folder), base)
        left = updating.outcome(prepared, prepared.faults)
        if branch:
            text, conflicts = updating.message(prepared, left), prepared.merged.conflicts
            switch.to_branch(prepared.scratch, prepared.tree, branch, text, conflicts)
        return Result(
            service.name,
            str(service),
            _outcome(prepared),
            prepared.touched,
            prepared.merged.conflicts,
            left,
            prepared.merged.notes,
            branch,
        )


def _outcome(prepared: Any) -> str:
    if prepared.merged.conflicts:
        return "conflicts"
    if prepared.faults:
        return "failed"
    return "incomplete" if prepared.merged.left_out else "updated"


def summary(results: Sequence[Result]) -> str:
    """Return how many came to what, and what is left for people."""
    outcomes = sorted({result.outcome for result in results})
    counts = (f"{sum(each.outcome == one for each in results)} {one}" for one in outcomes)
    lines = [f"\n{len(results)} services: {', '.join(counts)}."]
    for result in results:
        lines += [
            f"{result.name}: CONFLICT ({what}): {name}" for name, what in result.conflicts.items()
        ]
        lines += [f"{result.name}: {each}" for each in result.left]
        lines += [f"{result.name}: Note: {each}" for each in result.notes]
        if result.link:
            lines += [f"{result.name}: {result.link} ({result.request})"]
    return "\n".join(lines)


def as_json(results: Sequence[Result]) -> str:
    """Return the results for programs."""
    text = json.dumps([asdict(result) for result in results], indent=2)
    return f"{addresses.without_logins(text)}\n"
