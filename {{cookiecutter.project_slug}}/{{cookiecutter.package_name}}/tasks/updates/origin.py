"""Where a service that Cookiecutter renders is from: its record is what cruft would have written.

The template's hook asks. It runs no git, so the clone that Cookiecutter made is read as files.
"""

import configparser
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from . import record

OF_THIS_MACHINE = ("__prompts__", "_checkout", "_output_dir", "_repo_dir")
"""What Cookiecutter adds to the answers, and cruft does not record."""


def is_clone(answers: Mapping[str, Any]) -> bool:
    """Return whether Cookiecutter itself renders, from a clone that it has made.

    What stands in a folder of somebody's own may be in no commit. Cruft records its own; others,
    and old versions of Cookiecutter, do not say where the clone is.
    """
    clone = answers.get("_repo_dir")
    return "_commit" not in answers and bool(clone) and clone != answers["_template"]


def recorded(answers: Mapping[str, Any]) -> str | None:
    """Return the record's text; None where it is not known which public commit was rendered."""
    clone = Path(answers["_repo_dir"]) / ".git"
    address, commit = address_of(clone), commit_of(clone)
    if address is None or commit is None or record.is_local(address):
        return None
    address = record.without_secrets(address)
    kept = {name: value for name, value in answers.items() if name not in OF_THIS_MACHINE}
    context = {"cookiecutter": kept | {"_template": address, "_commit": commit}}
    written = record.Record(address, commit, kept, {"directory": None})
    return written.text(commit, answers.get("_checkout"), context)


def complaint(answers: Mapping[str, Any]) -> str | None:
    """Return what is wrong with the address that cruft is about to record, if anything is."""
    address = str(answers.get("_template", ""))
    if "_commit" not in answers or not address:
        return None
    if record.is_local(address):
        return "is a folder of this machine, from which nobody else can update"
    if record.without_secrets(address) != address:
        return "has a login in it, which would be in git"
    return None


def address_of(clone: Path) -> str | None:
    """Return where a clone is from."""
    config = configparser.RawConfigParser(strict=False)
    try:
        config.read_string(_text(clone / "config"))
        return config.get('remote "origin"', "url", fallback=None)
    except configparser.Error:
        return None


def commit_of(clone: Path) -> str | None:
    """Return the commit that a clone has checked out."""
    head = _text(clone / "HEAD").strip()
    if head.startswith("ref: "):
        name = head.removeprefix("ref: ")
        head = _text(clone / name).strip() or _packed(clone, name)
    return head if re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", head) else None


def _packed(clone: Path, name: str) -> str:
    """Return the commit of a reference that git has put into one file with others."""
    lines = _text(clone / "packed-refs").splitlines()
    return next((line.split()[0] for line in lines if line.endswith(f" {name}")), "")


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8") if file.is_file() else ""
