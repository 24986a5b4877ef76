"""Test updates if the service and the template renamed the same, or files have equal content."""

import os
from pathlib import Path

import pytest

from flask_chassis_tools.updates import git, merging, sides
from flask_chassis_tools.updates.scratch import Scratch

from .merges import LISTS, Files, commit, updated, written

LINES = "".join(f"register({number}, 'a part of the application')\n" for number in range(20))
NEWER = LINES.replace("register(19,", "register(20,")
OURS = LINES.replace("register(0,", "ours(0,")
BOTH = NEWER.replace("register(0,", "ours(0,")

SAME = '"""A part of the application, like all others."""\n'


def package(name: str, **changes: str | None) -> Files:
    """Return a package: two files are empty, and two have the same content; None deletes one."""
    texts: dict[str, str | None] = {
        "__init__.py": "",
        "app.py": LINES,
        "first/__init__.py": SAME,
        "second/__init__.py": SAME,
        "tests/__init__.py": "",
    }
    texts |= {file.replace("__", "/", 1) + ".py": text for file, text in changes.items()}
    return {f"{name}/{file}": text.encode() for file, text in texts.items() if text is not None}


CHANGES = {"app": NEWER, "new": "New.\n", "second____init__": f"{SAME}NEWER = 1\n"}


@pytest.mark.parametrize("theirs", ["journal", "diary", "Blog", "tests/blog"])
def test_a_folder_that_both_renamed_stays_where_the_service_has_it(
    tmp_path: Path, theirs: str
) -> None:
    """Empty files, and files with equal content, are not put under the template's name."""
    update = updated(
        tmp_path,
        old=package("blog"),
        new=package(theirs, **CHANGES),
        ours=package("journal", app=OURS),
    )
    assert update.files == package("journal", **CHANGES | {"app": BOTH})
    assert (update.merged.conflicts, update.merged.left_out) == ({}, [])
    note = f"The folder blog stays journal here, although the template renamed it to {theirs}"
    assert (note in update.merged.notes) == (theirs != "journal")


@pytest.mark.parametrize("theirs", ["blog", "diary"])
def test_a_file_that_the_template_renamed_in_a_folder_of_the_team_gets_its_new_name(
    tmp_path: Path, theirs: str
) -> None:
    """Other files of the template import it by this name."""
    update = updated(
        tmp_path,
        old=package("blog"),
        new=package(theirs, app=None, main=NEWER),
        ours=package("journal", app=OURS),
    )
    assert update.files == package("journal", app=None, main=BOTH)
    assert update.merged.conflicts == {}
    told = "journal/app.py was edited here, and the template renamed it: now journal/main.py"
    assert told in update.merged.notes


def test_a_file_that_both_renamed_in_a_renamed_folder_has_the_services_name(
    tmp_path: Path,
) -> None:
    update = updated(
        tmp_path,
        old=package("blog"),
        new=package("blog", app=None, main=NEWER),
        ours=package("journal", app=None, start=OURS),
    )
    assert update.files == package("journal", app=None, start=BOTH)


@pytest.mark.parametrize("edited", ["first", "second"])
def test_an_edit_follows_one_of_several_equal_files(tmp_path: Path, edited: str) -> None:
    """The template renames the folder, and deletes one of them or not."""
    ours = package("blog", **{f"{edited}____init__": f"{SAME}OURS = 1\n"})
    update = updated(tmp_path / "all", old=package("blog"), new=package("diary"), ours=dict(ours))
    assert update.files == package("diary", **{f"{edited}____init__": f"{SAME}OURS = 1\n"})
    other = {"first": "second", "second": "first"}[edited]
    new = package("diary", **{f"{other}____init__": None})
    update = updated(tmp_path / "one", old=package("blog"), new=dict(new), ours=dict(ours))
    assert update.files == new | {f"diary/{edited}/__init__.py": f"{SAME}OURS = 1\n".encode()}
    assert update.merged.conflicts == {}


