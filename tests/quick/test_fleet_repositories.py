"""Where the repositories of a fleet are on the web, and which updates are prepared in them."""

from pathlib import Path

import pytest

from tasks.engine import engine
from tasks.fleet import repositories
from tasks.fleet.repositories import Branch
from tasks.fleet.state import Versions
from tests.full.programs import succeeds

PAGE = "https://github.com/acme/thoughts"


@pytest.mark.parametrize(
    ("url", "page"),
    [
        ("https://github.com/acme/thoughts.git", PAGE),
        ("https://user:secret@github.com/acme/thoughts", PAGE),
        ("git@github.com:acme/thoughts.git", PAGE),
        ("github.com:acme/thoughts", PAGE),
        ("ssh://git@github.com:2222/acme/thoughts.git/", PAGE),
        ("https://git.acme.example:8443/a/b.git", "https://git.acme.example:8443/a/b"),
        ("/srv/git/thoughts.git", ""),
        ("../thoughts", ""),
        ("file:///srv/git/thoughts.git", ""),
        ("", ""),
    ],
)
def test_an_address_of_git_leads_to_a_page_without_its_login(url: str, page: str) -> None:
    assert repositories.web_address(url) == page


@pytest.mark.parametrize(
    ("page", "link"),
    [
        (PAGE, f"{PAGE}/compare/main...template/v1.2.0"),
        (
            "https://gitlab.acme.example/a/b",
            "https://gitlab.acme.example/a/b/-/compare/main...template/v1.2.0",
        ),
        ("https://git.acme.example/a/b", ""),
    ],
)
def test_a_difference_has_an_address_where_it_is_known(page: str, link: str) -> None:
    assert repositories.comparison(page, "main", "template/v1.2.0") == link


def test_each_prepared_update_has_its_state(tmp_path: Path) -> None:
    """What is merged is not prepared any more, and branches of other names are none of ours."""
    ours = engine("branches")

    def git(*words: str, email: str = "ada@acme.example") -> str:
        person = ("-c", "user.name=A", "-c", f"user.email={email}")
        return succeeds(["git", *person, *words], tmp_path).strip()

    def branch(name: str, *message: str, email: str = ours.EMAIL) -> None:
        paragraphs = [word for each in message for word in ("-m", each)]
        tree, head = git("rev-parse", "HEAD^{tree}"), git("rev-parse", "HEAD")
        commit = git("commit-tree", tree, "-p", head, *paragraphs, email=email)
        git("update-ref", name, commit)

    git("init", "--quiet", "--initial-branch=main")
    git("commit", "--quiet", "--allow-empty", "-m", "First")
    branch("refs/heads/chassis/v1.1.0", "Merged")
    git("merge", "--quiet", "--no-ff", "-m", "Merge", "chassis/v1.1.0")
    branch("refs/heads/chassis/v1.2.0", "Take chassis and tools of v1.2.0", "flask-chassis: 1 -> 2")
    branch("refs/heads/template/v1.2.0", f"Update to v1.2.0{ours.WITH_CONFLICTS}", "Files: 2")
    branch("refs/remotes/origin/template/v1.2.0", "Update to v1.2.0", "Older.")
    branch("refs/remotes/origin/template/v1.1.0", "Update", f"{ours.LEFT_TO_MEND}tests failed.")
    branch("refs/heads/template/mine", "Update", email="ada@acme.example")
    branch("refs/heads/feature/template", "Other")
    branch("refs/heads/template/odd", "A message with \x1f in it")
    found = {each.name: each for each in repositories.prepared(tmp_path, PAGE)}
    assert {name: each.state for name, each in found.items()} == {
        "chassis/v1.2.0": "ready",
        "template/v1.2.0": "with conflicts",
        "template/v1.1.0": "left to mend",
        "template/mine": "worked on",
        "template/odd": "ready",
    }
    assert found["chassis/v1.2.0"].link == f"{PAGE}/compare/main...chassis/v1.2.0"
    assert repositories.prepared(tmp_path, "")[0].link == ""
    assert isinstance(found["template/mine"], Branch)


def test_pre_releases_are_not_missing(tmp_path: Path) -> None:
    """No update goes to one that nobody names."""

    def git(*words: str) -> str:
        person = ("-c", "user.name=A", "-c", "user.email=a@acme.example")
        return succeeds(["git", *person, *words], tmp_path).strip()

    git("init", "--quiet", "--initial-branch=main")
    for tag in ("v1.0.0", "v1.1.0-rc.1", "v1.1.0", "v1.2.0-rc.1"):
        git("commit", "--quiet", "--allow-empty", "-m", tag)
        git("tag", tag)
    versions = Versions(tmp_path)
    assert versions.after("v1.0.0") == ["v1.1.0"]
    assert versions.after("v1.1.0-rc.1+") == ["v1.1.0"]
    assert versions.after("v1.1.0") == []
    assert versions.after("0123456789") == ["v1.0.0", "v1.1.0"]
