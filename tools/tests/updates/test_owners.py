"""Test that what a service writes into template-ownership.toml counts for updates and drift."""

import hashlib
from pathlib import Path

import pytest

from flask_chassis_tools.updates import checksums, drifting, ownership
from flask_chassis_tools.updates.ownership import OwnershipError

from .merges import LISTS, Files, updated, written

OLD = b"".join(b"%d\n" % number for number in range(9))
NEW, OURS = OLD.replace(b"7", b"seven"), OLD.replace(b"2", b"two")
BOTH = NEW.replace(b"2", b"two")


def lists(text: str = "", **more: str) -> Files:
    """Return a list of owners with one more pattern in a list."""
    found = text or LISTS
    for label, pattern in more.items():
        found = found.replace(f"{label} = [", f'{label} = ["{pattern}", ')
    return {ownership.FILE: found.encode()}


def test_a_file_that_was_moved_to_seeded_is_left_alone_and_told(tmp_path: Path) -> None:
    update = updated(
        tmp_path, old={"a.txt": OLD}, new={"a.txt": NEW}, ours={"a.txt": OURS} | lists(seeded="a.*")
    )
    assert update.files == {"a.txt": OURS}
    assert (update.merged.own, update.merged.notes) == ({"a.txt": "changed"}, [])


def test_a_file_that_was_taken_from_seeded_is_merged(tmp_path: Path) -> None:
    ours = lists(LISTS.replace('"own/**"', '"own/b/**"')) | {"own/a.txt": OURS, "own/b/c": OURS}
    update = updated(
        tmp_path,
        old={"own/a.txt": OLD, "own/b/c": OLD},
        new={"own/a.txt": NEW, "own/b/c": NEW},
        ours=ours,
    )
    assert update.files == {"own/a.txt": BOTH, "own/b/c": OURS}


def test_the_templates_own_change_of_its_list_counts_as_well(tmp_path: Path) -> None:
    update = updated(
        tmp_path,
        old={"a": OLD, "b": OLD},
        new={"a": NEW, "b": NEW} | lists(seeded="b"),
        ours={"a": OURS, "b": OURS} | lists(shared="a"),
    )
    assert update.files == {"a": BOTH, "b": OURS}
    assert update.merged.own == {"b": "changed"}
    text = (update.scratch.folder / ownership.FILE).read_text()
    assert (text.count('"a"'), text.count('"b"'), update.merged.conflicts) == (1, 1, {})


def test_new_files_in_a_folder_of_the_services_own_are_told_and_not_added(tmp_path: Path) -> None:
    update = updated(
        tmp_path,
        old={"docs/a": OLD},
        new={"docs/a": OLD, "docs/new": NEW},
        ours={"docs/a": OURS} | lists(seeded="docs/"),
    )
    assert update.files == {"docs/a": OURS}
    assert update.merged.own == {"docs/new": "added"}


def test_a_pattern_without_effect_is_named(tmp_path: Path) -> None:
    ours = {"a.txt": OURS} | lists(seeded="b.txt")
    update = updated(tmp_path, old={"a.txt": OLD}, new={"a.txt": NEW}, ours=ours)
    [note] = update.merged.notes
    assert note.endswith("'b.txt' in seeded has no effect: no file of the template matches")

    ours = {"a.txt": OURS} | lists(seeded="README.md")
    update = updated(tmp_path / "2", old={"a.txt": OLD}, new={"a.txt": NEW}, ours=ours)
    [note] = update.merged.notes
    assert note.endswith(
        "'README.md' in seeded has no effect: a later list decides about README.md"
    )


WRONG = [
    ('template = ["**"]\nsedeed = []\nshared = []', "Unknown or missing: sedeed, seeded"),
    ('template = ["**"]\nseeded = "docs/**"\nshared = []', "seeded must be a list of patterns"),
    ('template = ["**"]\nseeded = [1]\nshared = []', "pattern 1 in seeded must be a text"),
    (
        'template = ["**"]\nseeded = ["/docs/**"]\nshared = []',
        "'/docs/\\*\\*' in seeded must be relative",
    ),
    ('template = ["**"]\nseeded = ["*a*b*c*d*"]\nshared = []', "has more than 4 wildcards"),
    ('template = ["**"\n', "cannot be read"),
]


@pytest.mark.parametrize(("text", "said"), WRONG)
def test_a_wrong_list_is_named_by_updates_and_drift(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(OwnershipError, match=said):
        updated(tmp_path, old={}, new={"a": NEW}, ours={ownership.FILE: text.encode()})
    (tmp_path / "service" / checksums.FILE).write_text("")
    with pytest.raises(OwnershipError, match=said):
        drifting.drift(tmp_path / "service")


@pytest.mark.parametrize("label", ["seeded", "shared"])
def test_a_file_that_was_moved_to_another_list_is_no_drift(tmp_path: Path, label: str) -> None:
    service = written(tmp_path, {"a.txt": OURS, "b.txt": OURS} | lists(**{label: "[ac].txt"}))
    rendered = f"{hashlib.sha256(OLD).hexdigest()}  "
    names = ("a.txt", "b.txt", "c.txt", ownership.FILE)
    (service / checksums.FILE).write_text("".join(f"{rendered}{name}\n" for name in names))
    assert drifting.drift(service) == {"a.txt": "edited", "b.txt": "edited", "c.txt": "deleted"}
    for pattern in ("a.txt", "c.txt"):
        text = lists((service / ownership.FILE).read_text(), **{label: pattern})
        (service / ownership.FILE).write_bytes(text[ownership.FILE])
    assert drifting.drift(service) == {"b.txt": "edited"}


def seeding(*seeded: str) -> Files:
    """Return a list of owners as a render has it."""
    text = f"template = ['**']\nseeded = {[*seeded]}\nshared = ['README.md']\n"
    return {ownership.FILE: text.encode()}


def test_a_new_file_arrives_where_a_release_seeds_less_than_before(tmp_path: Path) -> None:
    """The service's list is as it was rendered: it says nothing about what the team wants."""
    before, after = seeding("tests/**"), seeding("tests/notes/**")
    own = {"tests/notes/test_notes.py": b"own\n"}
    new = {"tests/guards/test_security.py": b"guard\n"}
    update = updated(
        tmp_path,
        old=before | {"tests/notes/test_notes.py": b"seeded\n"},
        new=after | {"tests/notes/test_notes.py": b"seeded\n"} | new,
        ours=before | own,
    )
    assert update.files == own | new
    assert (update.merged.own, update.merged.left_out) == ({}, [])


def test_a_deleted_seeded_file_that_becomes_the_templates_is_left_to_do(tmp_path: Path) -> None:
    update = updated(
        tmp_path,
        old=seeding("guard.py") | {"guard.py": b"1\n", "app.py": b"1\n"},
        new=seeding("own/**") | {"guard.py": b"2\n", "app.py": b"1\n"},
        ours=seeding("guard.py") | {"app.py": b"1\n"},
    )
    assert update.files == {"app.py": b"1\n"}
    assert update.merged.left_out == ["guard.py"]