@pytest.mark.parametrize("deleted", ["first", "second"])
def test_a_change_goes_to_the_right_one_of_several_equal_files(
    tmp_path: Path, deleted: str
) -> None:
    """The team renamed the folder, deleted one of them, and edited the other or not."""
    kept = {"first": "second", "second": "first"}[deleted]
    changes = {f"{name}____init__": f"{SAME}{name} = 1\n" for name in (deleted, kept)}
    for number, text in enumerate((SAME, f"OURS = 1\n{SAME}")):
        mine = {f"{deleted}____init__": None, f"{kept}____init__": text}
        update = updated(
            tmp_path / str(number),
            old=package("blog"),
            new=package("blog", **changes),
            ours=package("journal", **mine),
        )
        wanted = f"{text}{kept} = 1\n"
        assert update.merged.left_out == [f"journal/{deleted}/__init__.py"]
        assert update.files == package("journal", **mine | {f"{kept}____init__": wanted})


def test_what_the_team_wrote_into_an_empty_file_follows_the_folder(tmp_path: Path) -> None:
    update = updated(
        tmp_path,
        old=package("blog"),
        new=package("diary"),
        ours=package("blog") | {"blog/__init__.py": b"OURS = 1\n", "blog/own.py": b"ours\n"},
    )
    wanted = package("diary") | {"diary/__init__.py": b"OURS = 1\n", "blog/own.py": b"ours\n"}
    assert update.files == wanted
    assert update.merged.conflicts == {}


@pytest.mark.parametrize("by_the_template", [False, True])
def test_a_rename_of_letters_case_is_followed(tmp_path: Path, by_the_template: bool) -> None:
    lower, upper = ({f"docs/{name}.md": LINES.encode()} for name in ("guide", "Guide"))
    name = next(iter(upper))
    if by_the_template:
        update = updated(
            tmp_path, old=lower, new={name: NEWER.encode()}, ours={"docs/guide.md": OURS.encode()}
        )
    else:
        update = updated(
            tmp_path, old=lower, new={"docs/guide.md": NEWER.encode()}, ours={name: OURS.encode()}
        )
    assert update.files == {name: BOTH.encode()}
    assert update.merged.conflicts == {}


def test_a_new_name_that_is_taken_here_is_a_conflict(tmp_path: Path) -> None:
    """Nothing of either file is lost."""
    update = updated(
        tmp_path,
        old={"a.txt": LINES.encode()},
        new={"b.txt": NEWER.encode()},
        ours={"a.txt": OURS.encode(), "b.txt": b"something else\n"},
    )
    assert update.merged.conflicts.keys() == {"b.txt"}
    for text in (b"something else\n", b"ours(0,", b"register(20,"):
        assert text in update.files["b.txt"]
    update = updated(
        tmp_path / "folder",
        old={"a.txt": LINES.encode()},
        new={"a.txt/b.txt": NEWER.encode()},
        ours={"a.txt": OURS.encode()},
    )
    assert update.files == {"a.txt/b.txt": BOTH.encode()}


def test_two_files_of_the_template_never_get_the_same_name(tmp_path: Path) -> None:
    """It renames its folder, and has another one under the name that the team gave it."""
    other = {"journal/app.py": b"another application\n"}
    update = updated(
        tmp_path,
        old=package("blog"),
        new=package("diary", **CHANGES) | other,
        ours=package("journal", app=OURS),
    )
    assert "journal/app.py" in update.merged.conflicts
    assert b"another application\n" in update.files["journal/app.py"]
    assert b"ours(0," in update.files["journal/app.py"]
    assert update.merged.left_out == ["diary/app.py"]


def test_a_seeded_file_that_the_template_renamed_does_not_come_again(tmp_path: Path) -> None:
    """Whether the service has it, or has replaced it."""
    for number, ours in enumerate(({"own/a/x.py": OURS.encode()}, {"own/mine.py": b"mine\n"})):
        update = updated(
            tmp_path / str(number),
            old={"own/a/x.py": LINES.encode()},
            new={"own/a/y.py": NEWER.encode()},
            ours=dict(ours),
        )
        assert update.files == ours
        assert (update.merged.left_out, update.merged.conflicts) == ([], {})


def test_a_binary_file_in_a_renamed_folder_is_replaced(tmp_path: Path) -> None:
    logos = {name: LINES.encode() + b"\0" + name.encode() for name in ("old", "new", "ours")}
    update = updated(
        tmp_path,
        old=package("blog") | {"blog/logo.png": logos["old"]},
        new=package("blog") | {"blog/logo.png": logos["new"]},
        ours=package("journal") | {"journal/logo.png": logos["ours"]},
    )
    assert update.files == package("journal") | {"journal/logo.png": logos["new"]}
    assert any(note.startswith("journal/logo.png was edited here") for note in update.merged.notes)


