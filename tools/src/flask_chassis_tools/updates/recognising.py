"""Finds the release and the answers that a service without a record was rendered with."""

import hashlib
import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import checksums, ownership, releases, rendering
from .faults import UpdateError
from .preparing import Wish
from .source import Source

CERTAIN, CERTAIN_BY_CHECKSUMS = 0.95, 1.0
"""The minimum share of the template's files that a render must have in common with the service.

The service's list of checksums is as it was rendered; of the files, people edit some.
"""

FOREIGN = 0.1
"""A service that has less than this in common with each render is not from the template."""

SHOWN = 3


@dataclass(frozen=True)
class Candidate:
    """A release and answers, compared with the service."""

    tag: str
    answers: Mapping[str, Any]
    choices: Mapping[str, str]
    """The answers among them that were tried."""
    share: float
    """The share of the template's files that are equal."""
    differing: Sequence[str]
    files: Mapping[str, str]
    """The checksums of all rendered files."""


def recognised(
    wish: Wish,
    guesses: Mapping[str, str],
    source: Source,
    tags: Sequence[str],
    folder: Path,
    *,
    is_release_given: bool,
) -> Candidate | None:
    """Return what a service was rendered with; None if it is not from the template.

    UpdateError if that is uncertain: it lists the best candidates, and how to name one of them.
    `guesses` are answers that are read from its files, `tags` are the releases to try.
    """
    attempts = _Attempts(wish, guesses, source, folder)
    # All releases with the likeliest answers, then the likeliest release with the others.
    found = attempts.of([(tag, next(_combinations(source, tag, guesses, wish))) for tag in tags])
    if not found or (found[0].share < FOREIGN and not is_release_given):
        return None
    tag, first = found[0].tag, found[0].choices
    # A guess may be wrong, unless the render has all files.
    believed = guesses if found[0].share == 1 else {}
    found = attempts.of([(tag, each) for each in _combinations(source, tag, believed, wish)])
    if found[0].choices != first:
        choices = found[0].choices
        found = attempts.of([(each, choices) for each in tags if _has(source, each, choices)])
    best = found[0]
    rivals = [
        each
        for each in found
        if each.share == best.share
        and each.tag == best.tag
        and each.choices != best.choices
        and each.files != best.files
    ]
    is_named = is_release_given and {*best.choices} <= {*wish.answers}
    has_checksums = (wish.service / checksums.FILE).is_file()
    needed = CERTAIN_BY_CHECKSUMS if has_checksums else CERTAIN
    if rivals or (best.share < needed and not is_named):
        raise UpdateError(_advice(found, needed))
    return best


class _Attempts:
    """The renders that were made."""

    def __init__(
        self, wish: Wish, guesses: Mapping[str, str], source: Source, folder: Path
    ) -> None:
        self._wish = wish
        self._given = {**guesses, **wish.answers}
        self._source = source
        self._folder = folder
        self._templates: dict[str, str] = {}
        self._made: list[Candidate] = []

    def of(self, wanted: Sequence[tuple[str, Mapping[str, str]]]) -> list[Candidate]:
        """Render releases with answers; return all renders so far, the most similar one first."""
        known = [(each.tag, each.choices) for each in self._made]
        new = [each for each in wanted if each not in known]
        jobs = [
            rendering.Job(
                self._template(tag),
                self._wish.template,
                tag,
                {**self._given, **choices},
                str(self._folder / f"made-{len(self._made) + number}"),
            )
            for number, (tag, choices) in enumerate(new)
        ]
        environment = self._wish.environment
        rendered = (
            rendering.render(self._wish.python, self._folder, jobs, environment=environment)
            if jobs
            else []
        )
        self._made += [
            _compared(self._wish.service, made.folder, tag, {**self._given, **choices}, choices)
            for (tag, choices), made in zip(new, rendered, strict=True)
        ]
        # Of equal releases the newest is the first, of equal answers the one that is listed first.
        place = releases.in_order({each.tag for each in self._made}).index
        return sorted(self._made, key=lambda each: (each.share, place(each.tag)), reverse=True)

    def _template(self, tag: str) -> str:
        if tag not in self._templates:
            into = self._folder / f"tried-{len(self._templates)}"
            self._templates[tag] = str(self._source.folder_of(self._source.commit(tag), into))
        return self._templates[tag]


