"""Test that a service gets chassis and tools of a release, and that later updates go on from there.

The template and its wheels are made up, and so small that each test reads what it has got.
"""

import hashlib
import io
import json
import re
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from flask_chassis_tools.updates import (
    branches,
    bumping,
    chassis,
    checksums,
    content_hash,
    git,
    lock_file,
    merging,
    ownership,
    preparing,
    record,
    sides,
    wheels,
)
from flask_chassis_tools.updates.faults import UpdateError
from flask_chassis_tools.updates.preparing import Wish
from flask_chassis_tools.updates.scratch import Scratch
from flask_chassis_tools.updates.source import Source

RENDERED = "{{cookiecutter.project_slug}}"

LISTS = """\
template = ["**"]
seeded = []
shared = ["pyproject.toml", ".template-files.sha256"]
"""

PYPROJECT = """\
[project]
name = "thoughts"
requires-python = ">=3.11"
dependencies = ["flask-chassis[api,database]~=0.1"]

[dependency-groups]
dev = ["flask-chassis-tools"]

[tool.poetry.dependencies]
flask-chassis = {{ path = "{chassis}" }}

[tool.poetry.group.dev.dependencies]
flask-chassis-tools = {{ path = "{tools}" }}

[tool.uv.sources]
flask-chassis = {{ path = "{chassis}" }}
flask-chassis-tools = {{ path = "{tools}" }}
{more}
"""

ENTRY = """\
[[package]]
name = "{name}"
version = "{version}"
groups = ["main", "dev"]
files = [
    {{file = "{file}", hash = "sha256:{checksum}"}},
]

[package.dependencies]
{requires}

[package.source]
type = "file"
url = "{path}"

"""

OTHER = """\
[[package]]
name = "flask"
version = "0.1.0"
groups = ["main"]
files = [
    {file = "flask-0.1.0-py3-none-any.whl", hash = "sha256:1111"},
]

"""


def wheel(name: str, version: str, requires: str) -> tuple[str, bytes]:
    """Return the name of a wheel in a service, and its content."""
    file = f"{name.replace('-', '_')}-{version}-py3-none-any.whl"
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        info = zipfile.ZipInfo(f"{name.replace('-', '_')}-{version}.dist-info/METADATA")
        archive.writestr(info, f"Name: {name}\nVersion: {version}\n{requires}")
    return f"vendor/{file}", content.getvalue()


def files(version: str, more: str = "", requires: str = "flask>=3.1") -> dict[str, bytes]:
    """Return a render of a version: `more` is at the end of its pyproject.toml."""
    required = {
        chassis.CHASSIS: f"Requires-Dist: {requires}\n",
        chassis.TOOLS: f"Requires-Dist: {requires}\nRequires-Dist: flask-chassis (=={version})\n",
    }
    found = dict(wheel(name, version, required[name]) for name in chassis.DISTRIBUTIONS)
    named = dict(zip(("chassis", "tools"), found, strict=True))
    pyproject = PYPROJECT.format(**named, more=more)
    entries = "".join(
        ENTRY.format(
            name=name,
            version=version,
            file=Path(path).name,
            checksum=hashlib.sha256(content).hexdigest(),
            path=path,
            requires=f'flask-chassis = "{version}"' if name == chassis.TOOLS else 'flask = ">=3.1"',
        )
        for name, (path, content) in zip(chassis.DISTRIBUTIONS, found.items(), strict=True)
    )
    found["pyproject.toml"] = pyproject.encode()
    listed = (f"{hashlib.sha256(found[name]).hexdigest()}  {name}" for name in found)
    sums = "\n".join(line for line in listed if line.endswith(".whl"))
    lock = (
        f'# Locked.\n\n{OTHER}{entries}[metadata]\ncontent-hash = "{content_hash.of(pyproject)}"\n'
    )
    return found | {
        "poetry.lock": lock.encode(),
        checksums.FILE: f"{sums}\n".encode(),
        ownership.FILE: LISTS.encode(),
    }


def write(folder: Path, contents: dict[str, bytes]) -> None:
    """Write files."""
    for name, content in contents.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


