"""Test that updates follow files and folders that a service, or the template, renamed."""

from pathlib import Path

from .merges import Files, updated

GUIDE = "".join(f"Paragraph {number} of the guide.\n\n" for number in range(12))


def edited(text: str, number: int, after: str) -> str:
    """Return a guide with another paragraph."""
    assert f"Paragraph {number} of" in text
    return text.replace(f"Paragraph {number} of the guide.", after)


def texts(**contents: str) -> Files:
    """Return files of a folder `docs`."""
    return {f"docs/{name}.md": text.encode() for name, text in contents.items()}


OURS = edited(GUIDE, 2, "Ours.")
THEIRS = edited(GUIDE, 9, "The template's.")
BOTH = edited(OURS, 9, "The template's.")


def test_a_change_arrives_in_a_file_that_was_renamed_and_edited_here(tmp_path: Path) -> None:
    update = updated(
        tmp_path, old=texts(guide=GUIDE), new=texts(guide=THEIRS), ours=texts(manual=OURS)
    )
    assert update.files == texts(manual=BOTH)
    assert (update.merged.conflicts, update.merged.left_out) == ({}, [])
    assert update.merged.notes == [
        "docs/guide.md is docs/manual.md here: the template's changes go there"
    ]


def test_an_edit_of_the_same_lines_is_a_conflict_under_the_new_name(tmp_path: Path) -> None:
    theirs = edited(GUIDE, 2, "The template's.")
    update = updated(
        tmp_path, old=texts(guide=GUIDE), new=texts(guide=theirs), ours=texts(manual=OURS)
    )
    assert update.merged.conflicts == {"docs/manual.md": "content"}


def test_an_edit_follows_a_file_that_the_template_renamed(tmp_path: Path) -> None:
    update = updated(
        tmp_path, old=texts(guide=GUIDE), new=texts(manual=THEIRS), ours=texts(guide=OURS)
    )
    assert update.files == texts(manual=BOTH)
    assert "the template renamed it: now docs/manual.md" in update.merged.notes[0]


def test_the_services_name_stays_if_both_renamed_a_file(tmp_path: Path) -> None:
    update = updated(
        tmp_path, old=texts(guide=GUIDE), new=texts(handbook=THEIRS), ours=texts(manual=OURS)
    )
    assert update.files == texts(manual=BOTH)
    [note] = update.merged.notes
    assert note.endswith(
        "stays docs/manual.md here, although the template renamed it to docs/handbook.md"
    )


def test_the_next_update_finds_a_file_that_both_renamed(tmp_path: Path) -> None:
    newer = edited(THEIRS, 5, "Newer.")
    update = updated(
        tmp_path, old=texts(handbook=THEIRS), new=texts(handbook=newer), ours=texts(manual=BOTH)
    )
    assert update.files == texts(manual=edited(BOTH, 5, "Newer."))


def test_a_file_that_the_template_adds_under_the_new_name_is_another_file(tmp_path: Path) -> None:
    new = texts(guide=THEIRS, manual="Another text.\n")
    update = updated(tmp_path, old=texts(guide=GUIDE), new=new, ours=texts(manual=GUIDE))
    assert update.merged.left_out == ["docs/guide.md"]
    assert update.merged.conflicts == {"docs/manual.md": "add/add"}


APP = "\n".join(f"from blog.part_{number} import part_{number}" for number in range(20)) + "\n"
APP += "".join(f"    app.register({number}, 'a part of the application')\n" for number in range(20))

LISTS = (
    'template = ["**"]\nseeded = ["PACKAGE/domain.py", "PACKAGE/thoughts/**"]\n'
    'shared = ["pyproject.toml"]\n'
)


