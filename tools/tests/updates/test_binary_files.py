"""Test that updates replace the template's binary files as a whole, and read none as text."""

import hashlib
import subprocess
from pathlib import Path

import pytest

from flask_chassis_tools.updates import (
    checksums,
    differences,
    drifting,
    git,
    ownership,
    recognising,
    restoring,
    switch,
)
from flask_chassis_tools.updates.binaries import is_binary

from .merges import LISTS, Files, updated, written

FIRST, SECOND = (f"vendor/flask_chassis-0.{number}.0-py3-none-any.whl" for number in (1, 2))

# Bytes that are in no encoding, that a filter for line ends would change, and that are alike enough
# for git to see a renamed file in two of them.
COMMON = bytes(range(256)) * 40 + b"\r\n\n\r" * 100
OLD, NEW, PATCHED = (COMMON + text for text in (b"old\0\xff", b"new\0\xfe", b"patched\0\xfd"))


def wheels(**contents: bytes) -> Files:
    """Return files: `first` and `second` are the versions of the wheel."""
    return {{"first": FIRST, "second": SECOND}[name]: text for name, text in contents.items()}


def test_a_new_version_replaces_the_old_one(tmp_path: Path) -> None:
    update = updated(
        tmp_path, old=wheels(first=OLD), new=wheels(second=NEW), ours=wheels(first=OLD)
    )
    assert update.files == wheels(second=NEW)
    assert (update.merged.conflicts, update.merged.notes) == ({}, [])


def test_new_content_of_the_same_version_replaces_the_old_one(tmp_path: Path) -> None:
    update = updated(tmp_path, old=wheels(first=OLD), new=wheels(first=NEW), ours=wheels(first=OLD))
    assert update.files == wheels(first=NEW)
    assert update.merged.conflicts == {}


def test_a_first_version_is_added(tmp_path: Path) -> None:
    update = updated(tmp_path, old={}, new=wheels(first=NEW), ours={})
    assert update.files == wheels(first=NEW)


@pytest.mark.parametrize(
    ("old", "new", "expected", "done"),
    [
        (wheels(first=OLD), wheels(second=NEW), wheels(second=NEW), "removes"),
        (wheels(first=OLD), wheels(first=NEW), wheels(first=NEW), "replaces"),
        ({}, wheels(first=NEW), wheels(first=NEW), "replaces"),
        (None, wheels(first=NEW), wheels(first=NEW), "replaces"),
    ],
    ids=["another version", "the same version", "added by the template", "no old render"],
)
def test_an_edited_file_is_replaced_with_a_note_and_without_a_conflict(
    tmp_path: Path, old: Files | None, new: Files, expected: Files, done: str
) -> None:
    update = updated(tmp_path, old=old and dict(old), new=dict(new), ours=wheels(first=PATCHED))
    assert update.files == expected
    assert update.merged.conflicts == {}
    [note] = update.merged.notes
    assert note.startswith(f"{FIRST} was edited here")
    assert note.endswith(f"the update {done} it")


def test_an_edited_file_is_kept_if_the_template_does_not_change_it(tmp_path: Path) -> None:
    update = updated(
        tmp_path, old=wheels(first=OLD), new=wheels(first=OLD), ours=wheels(first=PATCHED)
    )
    assert update.files == wheels(first=PATCHED)
    assert (update.merged.conflicts, update.merged.notes) == ({}, [])


def test_a_new_version_is_added_although_the_old_one_was_deleted(tmp_path: Path) -> None:
    """A service that runs on a patched chassis may have deleted the wheel."""
    update = updated(tmp_path, old=wheels(first=OLD), new=wheels(second=NEW), ours={})
    assert update.files == wheels(second=NEW)
    assert update.merged.conflicts == {}


def test_a_version_that_the_service_already_has_is_no_edit(tmp_path: Path) -> None:
    update = updated(
        tmp_path,
        old=wheels(first=OLD),
        new=wheels(second=NEW),
        ours=wheels(first=OLD, second=NEW),
    )
    assert update.files == wheels(second=NEW)
    assert update.merged.notes == []


def test_a_file_that_the_template_never_rendered_is_the_services(tmp_path: Path) -> None:
    own = {"vendor/flask_chassis-0.1.0+fix.1-py3-none-any.whl": PATCHED}
    update = updated(
        tmp_path, old=wheels(first=OLD), new=wheels(second=NEW), ours=wheels(first=OLD) | own
    )
    assert update.files == wheels(second=NEW) | own