@dataclass
class Fleet:
    """A template with releases, and a service of the first."""

    template: Path
    service: Path
    scratch: Path

    def release(self, tag: str, contents: dict[str, bytes]) -> str:
        """Release a render, and return its commit."""
        for file in (self.template / RENDERED / "vendor").glob("*.whl"):
            file.unlink()
        write(self.template / RENDERED, contents)
        git.ask(self.template, "add", "--all")
        git.ask(self.template, "commit", "--quiet", f"--message={tag}")
        git.ask(self.template, "tag", tag)
        return git.ask(self.template, "rev-parse", "HEAD")

    def changes(self, contents: dict[str, bytes]) -> None:
        """Commit files to the service."""
        write(self.service, contents)
        git.ask(self.service, "add", "--all")
        git.ask(self.service, "commit", "--quiet", "--message=Change")

    @property
    def wish(self) -> Wish:
        """What is wished for: Poetry is not there, so that it is an error to need it."""
        return Wish(self.service, self.scratch / "no-programs", template=str(self.template))

    def source(self) -> Source:
        """A clone of the template."""
        folder = self.scratch / f"template-{len(list(self.scratch.glob('template-*')))}"
        return Source.cloned(str(self.template), folder)

    def bump(self, tag: str, *, is_named: bool = False) -> bumping.Bumped | None:
        """Bump the service; `is_named` is whether somebody has named the release."""
        folder = self.scratch / f"bump-{len(list(self.scratch.glob('bump-*')))}"
        wish = replace(self.wish, tag=tag if is_named else "")
        return bumping.bump(wish, self.source(), tag, folder)

    def bumped(self, tag: str) -> dict[str, bytes]:
        """Bump the service, commit that, and return the service's files."""
        found = self.bump(tag)
        assert found is not None
        bumping.apply(found, "")
        git.ask(self.service, "commit", "--quiet", f"--message={found.title}")
        return self.files()

    def files(self) -> dict[str, bytes]:
        """Return the files of the service."""
        names = git.names(self.service, "ls-files", "-z")
        return {name: (self.service / name).read_bytes() for name in names}


@pytest.fixture
def fleet(tmp_path: Path) -> Fleet:
    """Make the template with two releases, and the service."""
    made = Fleet(tmp_path / "template", tmp_path / "service", tmp_path / "scratch")
    for folder in (made.template, made.service, made.scratch):
        folder.mkdir()
    for folder in (made.template, made.service):
        git.ask(folder, "init", "--quiet", "--initial-branch=main")
    commit = made.release("v0.1.0", files("0.1.0"))
    made.release("v0.2.0", files("0.2.0", more="# A line of the second release."))
    content = {
        "template": "https://templates.acme.example/flask.git",
        "commit": commit,
        "checkout": "v0.1.0",
        "context": {"cookiecutter": {"project_slug": "thoughts"}},
        "directory": None,
    }
    made.changes(files("0.1.0") | {record.FILE: record.formatted(content).encode()})
    return made


def test_a_service_gets_the_wheels_and_the_lines_that_name_them(fleet: Fleet) -> None:
    before, after = fleet.files(), fleet.bumped("v0.2.0")
    new = files("0.2.0")
    for name in (
        checksums.FILE,
        "poetry.lock",
        "pyproject.toml",
        *(n for n in new if "vendor" in n),
    ):
        assert after.pop(name) == new[name]
        before.pop(name, None)
    written = json.loads(after.pop(record.FILE))
    assert written.pop(wheels.RECORDED) == "v0.2.0"
    assert written == json.loads(before.pop(record.FILE))
    # The old wheels are gone, and all else is as it was: the lock still has flask 0.1.0.
    assert after == {name: text for name, text in before.items() if not name.endswith(".whl")}
    assert b'name = "flask"\nversion = "0.1.0"' in new["poetry.lock"]
    assert chassis.foreign_sources(fleet.service) == []
    known = checksums.read(new[checksums.FILE].decode())
    assert checksums.edited(known, checksums.content_in(fleet.service)) == {}


