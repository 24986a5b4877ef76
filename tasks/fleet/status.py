"""Says how the services of a fleet are."""

import json
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

from invoke import Context, Exit, task

from ..engine import engine
from ..folders import ROOT
from . import known, offline, page, progress, services, state
from .state import State

addresses = engine("addresses")

AT_ONCE = 8
"""How many services a process is handed: one alone would take less than to hand it over."""


@task(
    help={
        "services": services.HELP,
        "json": "For programs",
        "html": "Write a page for people to this file",
        "advisories": "Ask a service that speaks OSV's protocol what is known against packages; "
        "`public` asks osv.dev; a file or a folder is a copy of OSV's advisories about PyPI",
        "max-age": "Of the newest advisory in a copy, in days",
    }
)
def status(
    context: Context,
    services: str,
    json: bool = False,
    html: str = "",
    advisories: str = "",
    max_age: int = offline.MAX_AGE,
) -> None:
    """List the services of a fleet: version, chassis, drift, last update, vulnerable packages."""
    found = states(services, advisories, max_age=max_age)
    if html:
        Path(html).write_text(page.of(found, counts(found), state.Versions().tags), "utf-8")
        print(f"Written: {html}")
    elif json:
        print(as_json(found))
    else:
        print(table(found))


def states(
    named: str, advisories: str, template: Path = ROOT, max_age: int = offline.MAX_AGE
) -> list[State]:
    """Read all services, on all cores: most of the time goes into the checksums of their files."""
    folders, versions = services.find(named), state.Versions(template)
    read = partial(state.read, versions=versions, with_packages=bool(advisories))
    with ProcessPoolExecutor() as pool:
        # The processes begin before the thread of the bar does.
        reading = pool.map(read, folders, chunksize=AT_ONCE)
        found = list(progress.shown("Services", reading, len(folders)))
    # Here, where each of the few commits of a fleet is judged once.
    for each in found:
        if each.commit is not None:
            each.fault = versions.fault(each.commit) or each.fault
    if advisories:
        try:
            known.mark(found, advisories, max_age)
        except known.NoAnswerError as error:
            raise Exit(f"What is known against packages cannot be said: {error}", 1) from None
    return sorted(found, key=lambda each: each.urgency)


def as_json(found: Sequence[State]) -> str:
    """Return the states for programs."""
    text = json.dumps([each.told() for each in found], indent=2, ensure_ascii=False)
    return str(addresses.without_logins(text))


HEADINGS = (
    "service",
    "version",
    "behind",
    "chassis",
    "kind",
    "python",
    "drift",
    "vulnerable",
    "updated",
    "prepared",
)


def row(each: State) -> tuple[str, ...]:
    """Return what a table shows of a service."""
    drift = "?" if each.drift is None else str(len(each.drift) or "none")
    vulnerable = "not asked" if each.vulnerable is None else ", ".join(each.vulnerable) or "none"
    newest = "incomplete" if each.left_out else "newest"
    is_known = each.behind or (each.behind == 0 and not each.fault)
    behind = str(each.behind or newest) if is_known else "?"
    prepared = ", ".join(f"{branch.name} ({branch.state})" for branch in each.branches)
    return (
        each.name,
        each.version,
        behind,
        f"{each.chassis} (not the template's)" if each.foreign else each.chassis,
        each.kind,
        each.python,
        drift,
        vulnerable,
        each.updated,
        prepared or "nothing",
    )


def table(found: Sequence[State]) -> str:
    """Return the states as a table; below it, where a chassis is from and what is wrong."""
    rows = [HEADINGS, *(row(each) for each in found)]
    widths = [max(len(line[column]) for line in rows) for column in range(len(HEADINGS))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in rows
    ]
    counted = [f"{count} {what}" for what, count in counts(found).items()]
    lines += ["", f"{', '.join(counted)}."]
    lines += [f"{each.name}: {foreign}" for each in found for foreign in each.foreign]
    lines += [
        f"{each.name}: lacks changes of {name}, since {tag}: {each.why_it_lacks(name)}"
        for each in found
        for name, tag in each.left_out.items()
    ]
    return "\n".join([*lines, *(f"{each.name}: {each.fault}" for each in found if each.fault)])


def counts(states: Sequence[State]) -> dict[str, int]:
    """Return how many services are how, for the table and for the page."""
    found = {
        "services": len(states),
        "at the newest release": sum(each.is_newest for each in states),
        "behind": sum(bool(each.behind) for each in states),
        "without changes of deleted files": sum(bool(each.left_out) for each in states),
        "unreadable or not updatable": sum(bool(each.fault) for each in states),
        "with edited files of the template": sum(bool(each.drift) for each in states),
        "on another chassis than the template's": sum(bool(each.foreign) for each in states),
        "with a prepared update": sum(bool(each.branches) for each in states),
        "with vulnerable packages": sum(bool(each.vulnerable) for each in states),
    }
    if all(each.vulnerable is None for each in states):
        del found["with vulnerable packages"]
    return found
