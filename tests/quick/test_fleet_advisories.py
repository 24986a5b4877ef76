"""What is known against packages, from a copy of OSV's advisories."""

import json
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tasks.fleet import known, offline
from tasks.fleet.state import State


def advisory(name: str, *events: dict[str, str], **more: Any) -> dict[str, Any]:
    """Return an advisory, as the export has it."""
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.123456Z")
    affected = {
        "package": {"name": name, "ecosystem": "PyPI"},
        "ranges": [
            {"type": "GIT", "events": [{"introduced": "0"}, {"fixed": "0123456"}]},
            {"type": "ECOSYSTEM", "events": list(events)},
        ],
    }
    return {"id": f"OSV-{name}", "modified": now, "affected": [affected]} | more


COPY = [
    advisory("Weak_Package", {"introduced": "0"}, {"fixed": "1.10"}),
    # Twice, and not in their order.
    advisory("twice", {"fixed": "3.0"}, {"introduced": "2.0"}, {"introduced": "0"}, {"fixed": "1"}),
    advisory("until", {"introduced": "1.0"}, {"last_affected": "1.5"}),
    advisory("unfixed", {"introduced": "0"}),
    advisory("withdrawn", {"introduced": "0"}, {"fixed": "9"}, withdrawn="2026-01-01T00:00:00Z"),
]


def folder_with(path: Path, *advisories: dict[str, Any]) -> Path:
    """Write a copy as a folder."""
    path.mkdir()
    for each in advisories:
        (path / f"{each['id']}.json").write_text(json.dumps(each), "utf-8")
    return path


def zipped(folder: Path) -> Path:
    """Return the copy as the export is published."""
    file = folder.with_suffix(".zip")
    with zipfile.ZipFile(file, "w") as archive:
        for path in folder.iterdir():
            archive.write(path, path.name)
    return file


def of(copy: Path, **versions: str) -> list[str] | None:
    """Return what a copy has against packages."""
    state = State("service", "/service", packages=versions)
    known.mark([state], str(copy))
    return state.vulnerable


@pytest.mark.parametrize("form", [lambda folder: folder, zipped])
def test_a_copy_is_asked_as_a_service_would_answer(tmp_path: Path, form: Any) -> None:
    copy = form(folder_with(tmp_path / "copy", *COPY))
    found = of(copy, **{"weak-package": "1.9", "twice": "2.5", "unfixed": "1", "withdrawn": "1"})
    assert found == ["twice 2.5: OSV-twice", "weak-package 1.9: OSV-Weak_Package"]
    assert of(copy, **{"weak-package": "1.10", "twice": "1.5", "other": "1"}) == []


def test_each_service_is_told_of_its_own_version(tmp_path: Path) -> None:
    copy = folder_with(tmp_path / "copy", *COPY)
    states = [
        State(version, "", packages={"twice": version}) for version in ("0.5", "1.0", "2.0", "3.0")
    ]
    known.mark([*states, State("unread", "")], str(copy))
    assert [bool(each.vulnerable) for each in states] == [True, False, True, False]


def test_the_last_affected_version_is_affected(tmp_path: Path) -> None:
    """And counts only if a version fixes it, as in a service's answer."""
    events = ({"introduced": "1.0"}, {"last_affected": "1.5"}, {"introduced": "3"}, {"fixed": "4"})
    copy = folder_with(tmp_path / "copy", advisory("until", *events))
    assert of(copy, until="1.5") == ["until 1.5: OSV-until"]
    assert of(copy, until="1.6") == []


def test_a_listed_version_is_affected_whatever_it_looks_like(tmp_path: Path) -> None:
    odd = advisory("odd", {"introduced": "5"}, {"fixed": "6"})
    odd["affected"][0]["versions"] = ["2004d"]
    copy = folder_with(tmp_path / "copy", odd)
    assert of(copy, odd="2004d") == ["odd 2004d: OSV-odd"]
    assert of(copy, odd="2004e") == []


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "cannot be read: [Errno 2] No such file or directory"),
        ("no archive", "cannot be read: File is not a zip file"),
    ],
)
def test_a_copy_that_is_missing_or_no_copy_is_named(
    tmp_path: Path, content: str | None, said: str
) -> None:
    copy = tmp_path / "all.zip"
    if content:
        copy.write_text(content)
    with pytest.raises(known.NoAnswerError) as error:
        of(copy, flask="1")
    assert f"the copy {copy} {said}" in str(error.value)
    assert offline.WHERE in str(error.value)


def test_an_empty_copy_and_other_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(known.NoAnswerError, match=r"has no advisories\. Get them from https"):
        of(folder_with(tmp_path / "empty"), flask="1")
    other = folder_with(tmp_path / "other", {"id": "package", "version": "1"})
    with pytest.raises(known.NoAnswerError, match=r"package.json in .* is not an advisory"):
        of(other, flask="1")


def test_a_copy_that_is_too_old_is_refused_unless_it_is_allowed(tmp_path: Path) -> None:
    then = (datetime.now(UTC) - timedelta(days=40)).strftime("%Y-%m-%dT%H:%M:%SZ")
    copy = folder_with(tmp_path / "copy", COPY[0] | {"modified": then})
    with pytest.raises(known.NoAnswerError, match=r"40 days ago.*or allow this one with --max-age"):
        of(copy, flask="1")
    state = State("service", "/service", packages={"weak-package": "1"})
    known.mark([state], str(copy), max_age=40)
    assert state.vulnerable == ["weak-package 1: OSV-Weak_Package"]
