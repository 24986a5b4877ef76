"""Test that an update goes to a release that contains what a service is from, and to no other."""

from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from flask_chassis_tools.updates import adopting, drifting, git, record, updating
from flask_chassis_tools.updates.faults import UpdateError

from .made_up import FILES, Template, commit, recorded, state, write

HASH = "0123456789abcdef0123456789abcdef01234567"


def app(first: str, last: str) -> dict[str, str]:
    """Return the file that releases change, on its first and its last line."""
    return {"app.txt": FILES["app.txt"].replace("one", first).replace("five", last)}


@dataclass(frozen=True)
class Past:
    """A template with two releases, and commits beside them."""

    template: Template
    v1: str
    v2: str
    beside: str
    """A commit of a branch that began at v1.0.0."""
    after: str
    """A commit of `main` after v1.1.0."""


@pytest.fixture
def past(tmp_path: Path) -> Past:
    """Make it."""
    template = Template.begun(tmp_path / "template")
    v1 = template.releases("v1.0.0", {})
    template.switch("--create", "beside")
    beside = template.commits({**app("ONE", "five"), "only-beside.txt": "ours\n"})
    template.switch("main")
    v2 = template.releases("v1.1.0", app("one", "FIVE"))
    return Past(template, v1, v2, beside, template.commits({"later.txt": "later\n"}))


def update(past: Past, service: Path, tag: str = "", since: str = "") -> int:
    """Update a service without its tests, and commit that."""
    code = updating.update(past.template.wish(service, tag, since), verify=False)
    commit(service)
    return code


def test_a_release_without_the_services_commit_is_refused(past: Past, tmp_path: Path) -> None:
    """The update would take the files of the other branch back, without a word."""
    service = past.template.service(tmp_path / "service", past.beside)
    before = state(service)
    with pytest.raises(UpdateError) as refused:
        update(past, service)
    said = str(refused.value)
    assert f"rendered from {past.beside[:10]} of {past.template.folder}, which v1.1.0" in said
    assert "merge from v1.0.0, the newest release that both contain: --since=v1.0.0" in said
    assert state(service) == before


def test_the_named_way_keeps_what_only_the_branch_has(past: Past, tmp_path: Path) -> None:
    service = past.template.service(tmp_path / "service", past.beside)
    assert update(past, service, since="v1.0.0") == 0
    assert (service / "app.txt").read_text() == app("ONE", "FIVE")["app.txt"]
    assert (service / "only-beside.txt").read_text() == "ours\n"
    assert recorded(service) == past.v2


def test_a_hotfix_that_a_later_release_contains_is_no_dead_end(past: Past, tmp_path: Path) -> None:
    """Both releases are tags: the versions are in order, the commits are not."""
    template = past.template
    template.switch("--detach", "v1.0.0")
    hotfix = template.releases("v1.0.1", {"fix.txt": "fix\n"})
    service = template.service(tmp_path / "service", "v1.0.1")
    with pytest.raises(UpdateError, match=r"rendered from .* which v1\.1\.0 does not contain"):
        update(past, service)

    template.switch("main")
    git.ask(template.folder, "merge", "--quiet", "--no-edit", hotfix)
    merged = template.releases("v1.2.0", {})
    with pytest.raises(UpdateError, match=r"go to v1\.2\.0, which contains it: --to=v1\.2\.0; or "):
        update(past, service, "v1.1.0")
    assert update(past, service, "v1.2.0") == 0
    assert (recorded(service), (service / "fix.txt").read_text()) == (merged, "fix\n")


