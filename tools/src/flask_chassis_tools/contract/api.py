"""Tasks about the service's API: write its document, compare it with that of the last release."""

from pathlib import Path

from flask_chassis import project
from invoke import Context, Exit, task

from flask_chassis_tools.contract import documents
from flask_chassis_tools.contract.documents import FILE, Document
from flask_chassis_tools.contract.schema_changes import Change

GUIDE = "docs/changing-a-contract.md"


@task
def document(context: Context) -> None:
    """Write openapi.json, the document of the API as the code is. Commit it with the code."""
    file = _checkout() / FILE
    text = documents.text_of_code()
    is_new = not file.is_file() or file.read_text(encoding="utf-8") != text
    file.write_text(text, encoding="utf-8")
    print(f"{FILE} is written." if is_new else f"{FILE} is up to date.")


@task(help={"against": "A file, a git reference or an address; by default the last version tag"})
def diff(context: Context, against: str = "") -> None:
    """Say whether openapi.json breaks callers of the last release, or of another document.

    Fails for a change that breaks callers unless the major version of the API (API_VERSION) has
    been raised.
    """
    folder = _checkout()
    if against:
        old = documents.read(against, folder)
    elif not (against := documents.last_release(folder)):
        print("The API is not compared: there is no release yet (no tag such as v1.0.0).")
        return
    elif (found := documents.of_reference(against, folder)) is not None:
        old = found
    else:
        print(f"The API is not compared: {against} has no {FILE} yet.")
        return
    if not (folder / FILE).is_file():
        raise Exit(f"{FILE} is missing: write it with the task api.document.", 1)
    _judge(old, documents.read(FILE, folder), against)


def _judge(old: Document, new: Document, against: str) -> None:
    """Print the changes; Exit if they break callers and the version does not say so."""
    from flask_chassis_tools.contract import changes

    before, after = _major(old, against), _major(new, FILE)
    found = changes.between(old, new)
    breaking = [change for change in found if change.is_breaking]
    _print(f"Breaks callers of {against}", breaking)
    _print(f"Other changes since {against}", found[len(breaking) :])
    if not breaking:
        print(f"The API breaks no callers of {against}.")
    elif after > before:
        print(f"API_VERSION says so: {new['info']['version']}, it was {old['info']['version']}.")
    else:
        raise Exit(
            f"The API breaks callers of {against}, and API_VERSION is {new['info']['version']}. "
            f"Keep what callers rely on ({GUIDE}), or raise API_VERSION in "
            f"{project.package()}/domain.py to {before + 1}.0 and run the task api.document.",
            1,
        )


def _print(title: str, changes: list[Change]) -> None:
    if changes:
        print(f"{title}:")
        for change in changes:
            print(f"  {change}")


def _major(document: Document, source: str) -> int:
    version = str(document["info"]["version"])
    major = version.removeprefix("v").split(".")[0]
    if not major.isdecimal():
        raise Exit(f"The API's version in {source} is {version!r}, not a number such as 1.0.", 1)
    return int(major)


def _checkout() -> Path:
    if not project.in_checkout():
        raise Exit("Not a checkout of the service: run ./bootstrap in one.", 1)
    return project.working_folder()