def service(package: str, **changes: str) -> Files:
    """Return the files of a service with a package, in which files import each other."""
    contents = {
        "PACKAGE/__init__.py": "",
        "PACKAGE/app.py": APP,
        "PACKAGE/domain.py": "Theirs.\n",
        "PACKAGE/thoughts/routes.py": "An example.\n",
        "PACKAGE/wsgi.py": "from blog.app import create_app\n\napplication = create_app()\n",
        "infra/uwsgi.yaml": "a: 1\nb: 2\nc: 3\nd: 4\nmodule: blog.wsgi\n",
        "template-ownership.toml": LISTS,
    } | {name.replace("__", "/") + ".py": text for name, text in changes.items()}
    return {
        name.replace("PACKAGE", package): text.replace("PACKAGE", package)
        .replace("blog.", f"{package}.")
        .encode()
        for name, text in contents.items()
    }


CHANGES = {
    "PACKAGE__app": f"{APP}    app.register(20, 'newer')\n",
    "PACKAGE__new": "New.\n",
    "PACKAGE__seeded": "Seeded.\n",
}


def test_a_renamed_package_gets_changes_and_new_files(tmp_path: Path) -> None:
    lists = LISTS.replace('"PACKAGE/domain.py"', '"PACKAGE/domain.py", "PACKAGE/seeded.py"')
    ours = service("journal", PACKAGE__domain="Ours.\n")
    # The team has its own names in its list, and may as well keep the old ones.
    new = service("blog", **CHANGES) | {
        "template-ownership.toml": lists.replace("PACKAGE", "blog").encode()
    }
    update = updated(tmp_path, old=service("blog"), new=new, ours=dict(ours))
    wanted = service("journal", PACKAGE__domain="Ours.\n", **CHANGES)
    del wanted["template-ownership.toml"]
    assert update.files == wanted
    assert update.merged.left_out == []
    assert update.merged.folders == {"blog": "journal"}
    assert update.merged.notes == [
        "The folder blog is journal here: the template's changes go there"
    ]


def test_a_renamed_package_whose_new_name_is_answered_gets_changes(tmp_path: Path) -> None:
    ours = service("journal", PACKAGE__domain="Ours.\n")
    update = updated(tmp_path, old=service("blog"), new=service("journal", **CHANGES), ours=ours)
    wanted = service("journal", PACKAGE__domain="Ours.\n", **CHANGES)
    del wanted["template-ownership.toml"]
    assert update.files == wanted
    assert (update.merged.conflicts, update.merged.left_out) == ({}, [])


def test_a_part_of_a_folder_that_moved_takes_no_new_files_along(tmp_path: Path) -> None:
    """The folder is still there, so that new files go to it."""
    other = "Another text, of which nothing is like the guide.\n"
    update = updated(
        tmp_path,
        old=texts(guide=GUIDE, other=other),
        new=texts(guide=THEIRS, other=other, new="New.\n"),
        ours={"pages/guide.md": GUIDE.encode(), **texts(other=other)},
    )
    assert update.files == {"pages/guide.md": THEIRS.encode(), **texts(other=other, new="New.\n")}
    assert update.merged.folders == {}


def test_an_example_that_was_replaced_gets_nothing_new(tmp_path: Path) -> None:
    """What replaced it may be similar, but is the service's own."""
    ours = {"own/invoices/routes.py": OURS.encode()}
    update = updated(
        tmp_path,
        old={"own/thoughts/routes.py": GUIDE.encode()},
        new={"own/thoughts/routes.py": THEIRS.encode(), "own/thoughts/new.py": b"New.\n"},
        ours=dict(ours),
    )
    assert update.files == ours
    assert (update.merged.left_out, update.merged.own) == ([], {})


def test_the_checksums_have_the_services_names(tmp_path: Path) -> None:
    update = updated(
        tmp_path,
        old=texts(guide=GUIDE),
        new=texts(guide=THEIRS) | {".template-files.sha256": b"0  README.md\n1  docs/guide.md\n"},
        ours=texts(manual=OURS) | {".template-files.sha256": b"2  docs/guide.md\n"},
    )
    assert update.files[".template-files.sha256"] == b"1  docs/manual.md\n"
