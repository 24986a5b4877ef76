"""Test that changes of files that a service deleted are listed until the team has settled it."""

import hashlib
from pathlib import Path

import pytest

from flask_chassis_tools.updates import checksums, left_out, ownership
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
    with pytest.raises(UpdateError, match=r"app\.py is not a file .* Such files are: .*Build\.kt"):
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
    assert left_out.unsettled(written, owners, {"a": b"A"}.get) == {"d": "v1.0.0"}
    assert left_out.unsettled(written, None, Files().get).keys() == {*names}


def test_it_is_not_settled_if_the_file_is_back_as_it_was_before() -> None:
    written = Record("", "", {}, {"left_out": {"a": "v1.0.0"}})
    listed = f"{hashlib.sha256(b'new').hexdigest()}  a\n".encode()
    for content, expected in ((b"new", {}), (b"old", {"a": "v1.0.0"})):
        files = {"a": content, checksums.FILE: listed}
        assert left_out.unsettled(written, None, files.get) == expected
    [said] = left_out.sentences(["a"], ["a"])
    assert said.startswith("a is back and is not as the release has it.")


def test_an_old_content_that_is_back_can_be_replaced_by_the_releases(tmp_path: Path) -> None:
    build, deploy = sorted(CI)
    update = updated(
        tmp_path, old=dict(NEWER), new=dict(NEWER), ours=dict(CI), known=[*CI], restored=[build]
    )
    assert update.files[build] == NEWER[build]
    assert update.merged.conflicts == {deploy: "add/add"}


def test_what_is_left_out_of_a_renamed_folder_has_the_services_name(tmp_path: Path) -> None:
    """By this name it can be listed as the service's own, brought back, and found."""
    old = {f"pkg/{name}.py": f"{name} 1\n".encode() * 5 for name in "abcx"}
    new = old | {"pkg/x.py": b"x 2\n" * 5}
    ours = {name.replace("pkg", "mine"): text for name, text in old.items() if name != "pkg/x.py"}
    update = updated(tmp_path / "1", old=dict(old), new=dict(new), ours=dict(ours))
    assert update.merged.left_out == ["mine/x.py"]
    known = update.merged.left_out
    update = updated(tmp_path / "2", old=dict(new), new=dict(new), ours=dict(ours), known=known)
    assert update.merged.left_out == known
    again = updated(
        tmp_path / "3", old=dict(new), new=dict(new), ours=dict(ours), known=known, restored=known
    )
    assert again.files == ours | {"mine/x.py": new["pkg/x.py"]}
    assert again.merged.left_out == []
    settled = updated(
        tmp_path / "4", old=dict(old), new=dict(new), ours=ours | lists("mine/x.py"), known=known
    )
    assert settled.merged.left_out == []


def test_files_of_a_folder_are_one_sentence() -> None:
    names = [f".teamcity/{letter}.kt" for letter in "abcde"]
    folder, file = left_out.sentences([*names, "CODEOWNERS"], ["app.py"])
    assert folder.startswith(".teamcity/a.kt, .teamcity/b.kt, .teamcity/c.kt and 2 more in ")
    assert "list the folder under seeded in " in folder
    assert 'for example ".teamcity/"' in folder
    assert "`template.update --restore=.teamcity/a.kt`" in folder
    assert file.startswith("CODEOWNERS was deleted here")


def test_no_folder_is_proposed_that_the_service_has_files_in() -> None:
    """Listed, it would keep the template's changes from these files, too."""
    [said] = left_out.sentences(["infra/docker/D", "infra/k/a"], ["infra/k/b"])
    assert "list each of them under seeded in " in said
    assert 'for example "infra/docker/D"' in said
    [said] = left_out.sentences(["infra/k/a", "infra/k/c"], ["infra/docker/D"])
    assert 'for example "infra/k/"' in said