@pytest.mark.parametrize("has_base", [False, True])
def test_an_edited_program_stays_executable(tmp_path: Path, has_base: bool) -> None:
    """A binary file that the update replaces, also if the template had none before."""
    program = {"tool": b"\0ours"}
    service = written(tmp_path / "service", dict(program))
    (service / "tool").chmod(0o755)
    commit(service)
    old = written(tmp_path / "old", {"tool": b"\0old"} if has_base else {})
    new = written(tmp_path / "new", {"tool": b"\0new"})
    scratch = Scratch(tmp_path / "scratch", service)
    merged = merging.merge(scratch, sides.prepare(scratch, old, new), "template")
    assert merged.conflicts == {}
    assert (scratch.folder / "tool").read_bytes() == b"\0new"
    assert os.access(scratch.folder / "tool", os.X_OK)


def linked(folder: Path, files: Files, links: dict[str, str]) -> Path:
    """Write files and symbolic links."""
    written(folder, files)
    for name, target in links.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).symlink_to(target)
    return folder


@pytest.mark.parametrize(
    ("name", "target", "guide"),
    [
        ("docs/now.md", "guide.md", "docs/guide.md"),
        ("now.md", "docs/guide.md", "docs/guide.md"),
        ("docs/now.md", "manual.md", "docs/manual.md"),
        ("pages/now.md", "../docs/manual.md", "docs/manual.md"),
    ],
    ids=["renamed", "moved", "renamed with its file", "moved with its file"],
)
def test_a_symbolic_link_that_was_renamed_is_followed(
    tmp_path: Path, name: str, target: str, guide: str
) -> None:
    """It counted as deleted: what the template made of it was left out."""
    service = linked(tmp_path / "service", {guide: LINES.encode()}, {name: target})
    commit(service)
    old = linked(
        tmp_path / "old", {"docs/guide.md": LINES.encode()}, {"docs/latest.md": "guide.md"}
    )
    new = written(tmp_path / "new", {"docs/guide.md": LINES.encode()})
    (new / "docs" / "latest.md").write_text("a file now\n")
    scratch = Scratch(tmp_path / "scratch", service)
    merged = merging.merge(scratch, sides.prepare(scratch, old, new), "template")
    assert merged.left_out == []
    found = git.names(scratch.folder, "ls-files", "-z")
    assert "docs/latest.md" not in found
    # Where the link has another text here, that and the template's file are a conflict.
    is_merged = target == "guide.md"
    assert (scratch.folder / name).is_symlink() != is_merged
    assert (name in merged.conflicts) != is_merged


def owned(*names: str) -> Files:
    """Return the list of a service that has more files as its own."""
    more = "".join(f', "{name}"' for name in names)
    return {"template-ownership.toml": LISTS.replace('"own/**"', f'"own/**"{more}').encode()}


def test_a_file_that_is_not_the_services_own_any_more_is_compared(tmp_path: Path) -> None:
    """Two releases changed it meanwhile, which the record has forgotten but for its name."""
    texts = [f"{number}\n".encode() for number in range(3)]
    ours = {"app.py": b"ours\n"}
    first = updated(
        tmp_path / "first",
        old={"app.py": texts[0]},
        new={"app.py": texts[1]},
        ours=ours | owned("app.py"),
    )
    assert (first.merged.skipped, first.merged.own) == (["app.py"], {"app.py": "changed"})
    second = updated(
        tmp_path / "second",
        old={"app.py": texts[1]},
        new={"app.py": texts[1]},
        ours=ours | owned("app.py"),
        known=first.merged.skipped,
    )
    assert (second.merged.skipped, second.merged.own) == (["app.py"], {})
    third = updated(
        tmp_path / "third",
        old={"app.py": texts[1]},
        new={"app.py": texts[2]},
        ours=dict(ours),
        known=second.merged.skipped,
    )
    assert (third.merged.skipped, third.merged.conflicts) == ([], {"app.py": "add/add"})
    assert b"ours\n" in third.files["app.py"]
    assert texts[2] in third.files["app.py"]
    deleted = updated(
        tmp_path / "deleted",
        old={"app.py": texts[1]},
        new={"app.py": texts[1]},
        ours={},
        known=["app.py"],
    )
    assert deleted.merged.left_out == ["app.py"]