def test_what_a_team_has_changed_stays(fleet: Fleet) -> None:
    ours = files("0.1.0")
    pyproject = ours["pyproject.toml"].replace(b"\n\n[tool.uv", b"\nours = '*'\n\n[tool.uv")
    digest = content_hash.of(pyproject.decode()).encode()
    added = b'[[package]]\nname = "ours"\nversion = "0.1.0"\n\n'
    lock = ours["poetry.lock"].replace(b"[metadata]", added + b"[metadata]")
    lock = re.sub(b'content-hash = ".*"', b'content-hash = "' + digest + b'"', lock)
    fleet.changes({"pyproject.toml": pyproject, "poetry.lock": lock, "own.py": b"OURS = 1\r\n"})
    after = fleet.bumped("v0.2.0")
    assert b"ours = '*'" in after["pyproject.toml"]
    assert b"flask_chassis_tools-0.2.0" in after["pyproject.toml"]
    assert added in after["poetry.lock"]
    assert content_hash.is_of(after["poetry.lock"].decode(), after["pyproject.toml"].decode())
    assert after["own.py"] == b"OURS = 1\r\n"


def test_nothing_is_done_twice_or_backwards(fleet: Fleet) -> None:
    fleet.release("v0.3.0", files("0.3.0"))
    fleet.bumped("v0.3.0")
    assert fleet.bump("v0.3.0") is None
    assert fleet.bump("v0.1.0") is None
    assert fleet.bump("v0.2.0") is None
    for older in ("v0.2.0", "v0.1.0"):
        with pytest.raises(
            UpdateError, match=r"has flask-chassis 0\.3\.0, newer than .* not go back"
        ):
            fleet.bump(older, is_named=True)


def test_a_release_without_a_change_of_the_packages_is_nothing_to_take(fleet: Fleet) -> None:
    fleet.release("v0.1.1", files("0.1.0", more="# Something else."))
    assert fleet.bump("v0.1.1") is None


def test_an_incompatible_version_needs_an_update(fleet: Fleet) -> None:
    fleet.release("v1.0.0", files("1.0.0"))
    with pytest.raises(UpdateError, match=r"can need changes .* Update it with template\.update"):
        fleet.bump("v1.0.0")


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        (b'"file"\nurl = "vendor/', b'"directory"\nurl = "../', "not run on the template's"),
        (b'content-hash = "', b'content-hash = "0', r"outdated. Run poetry lock"),
        (b'name = "flask-chassis', b'name = "other', "has no flask-chassis in poetry"),
    ],
)
def test_a_service_that_is_not_as_rendered_is_refused_with_the_way_out(
    fleet: Fleet, before: bytes, after: bytes, message: str
) -> None:
    lock = files("0.1.0")["poetry.lock"]
    assert before in lock
    fleet.changes({"poetry.lock": lock.replace(before, after)})
    with pytest.raises(UpdateError, match=message):
        fleet.bump("v0.2.0")


