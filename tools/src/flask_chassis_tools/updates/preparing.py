"""Prepares an update in a scratch repository."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from . import (
    changelog,
    content_hash,
    git,
    left_out,
    lock_file,
    lock_versions,
    merging,
    migrations,
    record,
    releases,
    rendering,
    sides,
    signatures,
    untrusted,
    wheels,
)
from .faults import UpdateError
from .merging import Merged
from .record import Record
from .scratch import Scratch
from .source import Source


@dataclass(frozen=True)
class Wish:
    """The parameters of an update."""

    service: Path
    programs: Path
    """The folder with Poetry and with a Python that has Cookiecutter."""
    tag: str = ""
    template: str = ""
    """The template's address, instead of the one in the service's record."""
    answers: Mapping[str, str] = field(default_factory=dict)
    ask: bool = False
    since: str = ""
    """The release to merge from, instead of the commit in the service's record."""
    restore: Collection[str] = ()
    """Files of the template to bring back, which the service deleted."""
    of_others: bool = False
    """Whether the service is others': its code then runs without credentials, or not at all."""
    moved_to: str = ""
    """The address to record, if `template` is a clone of what is there."""

    @property
    def environment(self) -> dict[str, str] | None:
        """The environment of the programs that render and lock; None stands for this process's."""
        return untrusted.environment() if self.of_others else None

    @property
    def python(self) -> Path:
        """The interpreter that renders."""
        return self.programs / "python"


@dataclass
class Prepared:
    """An update that is ready to be applied."""

    scratch: Scratch
    source: Source
    tag: str
    old_version: str | None
    commit: str
    new_answers: Mapping[str, Any]
    merged: Merged
    faults: list[str]
    """Problems other than conflicts."""
    renders: tuple[Path | None, Path]
    """The folders with the old render, if there is one, and the new render."""
    tree: str = ""

    @property
    def touched(self) -> list[str]:
        """The files that the update changes."""
        return merging.changed(self.scratch, self.scratch.tree, self.tree)


def recorded(service: Path) -> Record:
    """Return the record in the service's last commit."""
    return record.read(git.blob(service, f"HEAD:{record.FILE}"))


def fetch(wish: Wish, written: Record, folder: Path) -> Source:
    """Clone the template from the given or the recorded address."""
    address = wish.template or written.template
    if not wish.template and record.is_local(address):
        raise UpdateError(
            f"The template's address in {record.FILE} is {address}, a local folder. Set its public "
            "address, which is then recorded: --template=https://..."
        )
    keys = signatures.trusted_keys(wish.service)
    return Source.cloned(address, folder / "template", keys)


def address_to_record(wish: Wish, written: Record) -> str:
    """Return the address to record: without credentials, and not a local folder if possible."""
    if wish.moved_to:
        return record.without_secrets(wish.moved_to)
    if wish.template and not record.is_local(wish.template):
        return record.without_secrets(wish.template)
    return record.without_secrets(written.template)


def prepare(
    wish: Wish, written: Record, source: Source, tag: str, folder: Path, base: str | None
) -> Prepared:
    """Merge the template's changes from the commit `base`, if there is one, to a tag."""
    commit = source.commit(tag)
    version = source.version_of(base) if base else None
    address = address_to_record(wish, written)
    new_template = source.folder_of(commit, folder / "new-template")
    steps = migrations.between(new_template, version, tag) if base else []
    answers = migrations.map_answers(wish.python, steps, written.answers, wish.environment) | dict(
        wish.answers
    )
    jobs = [
        rendering.Job(str(new_template), address, commit, answers, str(folder / "new"), wish.ask)
    ]
    if base:
        old = source.folder_of(base, folder / "old-template")
        jobs.append(rendering.Job(str(old), address, base, written.answers, str(folder / "old")))
    new, *before = rendering.render(wish.python, folder, jobs, environment=wish.environment)
    old_folder = before[0].folder if before else None
    more = written.more
    if base and old_folder:
        more = with_own_wheels(written, source, wish.service, old_folder, new.folder)

    scratch = Scratch(folder / "service", wish.service)
    untrusted.require_own_files(scratch)
    if steps:
        with scratch.changing():
            migrations.change_files(wish.python, steps, scratch.folder, wish.environment)
    trees = sides.prepare(scratch, old_folder, new.folder, left_out.known(written), wish.restore)
    merged = merging.merge(scratch, trees, f"template-{tag}")
    merged.notes += _renamed_answers(merged, answers, new_template)
    context = {name: record.escaped(answers) for name, answers in new.context.items()}
    with_wheels = replace(written, more=more)
    more = left_out.recorded(with_wheels, merged.left_out, tag, merged.skipped)
    text = Record(address, commit, answers, more).text(commit, tag, context)
    (scratch.folder / record.FILE).write_text(text, encoding="utf-8")
    reasons = _downgrades(source, version, tag)
    faults = _lock(scratch, merged, old_folder, new.folder, wish, reasons)
    renders = (old_folder, new.folder)
    prepared = Prepared(scratch, source, tag, version, commit, new.new, merged, faults, renders)
    prepared.tree = scratch.present_tree()
    return prepared