def test_a_history_without_a_common_release_leads_to_adopting(
    past: Past, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    past.template.switch("--orphan", "rewritten")
    write(past.template.folder, {"cookiecutter.json": '{"project_slug": "blog"}'})
    alone = past.template.commits(FILES, "# Changelog\n\nRewritten.\n")
    service = past.template.service(tmp_path / "service", alone)
    with pytest.raises(UpdateError, match=r"Do one of these: remove the record .*template\.adopt"):
        update(past, service)
    git.ask(service, "rm", "--quiet", record.FILE)
    commit(service)
    assert adopting.adopt(past.template.wish(service), "") == 0
    assert "The service is linked to v1.1.0." in capsys.readouterr().out
    assert recorded(service) == past.v2


def test_a_service_from_a_commit_after_the_release_is_newer(
    past: Past, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    service = past.template.service(tmp_path / "service", past.after)
    assert update(past, service) == 0
    assert "The service is newer than v1.1.0" in capsys.readouterr().out
    assert recorded(service) == past.after


def test_a_release_is_merged_from_no_newer_one(past: Past, tmp_path: Path) -> None:
    """What is between the two would be missing, or be taken back."""
    service = past.template.service(tmp_path / "service", past.v1)
    with pytest.raises(UpdateError, match=r"rendered from v1\.0\.0, which does not contain v1\.1"):
        update(past, service, since="v1.1.0")
    with pytest.raises(UpdateError, match=r"v1\.0\.0 does not contain v1\.1\.0: --since has to"):
        update(past, service, "v1.0.0", since="v1.1.0")
    git.ask(service, "rm", "--quiet", record.FILE)
    commit(service)
    with pytest.raises(UpdateError, match=r"which v1\.0\.0 does not contain"):
        adopting.adopt(past.template.wish(service, "v1.0.0"), "v1.1.0")


# Faulty records.

FAULTY = ["main", HASH[:7], HASH.upper(), "", None, "--all"]


@pytest.mark.parametrize("named", [*FAULTY, HASH])
def test_a_commit_that_is_none_is_named_by_all_tasks_and_the_way_out_works(
    past: Past, tmp_path: Path, named: object
) -> None:
    service = past.template.service(tmp_path / "service", past.v1)
    write(service, {record.FILE: past.template.record(named)})
    commit(service)
    wish = past.template.wish(service)
    is_unknown = named == HASH
    told = f"has no commit {HASH}" if is_unknown else "is not a commit: a full hash is needed"
    with pytest.raises(UpdateError, match=rf"{told}.* template\.update --since=RELEASE"):
        update(past, service)
    with pytest.raises(UpdateError, match=rf"{told}.* template\.update --since=RELEASE"):
        adopting.adopt(wish, "")
    with pytest.raises(UpdateError, match=rf"{told}.* template\.update --since=RELEASE"):
        drifting.patch(wish, ["app.txt"], tmp_path / "scratch")
    if not is_unknown:
        with pytest.raises(UpdateError, match=told):
            drifting.drift(service)
    assert update(past, service, since="v1.0.0") == 0
    assert (recorded(service), (service / "app.txt").read_text()) == (
        past.v2,
        app("one", "FIVE")["app.txt"],
    )


def test_a_shallow_clone_of_the_template_is_named(past: Past, tmp_path: Path) -> None:
    """As many CI systems make them: the commit may be in the part that is missing."""
    git.ask(past.template.folder, "switch", "--quiet", "--detach", "v1.1.0")
    shallow = Template(tmp_path / "shallow")
    words = ("clone", "--quiet", "--depth=1", f"file://{past.template.folder}")
    git.ask(tmp_path, *words, str(shallow.folder))
    git.ask(shallow.folder, "tag", "--force", "v1.1.0")
    service = past.template.service(tmp_path / "service", past.v1)
    with pytest.raises(UpdateError, match=r"only a part of .* git fetch --unshallow --tags"):
        updating.update(shallow.wish(service), verify=False)
    git.ask(shallow.folder, "fetch", "--quiet", "--unshallow", "--tags", "--force")
    assert updating.update(shallow.wish(service), verify=False) == 0
    assert recorded(service) == past.v2


def test_a_service_that_is_at_the_newest_release_gets_a_good_record(
    past: Past, tmp_path: Path
) -> None:
    service = past.template.service(tmp_path / "service", past.v2)
    write(service, {record.FILE: past.template.record("main")})
    commit(service)
    assert update(past, service, since="v1.1.0") == 0
    assert recorded(service) == past.v2
    assert git.ask(service, "diff", "--name-only", "HEAD~1") == record.FILE


def test_a_commit_that_nobody_has_published_is_left_by_the_same_way(
    past: Past, tmp_path: Path
) -> None:
    tree = git.ask(past.template.folder, "rev-parse", "v1.0.0^{tree}")
    words = ("commit-tree", tree, "-p", past.v1, "-m", "A proposal")
    service = past.template.service(tmp_path / "service", past.v1)
    proposal = git.ask(past.template.folder, *words)
    write(service, {record.FILE: past.template.record(proposal)})
    commit(service)
    # A clone from a folder of the same disk can have what no branch has.
    with pytest.raises(UpdateError, match=r"is in no branch or tag\. .*--since=RELEASE"):
        update(past, service)
    assert update(past, service, since="v1.0.0") == 0
    assert recorded(service) == past.v2


UNREADABLE = [
    *("", "[]", "\x00", "[" * 100_000),
    '{"template": "https://templates.acme.example/flask.git"}',
]


@pytest.mark.parametrize("text", UNREADABLE, ids=range(len(UNREADABLE)))
def test_an_unreadable_record_is_named_by_all_tasks_and_both_ways_out_work(
    past: Past, tmp_path: Path, text: str
) -> None:
    service = past.template.service(tmp_path / "service", past.v1)
    write(service, {record.FILE: text})
    commit(service)
    wish = past.template.wish(service)
    told = r"\.cruft\.json cannot be read .*Restore it from git's history and commit it; if"
    with pytest.raises(UpdateError, match=told):
        update(past, service)
    with pytest.raises(UpdateError, match=told):
        adopting.adopt(wish, "")
    with pytest.raises(UpdateError, match=told):
        drifting.drift(service)
    with pytest.raises(UpdateError, match=told):
        drifting.patch(wish, ["app.txt"], tmp_path / "scratch")

    git.ask(service, "rm", "--quiet", record.FILE)
    commit(service)
    assert adopting.adopt(replace(wish, answers={"project_slug": "blog"}), "v1.0.0") == 0
    assert recorded(service) == past.v2
    git.ask(service, "reset", "--quiet", "--hard")

    git.ask(service, "checkout", "--quiet", "HEAD~2", "--", record.FILE)
    commit(service)
    assert update(past, service) == 0
    assert recorded(service) == past.v2


def test_no_record_leads_to_adopting(past: Past, tmp_path: Path) -> None:
    service = past.template.service(tmp_path / "service", past.v1)
    git.ask(service, "rm", "--quiet", record.FILE)
    commit(service)
    with pytest.raises(UpdateError, match=r"Link the service: template\.adopt --template=https:"):
        update(past, service)
    assert adopting.adopt(past.template.wish(service), "") == 0
    commit(service)
    with pytest.raises(UpdateError, match=r"already has a \.cruft\.json: run template\.update"):
        adopting.adopt(past.template.wish(service), "")


def test_a_named_release_does_not_take_an_update_back(past: Past, tmp_path: Path) -> None:
    newer = past.template.service(tmp_path / "newer", past.v2)
    with pytest.raises(UpdateError, match=r"newer than v1\.0\.0: it was rendered from v1\.1\.0"):
        update(past, newer, "v1.0.0", since="v1.0.0")
    after = past.template.service(tmp_path / "after", past.after)
    with pytest.raises(UpdateError, match=r"newer than v1\.1\.0: it was rendered from commit"):
        update(past, after, since="v1.1.0")
    assert (recorded(newer), recorded(after)) == (past.v2, past.after)


def test_a_wish_that_would_go_back_is_refused_and_not_dropped(past: Past, tmp_path: Path) -> None:
    """A service can be from a commit after the newest release."""
    service = past.template.service(tmp_path / "service", past.after)
    wish = past.template.wish(service)
    for more in ({"answers": {"project_slug": "other"}}, {"restore": ["app.txt"]}):
        with pytest.raises(UpdateError, match="name a release that contains this commit"):
            updating.update(replace(wish, **more), verify=False)
