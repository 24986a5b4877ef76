"""Releases a version of template, chassis and tools: one tag, once everything is in place."""

import json
import re
import subprocess
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from invoke import Context, Exit, task

from . import gate, passed, versions
from .changelog import with_section
from .engine import engine
from .folders import ROOT, TEMPLATE
from .wheels import faults as faults_of_wheels
from .wheels import make as make_wheels

releases = engine("releases")
changelog = engine("changelog")
lock_file = engine("lock_file")
lock_versions = engine("lock_versions")


@task(
    help={
        "version": "Such as 1.2.0, a semantic version above the last one",
        "check": "Only look; make no tag",
        "write": "Write the version wherever it stands, make the section of CHANGELOG.md and build "
        "the wheels; make no tag",
    }
)
def release(context: Context, version: str, check: bool = False, write: bool = False) -> None:
    """Tag this commit as a version of template, chassis and tools, once all of it is there."""
    tag = f"v{version.removeprefix('v')}"
    if write and check:
        raise Exit("Give --check or --write, not both.", 2)
    if write:
        if releases.order(tag) is None:
            raise Exit(f"{tag} is not a semantic version, such as v1.2.0.", 2)
        versions.write(tag.removeprefix("v"))
        file = ROOT / changelog.FILE
        today = datetime.now(UTC).date().isoformat()
        text = with_section(file.read_text("utf-8"), tag, today)
        file.write_text(text, "utf-8")
        make_wheels()
        print(f"{tag} is written. Commit it, and run the update gate: ./invoke test --gate")
        return
    found = [*faults(tag), *gate.faults()]
    if found:
        raise Exit("\n".join([f"{tag} cannot be released:", *(f"- {each}" for each in found)]), 1)
    if check:
        print(f"{tag} can be released.")
        return
    _git("tag", "--annotate", tag, "--message", f"{tag}\n\n{_section(tag)}")
    print(f"Tagged {tag}. Publish it: git push origin {tag}")


def faults(tag: str) -> Iterator[str]:
    """Yield what is missing for a release."""
    tags = releases.in_order(_git("tag", "--list").split())
    last = tags[-1] if tags else None
    if releases.order(tag) is None:
        yield f"{tag} is not a semantic version, such as v1.2.0"
    elif last and releases.order(tag) <= releases.order(last):
        yield f"{tag} is not above the last version, {last}"
    if changes := _git("status", "--porcelain"):
        yield f"there are changes that are in no commit: {changes.splitlines()[0].strip()}, ..."
    if not passed.is_for(_git("rev-parse", "HEAD^{tree}")):
        yield "the update gate has not passed for these files: ./invoke test --gate"
    yield from versions.faults(tag.removeprefix("v"))
    yield from faults_of_wheels()
    if not _section(tag):
        yield f"CHANGELOG.md has no section for {tag.removeprefix('v')}"
    if last:
        before = json.loads(_git("show", f"{last}:cookiecutter.json"))
        after = json.loads((ROOT / "cookiecutter.json").read_text("utf-8"))
        yield from lost_answers(before, after, last)
        yield from downgrades(tag, last)


def lost_answers(before: Mapping[str, Any], after: Mapping[str, Any], last: str) -> Iterator[str]:
    """Yield the questions and choices that are gone: a service that gave them cannot be updated."""
    for question, default in before.items():
        if question.startswith("_"):
            continue
        if question not in after:
            yield f"{question}, a question of {last}, is gone: keep it, and map it in updates/"
        elif isinstance(default, list):
            left = after[question] if isinstance(after[question], list) else []
            for choice in default:
                if choice not in left:
                    what = f"{choice}, a choice of {question} in {last}"
                    yield f"{what}, is gone: keep it as the last, and map it in updates/"
        elif isinstance(after[question], list):
            yield f"{question} took any text in {last}, and now takes one of a few"


def downgrades(tag: str, last: str) -> Iterator[str]:
    """Yield the packages that the kinds lock in an older version than the last release, unsaid."""
    reasons = changelog.downgrades(_section(tag))
    listed = set(_git("ls-tree", "-r", "--name-only", last).splitlines())
    for file in sorted((TEMPLATE / "parts").glob("*/poetry.lock")):
        name = file.relative_to(ROOT).as_posix()
        if name not in listed:
            continue
        before = lock_file.packages(_git("show", f"{last}:{name}"))
        after = lock_file.packages(file.read_text("utf-8"))
        for package in lock_versions.taken_back(before, after, reasons):
            old, new = (lock_versions.versions(lock[package])[0] for lock in (before, after))
            yield (
                f"{file.parent.name} locks {package} {new}, and {last} has {old}: lock a newer "
                f"one, or say why in CHANGELOG.md: - Downgrade of {package} to {new}: ..."
            )


def _section(tag: str) -> str:
    """Return what the changelog says of a version; a bare heading is nothing."""
    text = changelog.sections((ROOT / "CHANGELOG.md").read_text("utf-8"), [tag])
    return text if re.search(r"^[-*] ", text, re.MULTILINE) else ""


def _git(*words: str) -> str:
    done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        raise Exit(f"git {' '.join(words)}: {done.stderr.strip()}", 1)
    return done.stdout.strip()
