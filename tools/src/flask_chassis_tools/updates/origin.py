"""Writes the record of a service that plain Cookiecutter renders, like cruft does.

The template's hook imports this module. It reads Cookiecutter's clone of the template as files,
because the hook must not depend on git. Backstage renders from an archive of a commit instead, into
which git has written what commit it is.
"""

import configparser
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from . import record

OF_THIS_MACHINE = ("__prompts__", "_checkout", "_output_dir", "_repo_dir", "repoUrl")
"""Keys that Cookiecutter and Backstage add to the answers, and cruft does not record."""

ARCHIVED = ".git_archival.txt"
"""The file of the template that has the commit in an archive (`export-subst` in .gitattributes)."""

ADDRESS = "__template_address"
"""The key in cookiecutter.json that says where an archive is from."""


def is_clone(answers: Mapping[str, Any]) -> bool:
    """Return whether plain Cookiecutter renders from a clone that it made.

    A local folder may have uncommitted changes. Cruft writes its own record. Old versions of
    Cookiecutter do not name the clone.
    """
    clone = answers.get("_repo_dir")
    return "_commit" not in answers and bool(clone) and clone != answers["_template"]


def is_archive(answers: Mapping[str, Any]) -> bool:
    """Return whether plain Cookiecutter renders from an archive of a commit."""
    return "_commit" not in answers and archived_commit(answers) is not None


def archived_commit(answers: Mapping[str, Any]) -> str | None:
    """Return the commit of the archive that is rendered from; None if it is not an archive."""
    file = Path(str(answers.get("_repo_dir") or answers.get("_template", ""))) / ARCHIVED
    return _hash(_text(file).strip())


def recorded(answers: Mapping[str, Any]) -> str | None:
    """Return the text of the record; None if the public address or the commit is unknown."""
    if is_clone(answers):
        clone = Path(answers["_repo_dir"]) / ".git"
        address, commit = address_of(clone), commit_of(clone)
    else:
        address, commit = str(answers.get(ADDRESS, "")) or None, archived_commit(answers)
    if address is None or commit is None or record.is_local(address):
        return None
    address = record.without_secrets(address)
    kept = {name: value for name, value in answers.items() if name not in OF_THIS_MACHINE}
    context = {"cookiecutter": kept | {"_template": address, "_commit": commit}}
    written = record.Record(address, commit, kept, {"directory": None})
    return written.text(commit, answers.get("_checkout"), context)


def complaint(answers: Mapping[str, Any]) -> str | None:
    """Return what is wrong with the address that cruft records; None if it is right."""
    address = str(answers.get("_template", ""))
    if "_commit" not in answers or not address:
        return None
    if record.is_local(address):
        return "is a local folder, from which nobody else can update"
    if record.without_secrets(address) != address:
        return "contains credentials, which would be committed"
    return None


def address_of(clone: Path) -> str | None:
    """Return the address that a clone was made from."""
    config = configparser.RawConfigParser(strict=False)
    try:
        config.read_string(_text(clone / "config"))
        return config.get('remote "origin"', "url", fallback=None)
    except configparser.Error:
        return None


def commit_of(clone: Path) -> str | None:
    """Return the checked-out commit of a clone."""
    head = _text(clone / "HEAD").strip()
    if head.startswith("ref: "):
        name = head.removeprefix("ref: ")
        head = _text(clone / name).strip() or _packed(clone, name)
    return _hash(head)


def _hash(text: str) -> str | None:
    return text if record.HASH.fullmatch(text) else None


def _packed(clone: Path, name: str) -> str:
    """Return the commit of a packed reference."""
    lines = _text(clone / "packed-refs").splitlines()
    return next((line.split()[0] for line in lines if line.endswith(f" {name}")), "")


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8") if file.is_file() else ""
