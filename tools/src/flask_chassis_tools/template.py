"""Tasks that update the service from the template that it was rendered from."""

import sys
import traceback
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from flask_chassis import project
from flask_chassis.tasks import service
from invoke import Context, Exit, task

from flask_chassis_tools import environments
from flask_chassis_tools.updates import (
    adopting,
    bumping,
    chassis,
    drifting,
    exclusive,
    ownership,
    temporary,
    updating,
)
from flask_chassis_tools.updates.addresses import without_logins
from flask_chassis_tools.updates.faults import UpdateError
from flask_chassis_tools.updates.preparing import Wish

service.SENTENCES |= {UpdateError: str, ownership.OwnershipError: str}

HELP = {
    "to": "The release, a tag such as v1.2.0; by default the newest",
    "template": "The template's address, instead of the one in .cruft.json",
    "answer": "A new or changed answer, name=value; can be repeated",
}


@task(
    iterable=["answer", "restore"],
    help=HELP
    | {
        "restore": "A file of the template that was deleted here, to bring back; can be repeated",
        "since": "The release to merge from, if the commit in .cruft.json cannot be used",
        "check": "Only print whether an update of the last commit is due, and which files it would "
        "change. Exits with 0 if nothing is left to do, 1 if an update is due or changes of "
        "deleted files are missing, and 2 if that is unknown",
        "json": "Print the result of --check as JSON, errors too",
        "patch": "Also show the template's changes to files that the service owns",
        "branch": "Commit the update on this branch, and leave the working tree unchanged",
        "no-tests": "Skip the service's checks and tests, which take a minute",
        "no-input": "Answer new questions with their defaults",
    },
)
def update(
    context: Context,
    answer: list[str],
    restore: list[str],
    to: str = "",
    template: str = "",
    since: str = "",
    check: bool = False,
    json: bool = False,
    patch: bool = False,
    branch: str = "",
    no_tests: bool = False,
    no_input: bool = False,
) -> None:
    """Merge a release of the template; fail on conflicts and failed tests."""
    if check:

        def wish() -> Wish:
            return replace(_wish(to, template, _given(answer), since=since), restore=restore)

        raise Exit(code=_check(wish, as_json=json, patch=patch))
    given, asks = _given(answer), not no_input and sys.stdin.isatty()
    with exclusive.held(_checkout(), "template.update"):
        wanted = replace(_wish(to, template, given, ask=asks, since=since), restore=restore)
        code = updating.update(wanted, verify=not no_tests, branch=branch, patch=patch)
    if code:
        raise Exit(code=code)


def _check(wish: Callable[[], Wish], *, as_json: bool, patch: bool) -> int:
    """Return 0 if nothing is left to do, 1 if something is, and 2 if that is unknown."""
    try:
        return updating.check(wish(), as_json=as_json, patch=patch)
    except (UpdateError, ownership.OwnershipError) as error:
        why = str(error)
    except Exit as error:
        why = str(error.message or f"exit code {error.code}")
    except Exception as error:  # noqa: BLE001  (the code of a traceback, 1, would mean that one is due)
        print(without_logins(traceback.format_exc()), file=sys.stderr)
        why = f"{type(error).__name__}: {error}"
    if as_json:
        print(updating.unknown(why))
    else:
        print(without_logins(why), file=sys.stderr)
    return 2


@task(
    help={
        "to": HELP["to"],
        "template": HELP["template"],
        "branch": "Commit it on this branch, and leave the working tree unchanged",
        "no-tests": "Skip the service's checks and tests, which take a minute",
    }
)
def bump(
    context: Context, to: str = "", template: str = "", branch: str = "", no_tests: bool = False
) -> None:
    """Take chassis and tools of a release, and nothing else of the template."""
    with exclusive.held(_checkout(), "template.bump"):
        code = bumping.run(_wish(to, template, {}), verify=not no_tests, branch=branch)
    if code:
        raise Exit(code=code)


@task(
    help={
        "patch": "Also show the differences, which requires the template",
        "template": HELP["template"],
    }
)
def drift(context: Context, patch: bool = False, template: str = "") -> None:
    """List edited template-owned files, and a chassis that is not the template's; fail if any."""
    folder = _checkout()
    found, foreign = drifting.drift(folder), chassis.foreign_sources(folder)
    for source in foreign:
        print(f"not the template's: {source}. {source.way_back}")
    if not found and not foreign:
        print("No template-owned file was edited.")
        return
    for name, what in found.items():
        print(f"{what}: {name}")
    if not found:
        raise Exit("The service does not run on the template's chassis.", 1)
    if any(name.startswith("vendor/") for name in found):
        print("Restore a wheel in vendor/ as it was rendered: git checkout -- vendor")
    if patch:
        with temporary.scratch_folder() as scratch:
            print(drifting.patch(_wish("", template, {}), list(found), scratch))
    raise Exit(
        "An update merges these edits with the template's changes, or reports a conflict. To keep "
        f"one for good, propose it to the template, or list the file in {ownership.FILE}: in "
        "shared, for updates to merge it, in seeded, if it is the service's or was deleted.",
        1,
    )


@task(
    iterable=["answer"],
    help=HELP
    | {
        "template": "The template's address, which is recorded in .cruft.json",
        "since": "The release that the service was rendered from; by default it is recognised; "
        "`none` for a service that is not from the template",
    },
)
def adopt(
    context: Context, answer: list[str], template: str = "", to: str = "", since: str = ""
) -> None:
    """Link a service that was not created with cruft to the template, and merge a release."""
    given = _given(answer)
    with exclusive.held(_checkout(), "template.adopt"):
        code = adopting.adopt(_wish(to, template, given), since)
    if code:
        raise Exit(code=code)


def _wish(
    to: str, template: str, answers: Mapping[str, str], *, ask: bool = False, since: str = ""
) -> Wish:
    """Return the parameters of an update, with the programs for it installed."""
    folder = _checkout()
    programs = environments.install(environments.TEMPLATE, folder) / "bin"
    return Wish(folder, programs, to, template, answers, ask, since)


def _given(answers: list[str]) -> dict[str, str]:
    """Return the answers that are given as name=value."""
    given = {}
    for answer in answers:
        name, separator, value = answer.partition("=")
        if not separator:
            raise Exit(f"--answer={answer} must have the form name=value.", 2)
        given[name] = value
    return given


def _checkout() -> Path:
    if not project.in_checkout():
        raise Exit("Not a checkout of the service: run ./bootstrap in one.", 1)
    return project.working_folder()