def _questions(source: Source, tag: str) -> dict[str, list[str]]:
    """Return the template's questions with choices."""
    asked = json.loads(source.file(source.commit(tag), "cookiecutter.json"))
    return {
        name: choices
        for name, choices in asked.items()
        if isinstance(choices, list) and not name.startswith("_")
    }


def _combinations(
    source: Source, tag: str, guesses: Mapping[str, str], wish: Wish
) -> Iterator[dict[str, str]]:
    """Yield the answers to the questions with choices; each has one answer if it is known."""
    listed = _questions(source, tag)
    listed |= {name: [guesses[name]] for name in listed if guesses.get(name) in listed[name]}
    listed |= {name: [wish.answers[name]] for name in listed if name in wish.answers}
    for combination in itertools.product(*listed.values()):
        yield dict(zip(listed, combination, strict=True))


def _has(source: Source, tag: str, choices: Mapping[str, str]) -> bool:
    """Return whether a release asks the same questions and has these choices."""
    listed = _questions(source, tag)
    return {*listed} == {*choices} and all(choices[name] in listed[name] for name in listed)


def _compared(
    service: Path,
    rendered: Path,
    tag: str,
    answers: Mapping[str, Any],
    choices: Mapping[str, str],
) -> Candidate:
    files = {
        path.relative_to(rendered).as_posix(): _checksum(path.read_bytes())
        for path in rendered.rglob("*")
        if path.is_file()
    }
    share, differing = compare(service, rendered, files)
    return Candidate(tag, answers, choices, share, differing, files)


def compare(service: Path, rendered: Path, files: Mapping[str, str]) -> tuple[float, list[str]]:
    """Return the share of the template's files that a service has, and the names of the others.

    The service's list of checksums says how they were rendered, whatever was edited since. Without
    one, the files themselves are compared.
    """
    lists = rendered / ownership.FILE
    owners = ownership.read(lists.read_bytes()) if lists.is_file() else None
    wanted = {
        name: checksum
        for name, checksum in files.items()
        if name != checksums.FILE
        and (owners is None or ownership.owner(owners, name) == ownership.TEMPLATE)
    }
    content = checksums.content_in(service)
    listed = checksums.read((content(checksums.FILE) or b"").decode(errors="replace"))
    if listed:
        present = listed
    else:
        contents = {name: content(name) for name in wanted}
        present = {name: _checksum(text) for name, text in contents.items() if text is not None}
    names = {*wanted, *present}
    differing = sorted(name for name in names if wanted.get(name) != present.get(name))
    return 1 - len(differing) / max(len(names), 1), differing


def _advice(found: Sequence[Candidate], needed: float) -> str:
    """Return the best candidates, and the options that name one."""
    first = found[0]
    said = (
        f"It is not certain what the service was rendered from: no render has {needed:.0%} of the "
        "template's files in common with it, or several have the same. The most similar ones are:"
    )
    lines = [said]
    for each in found[:SHOWN]:
        choices = ", ".join(f"{name}={value}" for name, value in each.choices.items())
        more = ", …" if len(each.differing) > SHOWN else ""
        differing = ", ".join(each.differing[:SHOWN]) + more or "none"
        lines.append(f"  {each.tag}, {choices}: {each.share:.0%}. Different files: {differing}")
    options = (f" --answer={name}={value}" for name, value in first.choices.items())
    lines.append(f"If the first one is right, name it: --since={first.tag}{''.join(options)}")
    lines.append(
        "If the files differ by another answer, give it, for example --answer=domain=... If the "
        "service is not from the template: --since=none"
    )
    return "\n".join(lines)


def _checksum(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