def with_own_wheels(
    written: Record, source: Source, service: Path, old: Path, new: Path
) -> Mapping[str, Any]:
    """Give renders the wheels that the service got by a bump, and return the rest of its record.

    The old render then is what the service has now. The new one gets those that are higher than
    its own: no version is taken back.
    """
    bumped = wheels.of_bump(written, source, service)
    wheels.exchange(old, bumped)
    brought = wheels.of_service(new)
    kept = [
        wheel
        for wheel in bumped
        if wheel.distribution in brought
        and wheels.is_higher(wheel.version, brought[wheel.distribution].version)
    ]
    wheels.exchange(new, kept)
    if kept:
        return written.more
    return {key: value for key, value in written.more.items() if key != wheels.RECORDED}


def _renamed_answers(merged: Merged, answers: Mapping[str, Any], template: Path) -> list[str]:
    """Return notes about renamed folders that the record has under their old names.

    Several answers can have the same value: it is the one that the template names a folder by.
    """
    folders = " ".join(path.name for path in template.glob("*{{*/**/*{{*") if path.is_dir())
    asked = {*re.findall(r"cookiecutter\.(\w+)", folders)}
    return [
        f"The answer {question} is still {answer}. Give the new name, so that the template's next "
        f"changes use it: template.update --answer={question}={merged.folders[answer]}"
        for question, answer in answers.items()
        if question in asked and answer in merged.folders
    ]


def _downgrades(source: Source, after: str | None, until: str) -> lock_versions.Reasons:
    """Return why the releases of an update lock older versions."""
    tags = releases.between(source.tags(), after, until)
    text = source.file(source.commit(until), changelog.FILE)
    # The working copy, which `fleet.impact` compares, is in no release yet.
    return changelog.downgrades(changelog.sections(text, [*tags, changelog.UNRELEASED]))


def _lock(
    scratch: Scratch,
    merged: Merged,
    old: Path | None,
    new: Path,
    wish: Wish,
    reasons: lock_versions.Reasons,
) -> list[str]:
    """Write poetry.lock, and return the problems with it."""
    file = scratch.folder / lock_file.FILE
    ours = _text(file)
    if old and not ours and (old / lock_file.FILE).is_file():
        merged.notes.append(
            f"The service has no {lock_file.FILE}: lock its dependencies as you do, for example "
            "with uv lock"
        )
        return []
    before, after = _text(old / lock_file.FILE) if old else "", _text(new / lock_file.FILE)
    try:
        settled = lock_file.settle(ours, before, after, reasons)
        # Until Poetry has run, too: the versions of both are in it, and none is lost.
        file.write_text(settled or lock_file.seed(ours, before, after, reasons), encoding="utf-8")
        if "pyproject.toml" in merged.conflicts:
            what = "depends on pyproject.toml: resolve that, then run poetry lock"
            return [f"{lock_file.FILE} {what}"]
        if not content_hash.is_of(settled or "", _text(scratch.folder / "pyproject.toml")):
            file.write_text(lock_file.seed(ours, before, after, reasons), encoding="utf-8")
            if wish.of_others:
                untrusted.require_nothing_to_build(scratch.folder)
            lock_file.make(scratch.folder, wish.programs, wish.environment)
        made = _text(file)
        had, old_locked, new_locked, has = map(lock_file.packages, (ours, before, after, made))
        told = lock_versions.compared(had, old_locked, new_locked, has, reasons)
    except UpdateError as fault:
        return [f"{lock_file.FILE} is outdated: run poetry lock ({fault})"]
    merged.notes += told.notes
    return told.faults


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8") if file.is_file() else ""
