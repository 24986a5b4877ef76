"""Tasks that keep the service up with the template it was made from."""

import subprocess
import sys
from pathlib import Path

from invoke import Context, Exit, task

from ..chassis import project_files
from . import service
from .updates import adopting, drifting, ownership, updating
from .updates.faults import UpdateError
from .updates.preparing import Wish

service.SENTENCES |= {UpdateError: str, ownership.OwnershipError: str}

HELP = {
    "to": "The release to go to, a tag such as v1.2.0; by default the newest",
    "template": "Where to take the template from, instead of from where .cruft.json says",
    "answer": "name=value, an answer that is new or another than before; as often as needed",
}


@task(
    iterable=["answer"],
    help=HELP
    | {
        "check": "Change nothing: say whether an update is due, and what it would touch",
        "json": "With --check, for programs",
        "patch": "Also show how the template has changed files that are yours, for you to follow",
        "branch": "Commit the update on this branch, and leave the files here as they are",
        "no-tests": "Without the checks and tests of the service, which take a minute",
        "no-input": "Ask nothing: new questions get their defaults",
    },
)
def update(
    context: Context,
    answer: list[str],
    to: str = "",
    template: str = "",
    check: bool = False,
    json: bool = False,
    patch: bool = False,
    branch: str = "",
    no_tests: bool = False,
    no_input: bool = False,
) -> None:
    """Bring a release of the template in; it fails where a conflict or a failed test is left."""
    wish = _wish(to, template, answer, ask=not (check or no_input) and sys.stdin.isatty())
    if check:
        code = updating.check(wish, as_json=json, patch=patch)
    else:
        code = updating.update(wish, verify=not no_tests, branch=branch, patch=patch)
    if code:
        raise Exit(code=code)


@task(
    help={
        "patch": "Also show how they differ, which needs the template",
        "template": HELP["template"],
    }
)
def drift(context: Context, patch: bool = False, template: str = "") -> None:
    """List the template's files that were edited here; it fails where there are any."""
    found = drifting.drift(_checkout())
    if not found:
        print("The template's files are as they were rendered.")
        return
    print("\n".join(f"{what}: {name}" for name, what in found.items()))
    if patch:
        with updating.scratch_folder() as folder:
            print(drifting.patch(_wish("", template, [], ask=False), list(found), folder))
    raise Exit(
        "An update merges these with the template's changes, or leaves a conflict. To have them "
        "otherwise for good, ask for it in the template.",
        1,
    )


@task(
    iterable=["answer"],
    help=HELP
    | {
        "template": "The template's address, which is recorded",
        "since": "The release that the service was rendered from; by default each is tried",
    },
)
def adopt(
    context: Context, answer: list[str], template: str = "", to: str = "", since: str = ""
) -> None:
    """Link a service that was not made by cruft to the template, and bring a release in."""
    if code := adopting.adopt(_wish(to, template, answer, ask=False), since):
        raise Exit(code=code)


def _wish(to: str, template: str, answers: list[str], *, ask: bool) -> Wish:
    """Say what is wanted, with what it takes installed."""
    folder = _checkout()
    given = {}
    for answer in answers:
        name, separator, value = answer.partition("=")
        if not separator:
            raise Exit(f"--answer={answer} is not name=value.", 2)
        given[name] = value
    if subprocess.run(["./bootstrap", "template"], cwd=folder).returncode:
        raise Exit("What updates need cannot be installed: see above.", 1)
    programs = folder / ".venv" / "template" / "bin"
    return Wish(folder, programs, to, template, given, ask)


def _checkout() -> Path:
    if not project_files.IN_CHECKOUT:
        raise Exit("This needs a checkout of the service: run ./bootstrap there.", 1)
    return project_files.working_folder()
