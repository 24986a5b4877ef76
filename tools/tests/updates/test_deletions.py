"""Test that changes of files that a service deleted are listed until the team has settled it."""

from pathlib import Path

import pytest

from flask_chassis_tools.updates import left_out, ownership
from flask_chassis_tools.updates.faults import UpdateError
from flask_chassis_tools.updates.record import Record

from .merges import LISTS, Files, updated

CI = {f".teamcity/{name}.kt": f"{name} 1\n".encode() for name in ("Build", "Deploy")}
NEWER = {name: content.replace(b"1", b"2") for name, content in CI.items()}
NEW = {".teamcity/Test.kt": b"Test 2\n"}
ELSE = {"app.py": b"1\n"}


def lists(seeded: str) -> Files:
    """Return a service's list of owners, with one more pattern."""
    text = LISTS.replace('seeded = ["own/**"]', f'seeded = ["own/**", "{seeded}"]')
    return {ownership.FILE: text.encode()}


def test_a_change_of_a_deleted_file_is_left_out_and_listed(tmp_path: Path) -> None:
    update = updated(tmp_path, old=CI | ELSE, new=NEWER | ELSE, ours=dict(ELSE))
    assert update.files == ELSE
    assert update.merged.left_out == sorted(CI)


def test_an_unchanged_file_that_was_deleted_is_not_listed(tmp_path: Path) -> None:
    update = updated(tmp_path, old=CI | ELSE, new=CI | {"app.py": b"2\n"}, ours=dict(ELSE))
    assert update.files == {"app.py": b"2\n"}
    assert update.merged.left_out == []


def test_a_file_that_both_deleted_is_not_listed(tmp_path: Path) -> None:
    update = updated(tmp_path, old=CI | ELSE, new=dict(ELSE), ours=dict(ELSE))
    assert (update.files, update.merged.left_out) == (ELSE, [])


def test_a_change_that_was_left_out_stays_listed(tmp_path: Path) -> None:
    update = updated(
        tmp_path, old=CI | ELSE, new=CI | ELSE, ours=dict(ELSE), known=[".teamcity/Build.kt"]
    )
    assert update.merged.left_out == [".teamcity/Build.kt"]


def test_a_new_file_for_a_deleted_folder_is_listed(tmp_path: Path) -> None:
    update = updated(tmp_path, old=CI | ELSE, new=CI | NEW | ELSE, ours=dict(ELSE))
    assert (update.files, update.merged.left_out) == (ELSE, [*NEW])


@pytest.mark.parametrize("pattern", [".teamcity/**", ".teamcity/"])
def test_a_folder_that_was_deleted_on_purpose_stays_deleted(tmp_path: Path, pattern: str) -> None:
    update = updated(
        tmp_path, old=CI | ELSE, new=NEWER | NEW | ELSE, ours=ELSE | lists(pattern), known=[*CI]
    )
    assert update.files == ELSE
    assert (update.merged.left_out, update.merged.own, update.merged.notes) == ([], {}, [])


def test_a_single_file_that_was_deleted_on_purpose_is_not_listed(tmp_path: Path) -> None:
    build, deploy = CI
    ours = {deploy: CI[deploy]} | lists(build)
    update = updated(tmp_path, old=dict(CI), new=dict(NEWER), ours=ours)
    assert (update.files, update.merged.left_out) == ({deploy: NEWER[deploy]}, [])


def test_a_deleted_file_can_be_brought_back(tmp_path: Path) -> None:
    """Also if the update to the release is long done."""
    for number, old in enumerate((CI, NEWER)):
        update = updated(
            tmp_path / str(number),
            old=dict(old),
            new=dict(NEWER),
            ours=dict(ELSE),
            known=[*CI],
            restored=[".teamcity/Build.kt"],
        )
        assert update.files == ELSE | {".teamcity/Build.kt": b"Build 2\n"}
        assert update.merged.left_out == [".teamcity/Deploy.kt"]


def test_what_was_not_deleted_cannot_be_brought_back(tmp_path: Path) -> None:
    with pytest.raises(UpdateError, match=r"app\.py is no file .* Such files are: .*Build\.kt"):
        updated(tmp_path, old=CI | ELSE, new=NEWER | ELSE, ours=dict(ELSE), restored=["app.py"])


def test_an_old_content_that_somebody_brought_back_is_compared_with_the_new_one(
    tmp_path: Path,
) -> None:
    """The record is at the release whose change was left out, so that no merge would bring it."""
    update = updated(tmp_path, old=dict(NEWER), new=dict(NEWER), ours=dict(CI), known=[*CI])
    assert update.merged.conflicts == dict.fromkeys(sorted(CI), "add/add")
    update = updated(
        tmp_path / "new", old=dict(NEWER), new=dict(NEWER), ours=dict(NEWER), known=[*CI]
    )
    assert (update.merged.conflicts, update.merged.left_out) == ({}, [])


def test_the_record_remembers_the_first_release(tmp_path: Path) -> None:
    more = {"directory": None, "left_out": {"a": "v1.0.0", "b": "v1.0.0"}}
    written = Record("https://templates.acme.example", "0" * 40, {}, more)
    assert left_out.recorded(written, ["a", "c"], "v1.1.0") == {
        "directory": None,
        "left_out": {"a": "v1.0.0", "c": "v1.1.0"},
    }
    assert left_out.recorded(written, [], "v1.1.0") == {"directory": None}


def test_it_is_settled_if_the_file_is_back_or_is_the_services_own() -> None:
    names = ["a", "b/c", "d"]
    written = Record("", "", {}, {"left_out": dict.fromkeys(names, "v1.0.0")})
    owners = ownership.read('template = ["**"]\nseeded = ["b/"]\nshared = []')
    assert left_out.unsettled(written, owners, {"a"}.__contains__) == {"d": "v1.0.0"}
    assert left_out.unsettled(written, None, set().__contains__).keys() == {*names}


def test_files_of_a_folder_are_one_sentence() -> None:
    names = [f".teamcity/{letter}.kt" for letter in "abcde"]
    folder, file = left_out.sentences([*names, "CODEOWNERS"])
    assert folder.startswith(".teamcity/a.kt, .teamcity/b.kt, .teamcity/c.kt and 2 more in ")
    assert 'for example ".teamcity/**"' in folder
    assert "--restore=.teamcity/a.kt" in folder
    assert file.startswith("CODEOWNERS was deleted here")
