"""The pictures of README and docs show what there is."""

import shutil
from pathlib import Path

import pytest

from tasks import pictures
from tasks.folders import ROOT


def test_each_picture_is_there_small_used_and_as_old_as_what_it_shows() -> None:
    assert pictures.faults(ROOT) == []


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with one picture of two files."""
    monkeypatch.setattr(pictures, "PICTURES", {"page.png": ("pages/*",)})
    for name in ("pages/a.html", "pages/b.css", "docs/images/page.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    (tmp_path / "README.md").write_text("![Page](docs/images/page.png)\n")
    pictures.record(tmp_path)
    assert pictures.faults(tmp_path) == []
    return tmp_path


@pytest.mark.parametrize("changed", ["pages/a.html", "pages/b.css", "pages/new.html"])
def test_a_changed_page_wants_new_pictures(root: Path, changed: str) -> None:
    (root / changed).write_text("other")
    [fault] = pictures.faults(root)
    assert fault.startswith("docs/images/page.png is older than pages/*: `./invoke screenshots`")


def test_a_picture_that_is_missing_large_not_used_or_taken_by_nobody_is_a_fault(root: Path) -> None:
    picture = root / "docs" / "images" / "page.png"
    shutil.copy(picture, picture.with_name("other.png"))
    assert "other.png is taken by no task" in pictures.faults(root)[0]
    picture.with_name("other.png").unlink()
    (root / "README.md").write_text("")
    assert "page.png is in no text" in pictures.faults(root)[0]
    picture.write_bytes(b"x" * (pictures.LARGEST_BYTES + 1))
    assert "page.png has more than 150,000 bytes" in pictures.faults(root)[0]
    picture.unlink()
    assert "page.png is missing: `./invoke screenshots`" in pictures.faults(root)[0]


def test_a_source_that_is_none_is_refused(root: Path) -> None:
    with pytest.raises(ValueError, match="matches no file"):
        pictures.digest(root, ("pages/*.js",))
