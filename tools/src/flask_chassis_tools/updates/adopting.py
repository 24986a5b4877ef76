"""Links a service to the template, if it was created without cruft or from a copy."""

from dataclasses import replace
from pathlib import Path

from . import (
    git,
    guessing,
    lineage,
    preparing,
    recognising,
    record,
    releases,
    signatures,
    switch,
    temporary,
    updating,
)
from .faults import UpdateError
from .preparing import Wish
from .recognising import Candidate
from .record import Record
from .source import Source

NONE = "none"
"""What stands for the release of a service that is not from the template."""


def adopt(wish: Wish, since: str) -> int:
    """Update a service to a release and record the template; return 0 if nothing is left to do.

    `since` is the release that the service was rendered from. If it is empty, the release is
    recognised by its files; UpdateError if it is uncertain. A service that is similar to no
    release, or for which `since` is "none", is merged with the release without a base.
    """
    switch.require_clean(wish.service)
    if (text := git.blob(wish.service, f"HEAD:{record.FILE}")) is not None:
        _require_faultless(wish, record.read(text))
        raise UpdateError(f"The service already has a {record.FILE}: run template.update.")
    if not wish.template:
        raise UpdateError("Set the template's address: --template=https://...")
    if record.is_local(wish.template):
        shown = record.without_secrets(wish.template)
        print(f"{shown} is a local folder. Set its address at the next update.")
    with temporary.scratch_folder() as folder:
        keys = signatures.trusted_keys(wish.service)
        source = Source.cloned(wish.template, folder / "template", keys)
        tag = source.release(wish.tag)
        guesses = guessing.guesses(wish.service)
        found = _recognised(wish, guesses, source, since, tag, folder)
        answers = dict(found.answers) if found else guesses | dict(wish.answers)
        base = source.commit(found.tag) if found else None
        print("\n".join(f"Answer {name}: {answer}" for name, answer in answers.items()))
        print(
            f"The service was rendered from {found.tag}."
            if found
            else "The service is similar to no release."
        )
        if base:
            lineage.require_contained(source, base, tag)
        written = Record(wish.template, base or "", answers, {"directory": None})
        # From the record, so that a release can map them to new names.
        wish = replace(wish, answers={})
        prepared = preparing.prepare(wish, written, source, tag, folder, base)
        print(updating.report(prepared))
        switch.to_work_tree(prepared.scratch, prepared.tree, prepared.merged.stages)
        left = updating.outcome(prepared, prepared.faults)
        print("\n".join([f"The service is linked to {tag}. Review the staged changes.", *left]))
        return 1 if left else 0


def _require_faultless(wish: Wish, written: Record) -> None:
    """Raise UpdateError with the way out if the record of a service cannot be used."""
    record.require_hash(written.commit)
    with temporary.scratch_folder() as folder:
        preparing.fetch(wish, written, folder).base(written.commit)


def _recognised(
    wish: Wish, guesses: dict[str, str], source: Source, since: str, until: str, folder: Path
) -> Candidate | None:
    """Return the release and the answers of a service; None if it is not from the template."""
    if since == NONE:
        return None
    tags = [
        tag
        for tag in releases.between(source.tags(), None, until)
        if not source.keys or signatures.is_signed(source.folder, tag, source.keys)
    ]
    if since:
        tags = [source.release(since)]
    return recognising.recognised(wish, guesses, source, tags, folder, is_release_given=bool(since))