@pytest.mark.parametrize("kind", ["new requirements", "own bounds"])
def test_what_text_cannot_settle_is_locked_by_poetry(
    fleet: Fleet, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Poetry itself is run in the tests of releases; here only whether it is, and on what."""
    asked = []

    def make(folder: Path, programs: Path, environment: object, words: tuple[str, ...]) -> None:
        asked.append((words, (folder / "pyproject.toml").read_text()))

    monkeypatch.setattr(lock_file, "make", make)
    if kind == "own bounds":
        ours = files("0.1.0")
        pyproject = ours["pyproject.toml"].replace(b"~=0.1", b"~=0.1,<0.2")
        digest = content_hash.of(pyproject.decode()).encode()
        lock = re.sub(
            b'content-hash = ".*"', b'content-hash = "' + digest + b'"', ours["poetry.lock"]
        )
        fleet.changes({"pyproject.toml": pyproject, "poetry.lock": lock})
        fleet.bumped("v0.2.0")
    else:
        fleet.release("v0.3.0", files("0.3.0", requires="flask>=3.2"))
        fleet.bumped("v0.3.0")
    [(words, text)] = asked
    assert words == ("lock",)
    assert "flask_chassis-0.1.0" not in text


def merged(fleet: Fleet, tag: str, *, until: dict[str, bytes]) -> merging.Merged:
    """Merge a release, whose render is given, as `preparing.prepare` does."""
    source, written = fleet.source(), preparing.recorded(fleet.service)
    old, new = (fleet.scratch / f"{name}-{tag}" for name in ("old", "new"))
    write(old, files("0.1.0"))
    write(new, until)
    more = preparing.with_own_wheels(written, source, fleet.service, old, new)
    scratch = Scratch(fleet.scratch / f"merge-{tag}", fleet.service)
    found = merging.merge(scratch, sides.prepare(scratch, old, new), "template")
    found.notes.append(json.dumps(more))
    return found


def _contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and ".git" not in path.parts
    }


def test_the_next_update_has_no_conflict_and_leaves_no_old_wheel(fleet: Fleet) -> None:
    fleet.bumped("v0.2.0")
    last = files("0.3.0", more="# A line of the third release.")
    fleet.release("v0.3.0", last)
    found = merged(fleet, "v0.3.0", until=last)
    assert found.conflicts == {}
    assert json.loads(found.notes[-1]) == {"directory": None}
    [scratch] = fleet.scratch.glob("merge-*")
    after = _contents(scratch)
    assert {name for name in after if "vendor" in name} == {n for n in last if "vendor" in n}
    assert after["pyproject.toml"] == last["pyproject.toml"]
    assert after[checksums.FILE] == last[checksums.FILE]


def test_an_update_to_an_earlier_release_than_the_chassis_keeps_the_chassis(fleet: Fleet) -> None:
    middle = files("0.2.0", more="# A line of the second release.")
    newest = files("0.3.0")
    fleet.release("v0.3.0", newest)
    fleet.bumped("v0.3.0")
    found = merged(fleet, "v0.2.0", until=middle)
    assert found.conflicts == {}
    assert json.loads(found.notes[-1])[wheels.RECORDED] == "v0.3.0"
    [scratch] = fleet.scratch.glob("merge-*")
    after = _contents(scratch)
    assert {name for name in after if "vendor" in name} == {n for n in newest if "vendor" in n}
    assert b"flask_chassis-0.3.0" in after["pyproject.toml"]
    assert b"# A line of the second release." in after["pyproject.toml"]


def test_a_branch_is_made_and_not_made_again(fleet: Fleet) -> None:
    found = fleet.bump("v0.2.0")
    assert found is not None
    assert not branches.is_on_top(fleet.service, "chassis/v0.2.0")
    bumping.apply(found, "chassis/v0.2.0", ["Left to mend: tests failed."])
    assert branches.is_on_top(fleet.service, "chassis/v0.2.0")
    message = git.ask(fleet.service, "log", "-1", "--format=%B", "chassis/v0.2.0")
    assert message.splitlines() == [
        "Take flask-chassis 0.2.0 and flask-chassis-tools 0.2.0",
        "",
        "Left to mend: tests failed.",
        "",
        "flask-chassis: 0.1.0 -> 0.2.0",
        "flask-chassis-tools: 0.1.0 -> 0.2.0",
    ]
    assert git.names(fleet.service, "status", "--porcelain", "-z") == []


@pytest.mark.parametrize("ignored", ["*.whl", "vendor/"])
@pytest.mark.parametrize("whose", ["the service", "somebody"])
def test_wheels_arrive_although_git_ignores_them(
    fleet: Fleet, ignored: str, whose: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if whose == "the service":
        fleet.changes({".gitignore": f"{ignored}\n".encode()})
    else:
        (tmp_path / "ignored").write_text(f"{ignored}\n")
        monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
        monkeypatch.setenv("GIT_CONFIG_KEY_0", "core.excludesFile")
        monkeypatch.setenv("GIT_CONFIG_VALUE_0", str(tmp_path / "ignored"))
    after = fleet.bumped("v0.2.0")
    assert {name for name in after if name.endswith(".whl")} == {
        name for name in files("0.2.0") if name.endswith(".whl")
    }


def test_a_hotfix_beside_the_releases_gives_way_to_later_wheels(fleet: Fleet) -> None:
    """The later releases do not contain the commit of the hotfix, but have higher versions."""
    git.ask(fleet.template, "switch", "--quiet", "--detach", "v0.1.0")
    fleet.release("v0.1.1", files("0.1.1"))
    git.ask(fleet.template, "switch", "--quiet", "main")
    after = fleet.bumped("v0.1.1")
    assert "vendor/flask_chassis-0.1.1-py3-none-any.whl" in after
    found = merged(fleet, "v0.2.0", until=files("0.2.0"))
    assert found.conflicts == {}
    assert json.loads(found.notes[-1]) == {"directory": None}
    [scratch] = fleet.scratch.glob("merge-*")
    wheels_now = {name for name in _contents(scratch) if name.endswith(".whl")}
    assert wheels_now == {name for name in files("0.2.0") if name.endswith(".whl")}


def test_wheels_that_were_put_back_are_bumped_again(fleet: Fleet) -> None:
    """What counts is what the service has, and not what its record says."""
    before = fleet.files()
    fleet.bumped("v0.2.0")
    for name in files("0.2.0"):
        if name.startswith("vendor/"):
            (fleet.service / name).unlink()
    fleet.changes({name: text for name, text in before.items() if name != record.FILE})
    assert "vendor/flask_chassis-0.2.0-py3-none-any.whl" in fleet.bumped("v0.2.0")


def test_a_lock_that_stays_behind_is_no_bump(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    """Poetry locks what pyproject.toml admits: here, nothing newer."""
    lock = files("0.1.0")["poetry.lock"].decode()
    monkeypatch.setattr(lock_file, "make", lambda *_: None)
    for name in chassis.DISTRIBUTIONS:
        wheel_name = wheel(name, "0.1.0", "")[0]
        git.ask(fleet.service, "rm", "--quiet", wheel_name)
    source = '[package.source]\ntype = "legacy"\nurl = "https://packages.acme.example/simple"\n\n'
    lock = re.sub(r"\[package.source\]\n.*\n.*\n\n", source, lock)
    fleet.changes({"poetry.lock": lock.encode(), checksums.FILE: b""})
    with pytest.raises(UpdateError, match=r"locked flask-chassis 0\.1\.0 and not 0\.2\.0 of v0"):
        fleet.bump("v0.2.0")


def test_a_release_of_the_record_that_the_template_lacks_is_named(fleet: Fleet) -> None:
    content = json.loads((fleet.service / record.FILE).read_text()) | {wheels.RECORDED: "v9.9.9"}
    fleet.changes({record.FILE: record.formatted(content).encode()})
    with pytest.raises(UpdateError, match=r"names v9\.9\.9 as the release of the chassis"):
        merged(fleet, "v0.2.0", until=files("0.2.0"))


def test_the_line_ends_of_a_lock_stay(fleet: Fleet) -> None:
    lock = files("0.1.0")["poetry.lock"].replace(b"\n", b"\r\n")
    fleet.changes({"poetry.lock": lock, ".gitattributes": b"* -text\n"})
    after = fleet.bumped("v0.2.0")["poetry.lock"]
    assert after.count(b"\r\n") == after.count(b"\n")


def test_a_branch_with_somebodys_work_is_no_fault_if_nothing_is_due(
    fleet: Fleet, capsys: pytest.CaptureFixture[str]
) -> None:
    """The bump was merged, and the branch is still there."""
    fleet.bumped("v0.2.0")
    tree = git.ask(fleet.service, "rev-parse", "HEAD^{tree}")
    person = ("-c", "user.name=Ada", "-c", "user.email=ada@acme.example")
    words = ("commit-tree", tree, "-p", "HEAD~1", "-m", "Mend")
    git.ask(fleet.service, "branch", "chassis/newest", git.ask(fleet.service, *person, *words))
    assert bumping.run(fleet.wish, verify=False, branch="chassis/newest") == 0
    assert "has the chassis and the tools of v0.2.0" in capsys.readouterr().out
    fleet.release("v0.3.0", files("0.3.0"))
    with pytest.raises(UpdateError, match="Somebody else has committed"):
        bumping.run(fleet.wish, verify=False, branch="chassis/newest")
