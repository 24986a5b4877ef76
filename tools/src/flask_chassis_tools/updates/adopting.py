"""Links a service to the template, if it was created without cruft or from a copy."""

import re
import tomllib
from dataclasses import replace
from pathlib import Path

from . import git, lineage, preparing, record, releases, rendering, signatures, switch, updating
from .faults import UpdateError
from .preparing import Wish
from .record import Record
from .source import Source

SERVICE = "flask_chassis.service"
"""The group of entry points in which a service names its package."""

SIMILAR = 0.6
"""The minimum share of a render's files that a service from this release has unchanged."""


def adopt(wish: Wish, since: str) -> int:
    """Update a service to a release and record the template; return 0 if nothing is left to do.

    `since` is the release that the service was rendered from. If it is empty, the most similar
    release is used. A service that is similar to none is merged with the release without a base.
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
    with updating.scratch_folder() as folder:
        keys = signatures.trusted_keys(wish.service)
        source = Source.cloned(wish.template, folder / "template", keys)
        tag = source.release(wish.tag)
        answers = guesses(wish.service) | dict(wish.answers)
        print("\n".join(f"Answer {name}: {answer}" for name, answer in answers.items()))
        wish = replace(wish, answers=answers)
        found = source.release(since) if since else _nearest(wish, source, tag, folder)
        print(
            f"The service was rendered from {found}."
            if found
            else "The service is similar to no release."
        )
        base = source.commit(found) if found else None
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
    """Raise UpdateError with the way out if the record of a service is of no use."""
    record.require_hash(written.commit)
    with updating.scratch_folder() as folder:
        preparing.fetch(wish, written, folder).base(written.commit)


def guesses(service: Path) -> dict[str, str]:
    """Return the answers that can be read from the service's files."""
    found: dict[str, str] = {}
    file = service / "pyproject.toml"
    project = tomllib.loads(file.read_text("utf-8")).get("project", {}) if file.is_file() else {}
    for question, key in (("project_slug", "name"), ("description", "description")):
        if project.get(key):
            found[question] = project[key]
    package = next(iter(project.get("entry-points", {}).get(SERVICE, {}).values()), "")
    for name, entry in project.get("scripts", {}).items():
        if name.endswith("-tasks"):
            found["organisation"] = name.removesuffix("-tasks")
            # Before the chassis was a package, the command was in the service's package.
            found["package_name"] = package or entry.partition(".")[0]
    for author in project.get("authors", [])[:1]:
        found |= {
            question: author[key]
            for question, key in (("team", "name"), ("email", "email"))
            if author.get(key)
        }
    port = re.search(r"^FLASK_RUN_PORT=(\d+)$", _text(service / ".flaskenv"), re.MULTILINE)
    if port:
        found["port"] = port[1]
    heading = re.match(r"# (.+)", _text(service / "README.md"))
    if heading:
        found["project_name"] = re.sub(r"\\(.)", r"\1", heading[1])
    return found


def _nearest(wish: Wish, source: Source, until: str, folder: Path) -> str | None:
    """Return the release whose render is most similar to the service, if one is similar."""
    tags = [
        tag
        for tag in releases.between(source.tags(), None, until)
        if not source.keys or signatures.is_signed(source.folder, tag, source.keys)
    ]
    jobs = []
    for number, tag in enumerate(tags):
        template = source.folder_of(source.commit(tag), folder / f"tried-{number}")
        into = str(folder / f"rendered-{number}")
        jobs.append(rendering.Job(str(template), wish.template, tag, wish.answers, into))
    rendered = rendering.render(wish.python, folder, jobs, environment=wish.environment)
    shares = {
        tag: _share(made.folder, wish.service) for tag, made in zip(tags, rendered, strict=True)
    }
    best = max(tags, key=lambda tag: shares[tag], default=None)
    return best if best and shares[best] >= SIMILAR else None


def _share(rendered: Path, service: Path) -> float:
    names = [path.relative_to(rendered) for path in rendered.rglob("*") if path.is_file()]
    same = [
        name
        for name in names
        if (service / name).is_file()
        and (service / name).read_bytes() == (rendered / name).read_bytes()
    ]
    return len(same) / max(len(names), 1)


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8") if file.is_file() else ""
