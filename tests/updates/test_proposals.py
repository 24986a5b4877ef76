"""`fleet.update --propose`: pushed branches, and their pull and merge requests.

Held against a host on this machine that behaves as the APIs are documented: see code_host.py.
"""

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tasks.engine import engine
from tasks.fleet import proposing
from tasks.fleet.hosts import Hosts, api
from tasks.fleet.updating import Result
from tests.updates import code_host
from tests.updates.code_host import TOKEN, CodeHost

branches: Any = engine("branches")
git: Any = engine("git")
unresolved: Any = engine("unresolved")

BRANCH = "template/v1.2.0"
PROJECT = "acme/blog"
KINDS = ("github", "gitlab")


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[CodeHost]:
    """A host with one repository, and the tokens for it."""
    for name in ("GITHUB_TOKEN", "GITLAB_TOKEN"):
        monkeypatch.setenv(name, TOKEN)
    for name in ("GITHUB_SERVER_URL", "CI_SERVER_URL"):
        monkeypatch.delenv(name, raising=False)
    config = tmp_path / "gitconfig"
    config.write_text("[user]\n\tname = Ada\n\temail = ada@acme.example\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(api, "PAUSE_SECONDS", 0.0)
    bare = tmp_path / "repositories" / f"{PROJECT}.git"
    bare.mkdir(parents=True)
    git.ask(bare, "init", "--quiet", "--bare", "--initial-branch=main")
    git.ask(bare, "config", "http.receivepack", "true")
    with code_host.running(tmp_path / "repositories") as running:
        yield running


@pytest.fixture
def clone(host: CodeHost, tmp_path: Path) -> Path:
    """A clone of it, with a commit that is pushed."""
    folder = tmp_path / "blog"
    folder.mkdir()
    git.ask(folder, "init", "--quiet", "--initial-branch=main")
    (folder / "README.md").write_text("# Blog\n")
    commits(folder, "First")
    git.ask(folder, "push", "--quiet", str(host.folder / f"{PROJECT}.git"), "main")
    git.ask(folder, "remote", "add", "origin", f"{host.address}/{PROJECT}.git")
    return folder


def commits(folder: Path, message: str) -> None:
    """Commit all there is, as somebody."""
    words = ("-c", "user.name=Ada", "-c", "user.email=ada@acme.example")
    subprocess.run(["git", "add", "--all"], cwd=folder, check=True)
    subprocess.run(["git", *words, "commit", "--quiet", "-m", message], cwd=folder, check=True)


def prepared(folder: Path, text: str = "Newer.", conflicts: tuple[str, ...] = ()) -> str:
    """Put an update on a branch, as `fleet.update` does, and return the commit."""
    files = {"new.md": text}
    subject = "Update to v1.2.0 of the template"
    if conflicts:
        subject += branches.WITH_CONFLICTS
        files[unresolved.FILE] = unresolved.text(dict.fromkeys(conflicts, "content"))
    git.ask(folder, "read-tree", "HEAD")
    for name, content in files.items():
        blob = git.ask(folder, "hash-object", "-w", "--stdin", given=content.encode())
        git.ask(folder, "update-index", "--add", "--cacheinfo", f"100644,{blob},{name}")
    tree = git.ask(folder, "write-tree")
    git.ask(folder, "read-tree", "HEAD")
    head = git.ask(folder, "rev-parse", "HEAD")
    made = str(branches.commit(folder, tree, head, f"{subject}\n\nFrom v1.1.0 to v1.2.0."))
    git.ask(folder, "update-ref", f"refs/heads/{BRANCH}", made)
    return made


def propose(host: CodeHost, folder: Path, kind: str = "github") -> tuple[str, str]:
    """Propose the update of one service."""
    return proposing.propose(folder, BRANCH, hosts(host, kind))


def hosts(host: CodeHost, kind: str = "github") -> Hosts:
    """Name the host as one of a kind."""
    elsewhere = {"github": "https://github.com", "gitlab": "https://gitlab.com"}
    return Hosts.named(**(elsewhere | {kind: host.address}))


def entry(host: CodeHost) -> dict[str, Any]:
    """Return the only request."""
    [found] = host.entries[PROJECT]
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_a_branch_is_pushed_and_its_request_is_opened_once(
    host: CodeHost, clone: Path, kind: str
) -> None:
    """Run again, it changes nothing; with a newer update, it updates branch and request."""
    tip = prepared(clone)
    done, link = propose(host, clone, kind)
    assert (done, link.startswith(f"{host.address}/{PROJECT}/")) == ("opened", True)
    assert host.git(PROJECT, "rev-parse", BRANCH) == tip
    found = entry(host)
    assert (found["title"], found["base"]) == ("Update to v1.2.0 of the template", "main")
    assert found["body"] == "From v1.1.0 to v1.2.0."
    assert not found.get("draft")

    host.calls.clear()
    assert propose(host, clone, kind) == ("unchanged", link)
    assert {call.split()[0] for call in host.calls} == {"GET"}

    newer = prepared(clone, "Yet newer.", conflicts=("README.md", "app.py"))
    assert propose(host, clone, kind) == ("updated", link)
    assert host.git(PROJECT, "rev-parse", BRANCH) == newer
    found = entry(host)
    title = "Update to v1.2.0 of the template, with conflicts"
    assert found["title"] == (f"Draft: {title}" if kind == "gitlab" else title)
    assert kind == "gitlab" or found["draft"]
    assert found["body"].startswith("# Conflicts of an update from the template")
    assert "- `README.md`: content\n- `app.py`: content\n" in found["body"]

    prepared(clone, "Without conflicts.")
    assert propose(host, clone, kind)[0] == "updated"
    assert entry(host)["title"].startswith("Draft: ") == (kind == "gitlab")
    assert propose(host, clone, kind)[0] == "unchanged"


@pytest.mark.parametrize("kind", KINDS)
def test_a_request_with_conflicts_is_a_draft_from_the_start(
    host: CodeHost, clone: Path, kind: str
) -> None:
    prepared(clone, conflicts=("README.md",))
    host.has_drafts = kind == "gitlab"
    assert propose(host, clone, kind)[0] == "opened"
    assert entry(host).get("draft", False) is False
    assert entry(host)["title"].endswith(", with conflicts")
    if kind == "github":
        # The plan has no drafts: the file in the branch keeps its checks red.
        assert unresolved.FILE in host.git(PROJECT, "ls-tree", "--name-only", BRANCH)
        host.entries.clear()
        host.has_drafts = True
        assert propose(host, clone, kind)[0] == "opened"
        assert entry(host)["draft"] is True
    else:
        assert entry(host)["title"].startswith("Draft: ")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("state", ["merged", "closed"])
def test_what_somebody_has_merged_or_closed_stays_so(
    host: CodeHost, clone: Path, kind: str, state: str
) -> None:
    """Also if its branch is gone. An update that is newer gets a request of its own."""
    prepared(clone)
    link = propose(host, clone, kind)[1]
    host.ends(PROJECT, 1, state)
    host.git(PROJECT, "branch", "-D", BRANCH)
    assert propose(host, clone, kind) == (state, link)
    assert host.git(PROJECT, "branch", "--list", BRANCH) == ""
    prepared(clone, "Yet newer.")
    assert propose(host, clone, kind)[0] == "opened"
    assert [each["state"] for each in host.entries[PROJECT]] == [state, "open"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_request_that_is_opened_meanwhile_is_updated(
    host: CodeHost, clone: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The host answers 422 or 409."""
    prepared(clone)
    found = hosts(host, kind)
    known = next(each for each in found.known if each.server == host.address)
    asked = known.requests
    link = propose(host, clone, kind)[1]
    entry(host)["title"] = "Opened by somebody else"
    answers: Iterator[list[api.Request]] = iter([[]])
    with monkeypatch.context() as patch:
        patch.setattr(known, "requests", lambda *of: next(answers, None) or asked(*of))
        assert proposing.propose(clone, BRANCH, found) == ("updated", link)
    assert entry(host)["title"] == "Update to v1.2.0 of the template"


def test_commits_of_others_are_kept_here_and_there(host: CodeHost, clone: Path) -> None:
    prepared(clone)
    link = propose(host, clone)[1]
    other = clone.with_name("other")
    bare = host.folder / f"{PROJECT}.git"
    subprocess.run(["git", "clone", "-q", f"--branch={BRANCH}", bare, other], check=True)
    (other / "mended.txt").write_text("mended\n")
    commits(other, "Mend")
    git.ask(other, "push", "--quiet", "origin", BRANCH)
    mended = host.git(PROJECT, "rev-parse", BRANCH)
    prepared(clone, "Yet newer.")
    assert propose(host, clone) == ("worked on", link)
    assert host.git(PROJECT, "rev-parse", BRANCH) == mended

    git.ask(clone, "fetch", "--quiet", str(bare), f"+{BRANCH}:{BRANCH}")
    assert propose(host, clone) == ("worked on", link)
    assert entry(host)["body"] == "From v1.1.0 to v1.2.0."


def test_what_no_request_can_show_is_refused_with_the_way_out(host: CodeHost, clone: Path) -> None:
    """Commits that are not pushed; another branch. A main branch that went on is fine."""
    (clone / "mine.txt").write_text("mine\n")
    commits(clone, "Mine")
    prepared(clone)
    with pytest.raises(api.HostError, match=r"main has commits here that `origin` lacks"):
        propose(host, clone)
    git.ask(clone, "switch", "--quiet", "--create", "wip")
    with pytest.raises(api.HostError, match=r"the clone is on wip, and requests go to main"):
        propose(host, clone)
    assert host.git(PROJECT, "branch", "--list", BRANCH) == ""
    git.ask(clone, "switch", "--quiet", "main")
    git.ask(clone, "reset", "--quiet", "--hard", "HEAD~1")
    other = clone.with_name("other")
    bare = host.folder / f"{PROJECT}.git"
    subprocess.run(["git", "clone", "-q", bare, other], check=True)
    (other / "later.txt").write_text("later\n")
    commits(other, "Later")
    git.ask(other, "push", "--quiet", "origin", "main")
    prepared(clone)
    assert propose(host, clone)[0] == "opened"


def test_a_wrong_token_is_tried_once_and_never_shown(
    host: CodeHost, clone: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One failure stops nobody, and each is told."""
    prepared(clone)
    monkeypatch.setenv("GITHUB_TOKEN", "wrong-token")
    results = [Result(name, str(clone), "updated", branch=BRANCH) for name in ("a", "b")]
    results.append(Result("c", str(clone), "up to date"))
    proposing.propose_all(results, hosts(host))
    assert [each.request for each in results] == ["failed", "failed", ""]
    [said] = results[1].left
    assert said.startswith("No request: GitHub refuses the token in GITHUB_TOKEN.")
    assert "401 Bad credentials" in said
    assert len(host.calls) == 1
    monkeypatch.delenv("GITHUB_TOKEN")
    proposing.propose_all(results[:1], hosts(host))
    assert "GITHUB_TOKEN is not set." in results[0].left[-1]
    shown = capsys.readouterr()
    assert "a: failed" in shown.out
    for text in (shown.out, shown.err, str(results)):
        assert "wrong-token" not in text


def test_the_token_is_in_no_file_and_no_other_host_gets_it(
    host: CodeHost, clone: Path, tmp_path: Path
) -> None:
    prepared(clone)
    assert propose(host, clone)[0] == "opened"
    for path in (clone / ".git").rglob("*"):
        assert not path.is_file() or TOKEN.encode() not in path.read_bytes()
    for remote, told in (
        (
            "https://github.evil.example/acme/blog.git",
            "is at github.evil.example, which is neither",
        ),
        ("https://gitlab.com.evil.example/acme/blog.git", "is neither"),
        (str(tmp_path), "is at a local folder"),
        ("", "is at a local folder"),
    ):
        git.ask(clone, "config", "remote.origin.url", remote)
        with pytest.raises(api.HostError, match=told):
            propose(host, clone)


@pytest.mark.parametrize(
    ("limit", "seconds"),
    [
        ((429, {"Retry-After": "7"}, "Too many requests"), 7),
        ((403, {"Retry-After": "8"}, "You have exceeded a secondary rate limit."), 8),
        ((403, {}, "You have exceeded a secondary rate limit."), 60),
        ((429, {}, "Too many requests"), 60),
        ((403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "0"}, "API rate limit"), 1),
        ((429, {"RateLimit-Remaining": "0", "RateLimit-Reset": "0"}, "Retry later"), 1),
    ],
)
def test_a_limit_of_requests_is_waited_for(
    host: CodeHost,
    clone: Path,
    monkeypatch: pytest.MonkeyPatch,
    limit: tuple[int, dict[str, str], str],
    seconds: float,
) -> None:
    prepared(clone)
    waited: list[float] = []
    monkeypatch.setattr(time, "sleep", waited.append)
    host.limits = [limit]
    assert propose(host, clone)[0] == "opened"
    assert [each for each in waited if each] == [seconds]


def test_a_long_limit_ends_the_asking_and_the_next_run_goes_on(host: CodeHost, clone: Path) -> None:
    prepared(clone)
    host.limits = [(403, {"Retry-After": "3600"}, "You have exceeded a secondary rate limit.")]
    results = [Result(name, str(clone), "updated", branch=BRANCH) for name in ("a", "b")]
    proposing.propose_all(results, hosts(host))
    for result in results:
        assert "GitHub limits the number of requests until " in result.left[0]
        assert "Start again then" in result.left[0]
    assert len(host.calls) == 1
    proposing.propose_all(results, hosts(host))
    assert [each.request for each in results] == ["opened", "unchanged"]


def test_a_host_that_refuses_says_why(
    host: CodeHost, clone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A repository that the token does not reach; a host that is down."""
    prepared(clone)
    host.limits = [(403, {}, "Resource not accessible by personal access token")]
    with pytest.raises(api.HostError, match=r"403 Resource not .* needs read and write access to"):
        propose(host, clone)
    git.ask(clone, "config", "remote.origin.url", f"{host.address}/acme/other.git")
    with pytest.raises(api.HostError, match="404 Not Found"):
        propose(host, clone)
    git.ask(clone, "config", "remote.origin.url", "http://127.0.0.1:9/acme/blog.git")
    with pytest.raises(api.HostError, match=r"GitHub cannot be reached at http://127\.0\.0\.1:9"):
        proposing.propose(clone, BRANCH, Hosts.named("http://127.0.0.1:9"))


@pytest.mark.parametrize(
    ("remote", "server", "project"),
    [
        ("git@github.com:acme/blog.git", "https://github.com", "acme/blog"),
        ("ssh://git@gitlab.com:2222/acme/team/blog.git", "https://gitlab.com", "acme/team/blog"),
        ("https://ada@github.com/acme/blog", "https://github.com", "acme/blog"),
    ],
)
def test_the_host_of_a_remote_is_found(remote: str, server: str, project: str) -> None:
    found, path = Hosts.named("https://github.com", "https://gitlab.com").of(remote)
    assert (found.server, path) == (server, project)
    own = Hosts.named("https://git.acme.example/", "https://code.acme.example/gitlab")
    known, path = own.of("https://code.acme.example/gitlab/acme/blog.git")
    assert (known.api.address, path) == ("https://code.acme.example/gitlab/api/v4", "acme/blog")
    known, path = own.of("git@git.acme.example:acme/blog.git")
    assert (known.api.address, path) == ("https://git.acme.example/api/v3", "acme/blog")


def test_a_job_knows_its_own_host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_SERVER_URL", "https://git.acme.example")
    monkeypatch.setenv("CI_SERVER_URL", "https://code.acme.example")
    assert [each.server for each in Hosts.named().known] == [
        "https://git.acme.example",
        "https://code.acme.example",
    ]
    assert os.environ["GITHUB_SERVER_URL"]
