"""Updates a service to a release of the template."""

import json
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from . import (
    branches,
    changelog,
    differences,
    interrupts,
    preparing,
    releases,
    switch,
    verifying,
)
from .preparing import Prepared, Wish
from .source import Source

ATTEMPTS = 50


@contextmanager
def scratch_folder(where: Path | None = None) -> Iterator[Path]:
    """Give a folder that goes again, also where this process is asked to end."""
    with interrupts.ended_by_term():
        folder = tempfile.TemporaryDirectory(
            prefix="template-update-", dir=where, ignore_cleanup_errors=True
        )
        try:
            yield Path(folder.name)
        finally:
            with interrupts.uninterrupted():
                _remove(folder)


def _remove(folder: tempfile.TemporaryDirectory[str]) -> None:
    """Remove it again where a program that was just killed wrote a last file."""
    for _ in range(ATTEMPTS):
        folder.cleanup()
        if not Path(folder.name).exists():
            return
        time.sleep(0.1)
    print(f"Not everything could be removed from {folder.name}: remove it.", file=sys.stderr)


def update(wish: Wish, *, verify: bool, branch: str = "", patch: bool = False) -> int:
    """Bring a service to a release, and return 0 where nothing is left to do."""
    switch.require_clean(wish.service)
    with scratch_folder() as folder:
        prepared = due(wish, folder, branch)
        if prepared is None:
            return 0
        print(report(prepared) + (own_patch(prepared) if patch else ""), flush=True)
        failed = list(prepared.faults)
        if verify and not prepared.merged.conflicts and not failed:
            failed += verifying.verify(prepared.scratch.folder, wish.service, wish.programs)
        left = outcome(prepared, failed)
        if branch:
            switch.to_branch(prepared.scratch, prepared.tree, branch, message(prepared, left))
            print(f"The update is on the branch {branch}.")
        else:
            stages = prepared.merged.stages
            switch.to_work_tree(prepared.scratch, prepared.tree, stages)
            print(
                f"The update to {prepared.tag} is staged: look at it, and commit it. "
                "(`git reset --hard` drops it.)"
            )
        print("\n".join(left))
        return 1 if left else 0


def check(wish: Wish, *, as_json: bool, patch: bool = False) -> int:
    """Say whether an update is due and what it would touch; 1 where one is."""
    switch.require_clean(wish.service)
    with scratch_folder() as folder:
        prepared = due(wish, folder)
        if as_json:
            print(json.dumps(facts(prepared), indent=2))
        elif prepared:
            print(report(prepared) + (own_patch(prepared) if patch else ""))
        return 1 if prepared else 0


def due(wish: Wish, folder: Path, branch: str = "") -> Prepared | None:
    """Prepare an update, or say why there is none."""
    written = preparing.recorded(wish.service)
    source = preparing.fetch(wish, written, folder)
    base, tag = source.commit(written.commit), source.release(wish.tag)
    target = source.commit(tag)
    if base == target and not wish.answers:
        print(f"The service is up to date: {tag}.")
        return None
    if base != target and source.contains(base, target):
        print(f"The service is newer than {tag}: it is from {_name(source, base)}.")
        return None
    if branch and branches.is_worked_on(wish.service, branch, target):
        print(f"The branch {branch} has this update, and somebody's work on it: it is left so.")
        return None
    if branch:
        branches.replaceable(wish.service, branch)
    return preparing.prepare(wish, written, source, tag, folder, base)


def _name(source: Source, commit: str) -> str:
    version = source.version_of(commit)
    return f"the commit {commit[:10]}, which is after {version}" if version else commit[:10]


def news(prepared: Prepared) -> str:
    """Return what the changelog says from one version to the other."""
    tags = releases.between(prepared.source.tags(), prepared.old_version, prepared.tag)
    return changelog.sections(prepared.source.file(prepared.commit, changelog.FILE), tags)


def report(prepared: Prepared) -> str:
    """Say what an update is about, and what it touches."""
    told = news(prepared)
    lines = [f"From {prepared.old_version or 'before the first release'} to {prepared.tag}.", ""]
    if told:
        lines += [told, ""]
    lines += [f"New question {name}: {answer!r}" for name, answer in prepared.new_answers.items()]
    lines += [
        f"Touched: {name}" for name in prepared.touched if name not in prepared.merged.conflicts
    ]
    lines += [f"CONFLICT ({what}): {name}" for name, what in prepared.merged.conflicts.items()]
    lines += [f"Note: {note}" for note in prepared.merged.notes]
    lines += [
        f"Yours, so left as it is, and {what} in the template: {name}"
        for name, what in prepared.merged.own.items()
    ]
    if prepared.merged.own:
        lines += ["(The option --patch shows how the template has changed what is yours.)"]
    if actions := changelog.actions(told):
        lines += ["", "What a service must act on:", *(f"- {entry}" for entry in actions)]
    return "\n".join(lines)


def own_patch(prepared: Prepared) -> str:
    """Return how the template has changed what is the service's own."""
    old, new = prepared.renders
    if old is None or not prepared.merged.own:
        return ""
    before, after = (old, prepared.old_version or "old"), (new, prepared.tag)
    return f"\n\n{differences.of_all(prepared.merged.own, before, after)}"


def outcome(prepared: Prepared, failed: list[str]) -> list[str]:
    """Return what is left to do, a sentence each."""
    left = []
    if prepared.merged.conflicts:
        left.append(
            f"Conflicts in {len(prepared.merged.conflicts)} files: resolve them as after "
            "`git merge`, then run ./bootstrap, the checks and the tests. None were run."
        )
    return [*left, *(f"{branches.LEFT_TO_MEND}{what}." for what in failed)]


def message(prepared: Prepared, left: list[str]) -> str:
    """Return the message of an update's commit, with all that its reviewer has to know."""
    subject = f"Update to {prepared.tag} of the template"
    if prepared.merged.conflicts:
        subject += branches.WITH_CONFLICTS
    return "\n\n".join([subject, *left, report(prepared)])


def facts(prepared: Prepared | None) -> dict[str, Any]:
    """Return the same for programs."""
    if prepared is None:
        return {"due": False}
    return {
        "due": True,
        "from": prepared.old_version,
        "to": prepared.tag,
        "touched": prepared.touched,
        "conflicts": prepared.merged.conflicts,
        "notes": prepared.merged.notes,
        "own": prepared.merged.own,
        "faults": prepared.faults,
        "actions": changelog.actions(news(prepared)),
    }
