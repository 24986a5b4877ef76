"""Updates a service to a release of the template."""

import json
from pathlib import Path
from typing import Any

from . import (
    branches,
    changelog,
    differences,
    git,
    left_out,
    lineage,
    preparing,
    releases,
    switch,
    temporary,
    verifying,
)
from .addresses import without_logins
from .faults import UpdateError
from .preparing import Prepared, Wish


def update(wish: Wish, *, verify: bool, branch: str = "", patch: bool = False) -> int:
    """Update a service to a release; return 0 if nothing is left to do."""
    if branch:
        branches.require_name(wish.service, branch)
    switch.require_clean(wish.service)
    with temporary.scratch_folder() as folder:
        prepared = due(wish, folder, branch)
        if isinstance(prepared, str):
            left = still_left_out(wish.service)
            print("\n".join([prepared, *left]))
            return 1 if left else 0
        print(report(prepared) + (own_patch(prepared) if patch else ""), flush=True)
        failed = list(prepared.faults)
        if verify and not prepared.merged.conflicts and not failed:
            failed += verifying.verify(prepared.scratch.folder, wish.service, wish.programs)
        left = outcome(prepared, failed)
        if branch:
            text, conflicts = message(prepared, left), prepared.merged.conflicts
            switch.to_branch(prepared.scratch, prepared.tree, branch, text, conflicts)
            print(f"The update is on the branch {branch}.")
        else:
            stages = prepared.merged.stages
            switch.to_work_tree(prepared.scratch, prepared.tree, stages)
            print(
                f"The update to {prepared.tag} is staged. Review and commit it, or drop it with "
                "`git reset --hard`."
            )
        print("\n".join(left))
        return 1 if left else 0


def check(wish: Wish, *, as_json: bool, patch: bool = False) -> int:
    """Print whether an update of the last commit is due, and what it would change.

    Return 0 if nothing is left to do; 1 if an update is due, or if the service lacks changes that
    earlier ones left out. This only reads the service.
    """
    switch.require_repository(wish.service)
    switch.require_commit(wish.service)
    with temporary.scratch_folder() as folder:
        prepared = due(wish, folder)
        left = still_left_out(wish.service) if isinstance(prepared, str) else []
        if as_json:
            print(facts(prepared, wish.service))
        elif isinstance(prepared, str):
            print("\n".join([prepared, *left]))
        else:
            print(report(prepared) + (own_patch(prepared) if patch else ""))
        return 1 if left or not isinstance(prepared, str) else 0


def due(wish: Wish, folder: Path, branch: str = "") -> Prepared | str:
    """Prepare an update and return it; if none is due, return why."""
    written = preparing.recorded(wish.service)
    source = preparing.fetch(wish, written, folder)
    tag = source.release(wish.tag)
    base, target = lineage.base(source, written.commit, tag, wish.since), source.commit(tag)
    moved = preparing.address_to_record(wish, written) != written.template
    is_named = wish.answers or wish.since or wish.restore or moved
    is_wanted = base == target and (is_named or left_out.to_compare(wish.service, written))
    if not is_wanted and (why := lineage.nothing_due(source, base, tag)):
        if base != target and (wish.tag or wish.answers or wish.restore or moved):
            raise UpdateError(
                f"{why} An update does not go back: name a release that contains this commit."
            )
        return why
    if branch and branches.is_worked_on(wish.service, branch, target):
        return f"The branch {branch} has this update and other commits. It was not changed."
    if branch:
        branches.replaceable(wish.service, branch)
    return preparing.prepare(wish, written, source, tag, folder, base)


def news(prepared: Prepared) -> str:
    """Return the sections of the changelog between the two versions."""
    tags = releases.between(prepared.source.tags(), prepared.old_version, prepared.tag)
    return changelog.sections(prepared.source.file(prepared.commit, changelog.FILE), tags)


def report(prepared: Prepared) -> str:
    """Return a description of an update and the files that it changes."""
    told = news(prepared)
    lines = [f"From {prepared.old_version or 'before the first release'} to {prepared.tag}.", ""]
    if told:
        lines += [told, ""]
    lines += [f"New question {name}: {answer!r}" for name, answer in prepared.new_answers.items()]
    lines += [
        f"Changed: {name}" for name in prepared.touched if name not in prepared.merged.conflicts
    ]
    lines += [f"CONFLICT ({what}): {name}" for name, what in prepared.merged.conflicts.items()]
    lines += [f"Note: {note}" for note in prepared.merged.notes]
    lines += [
        f"Owned by the service, so not changed; {what} in the template: {name}"
        for name, what in prepared.merged.own.items()
    ]
    if prepared.merged.own:
        lines += ["(The option --patch shows these changes of the template.)"]
    if actions := changelog.actions(told):
        lines += ["", "Actions needed:", *(f"- {entry}" for entry in actions)]
    return without_logins("\n".join(lines))


def own_patch(prepared: Prepared) -> str:
    """Return the template's changes to files that the service owns."""
    old, new = prepared.renders
    if old is None or not prepared.merged.own:
        return ""
    before, after = (old, prepared.old_version or "old"), (new, prepared.tag)
    return f"\n\n{differences.of_all(prepared.merged.own, before, after)}"


def outcome(prepared: Prepared, failed: list[str]) -> list[str]:
    """Return what is left to do, one sentence each."""
    left = []
    if prepared.merged.conflicts:
        left.append(
            f"Files with conflicts: {len(prepared.merged.conflicts)}. Resolve them like after "
            "`git merge`, then run ./bootstrap, the checks and the tests. They did not run."
        )
    here = prepared.scratch.files(prepared.scratch.ours)
    failed = [*left_out.sentences(prepared.merged.left_out, here), *failed]
    return [*left, *(f"{branches.LEFT_TO_MEND}{what}." for what in failed)]


def still_left_out(service: Path) -> list[str]:
    """Return what earlier updates left out of a service, one sentence each, until it is settled."""
    lacks = left_out.in_last_commit(service)
    if not lacks:
        return []
    here = git.names(service, "ls-tree", "-r", "-z", "--name-only", "--full-tree", "HEAD")
    sentences = left_out.sentences(lacks, here)
    return [f"{branches.LEFT_TO_MEND}{what}." for what in sentences]


def message(prepared: Prepared, left: list[str]) -> str:
    """Return the commit message of an update, with everything that a reviewer needs."""
    subject = f"Update to {prepared.tag} of the template"
    if prepared.merged.conflicts:
        subject += branches.WITH_CONFLICTS
    return "\n\n".join([subject, *left, report(prepared)])


def facts(prepared: Prepared | str, service: Path) -> str:
    """Return the description of an update as JSON; of none, why, and what the service lacks."""
    if isinstance(prepared, str):
        lacks = sorted(left_out.in_last_commit(service))
        return as_json({"due": False, "reason": prepared, "left_out": lacks})
    return as_json(
        {
            "due": True,
            "from": prepared.old_version,
            "to": prepared.tag,
            "touched": prepared.touched,
            "conflicts": prepared.merged.conflicts,
            "notes": prepared.merged.notes,
            "own": prepared.merged.own,
            "left_out": prepared.merged.left_out,
            "faults": prepared.faults,
            "actions": changelog.actions(news(prepared)),
        }
    )


def unknown(why: str) -> str:
    """Return as JSON that nobody knows whether an update is due."""
    return as_json({"due": None, "error": why})


def as_json(told: dict[str, Any]) -> str:
    """Return the report as JSON, without logins in addresses."""
    return without_logins(json.dumps(told, indent=2))