def test_a_seeded_binary_file_is_left_alone(tmp_path: Path) -> None:
    update = updated(
        tmp_path,
        old={"own/logo.png": OLD},
        new={"own/logo.png": NEW},
        ours={"own/logo.png": PATCHED},
    )
    assert update.files == {"own/logo.png": PATCHED}
    assert update.merged.own == {"own/logo.png": "changed"}


def test_text_files_still_conflict(tmp_path: Path) -> None:
    update = updated(tmp_path, old={"a": b"1\n"}, new={"a": b"2\n"}, ours={"a": b"3\n"})
    assert update.merged.conflicts == {"a": "content"}


def test_the_services_files_get_the_exact_bytes(tmp_path: Path) -> None:
    update = updated(
        tmp_path, old=wheels(first=OLD), new=wheels(second=NEW), ours=wheels(first=PATCHED)
    )
    switch.require_clean(update.service)
    switch.to_work_tree(update.scratch, update.tree, update.merged.stages)
    assert (update.service / SECOND).read_bytes() == NEW
    assert not (update.service / FIRST).exists()


def test_a_killed_update_restores_the_exact_bytes(tmp_path: Path) -> None:
    update = updated(tmp_path, old=wheels(first=OLD), new=wheels(first=NEW), ours=wheels(first=OLD))
    service, scratch = update.service, update.scratch
    before, after = (scratch.files(tree)[FIRST].split()[2] for tree in (scratch.tree, update.tree))
    with (
        pytest.raises(KeyboardInterrupt),
        restoring.noted(service, scratch.head, {FIRST: [before, after]}),
    ):
        (service / FIRST).write_bytes(NEW[:5000])
        # What is half written is recognised by its beginning.
        switch._bring_objects(scratch, scratch.commit(update.tree, "x", scratch.head), ())
        raise KeyboardInterrupt
    assert (service / FIRST).read_bytes() == OLD
    assert git.ask(service, "status", "--porcelain") == ""


def test_drift_is_found_by_the_checksum_of_the_bytes(tmp_path: Path) -> None:
    folder = written(tmp_path, wheels(first=OLD))
    line = f"{hashlib.sha256(OLD).hexdigest()}  {FIRST}\n"
    (folder / checksums.FILE).write_text(line)
    assert drifting.drift(folder) == {}
    checked = subprocess.run(
        ["sha256sum", "--check", "--quiet", checksums.FILE], cwd=folder, capture_output=True
    )
    assert checked.returncode == 0
    (folder / FIRST).write_bytes(PATCHED)
    assert drifting.drift(folder) == {FIRST: "edited"}


def test_a_patch_does_not_show_binary_files(tmp_path: Path) -> None:
    old = written(tmp_path / "old", wheels(first=OLD) | {"a.txt": b"1\n"})
    new = written(tmp_path / "new", wheels(second=NEW) | {"a.txt": b"2\n"})
    names = (FIRST, SECOND, "a.txt", "README.md")
    patch = differences.of_all(names, (old, "template"), (new, "service"))
    assert patch.splitlines() == [
        f"Binary files template/{FIRST} and service/{FIRST} differ",
        f"Binary files template/{SECOND} and service/{SECOND} differ",
        "--- template/a.txt",
        "+++ service/a.txt",
        "@@ -1 +1 @@",
        "-1",
        "+2",
    ]


def test_a_similar_render_is_found_by_the_bytes(tmp_path: Path) -> None:
    rendered = written(tmp_path / "rendered", wheels(first=OLD))
    service = written(tmp_path / "service", wheels(first=PATCHED))
    files = {FIRST: "0", ownership.FILE: hashlib.sha256(LISTS.encode()).hexdigest()}
    assert recognising.compare(service, rendered, files) == (0.5, [FIRST])


@pytest.mark.parametrize(
    ("content", "expected"),
    [(None, False), (b"", False), (b"text\xe4\n", False), (b"PK\x03\x04\0", True), (NEW, True)],
)
def test_a_file_with_a_nul_byte_is_binary(content: bytes | None, expected: bool) -> None:
    assert is_binary(content) is expected
