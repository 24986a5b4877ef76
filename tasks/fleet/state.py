"""What is known of one service from its files."""

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from ..engine import engine
from ..folders import ROOT
from . import repositories
from .repositories import Branch

changelog: Any = engine("changelog")
chassis = engine("chassis")
checksums = engine("checksums")
drifting = engine("drifting")
faults = engine("faults")
git = engine("git")
left_out = engine("left_out")
lineage = engine("lineage")
ownership = engine("ownership")
record = engine("record")
releases = engine("releases")
source = engine("source")
switch = engine("switch")

_LOCKED = re.compile(r'^name = "(.+)"\nversion = "(.+)"$', re.MULTILINE)


@dataclass
class State:
    """A service, for a row of the table."""

    name: str
    path: str
    version: str = "?"
    lacks: list[str] | None = None
    """The releases that it has not got, oldest first, or None if that is unknown."""
    chassis: str = "?"
    """The version of the chassis that it runs on; ? if it has none yet."""
    foreign: list[str] = field(default_factory=list)
    """Where chassis and tools are from, if not from the template: a path, git, an index."""
    kind: str = "?"
    python: str = "?"
    team: str = "?"
    drift: dict[str, str] | None = None
    """The edited template-owned files, or None if unknown."""
    left_out: dict[str, str] = field(default_factory=dict)
    """Files that the service deleted, each with the first release whose change it lacks."""
    updated: str = "never"
    """The day of the last commit that changed the record of the template."""
    days: int | None = None
    """How many days ago that was."""
    actions: list[str] = field(default_factory=list)
    """What the releases that it lacks ask of a service."""
    branches: list[Branch] = field(default_factory=list)
    """Its updates that are prepared and not merged."""
    repository: str = ""
    """The page of its repository; empty if it has none on the web."""
    news: str = ""
    """Where the template shows what the service lacks; empty if it has no page on the web."""
    answers: dict[str, Any] = field(default_factory=dict)
    packages: dict[str, str] = field(default_factory=dict)
    vulnerable: list[str] | None = None
    """Packages that something is known against; None where nobody was asked."""
    fault: str = ""
    """Why it cannot be read or updated."""
    commit: str | None = None
    """What its record names as the commit of the template; None if that cannot be read."""

    @property
    def behind(self) -> int | None:
        """How many releases it lacks; None if that is unknown."""
        return None if self.lacks is None else len(self.lacks)

    @property
    def is_newest(self) -> bool:
        """Whether it has all of the newest release, which is not said of one that is unreadable."""
        return self.behind == 0 and not self.fault and not self.left_out

    @property
    def lacking(self) -> list[str]:
        """The releases that it lacks, and those that it has without a change of a deleted file."""
        return [*(self.lacks or ()), *sorted({*self.left_out.values()} - {*(self.lacks or ())})]

    def why_it_lacks(self, name: str) -> str:
        """Return why a service lacks changes of a file."""
        if (Path(self.path) / name).exists():
            return "it is back, or was its own"
        return "it was deleted there"

    @property
    def urgency(self) -> tuple[object, ...]:
        """What the services are put in order by, the most urgent first."""
        vulnerable, drift = len(self.vulnerable or ()), len(self.drift or ())
        missing = (-(self.behind or 0), -len(self.left_out))
        return (not self.fault, -vulnerable, *missing, -drift, self.name)

    def told(self) -> dict[str, Any]:
        """Return all but the packages, which are many."""
        found = {key: value for key, value in asdict(self).items() if key != "packages"}
        return found | {"behind": self.behind}


class Versions:
    """The releases of this repository, and which of them a commit is from."""

    def __init__(self, template: Path = ROOT) -> None:
        """`template` is a clone of the template."""
        self._template = template
        self._known: dict[str, str] = {}
        self._changelog: str | None = None
        self.page = repositories.web_address(_git(template, "config", "remote.origin.url"))
        self._faults: dict[str, str] = {}
        self.tags: list[str] = releases.in_order(_git(template, "tag", "--list").split())

    def of(self, commit: str) -> str:
        """Return the version of a commit, `v1.2.0+` for one after it."""
        if commit not in self._known:
            said = _git(self._template, "describe", "--tags", "--match", "v*", commit)
            exact = re.fullmatch(r"(.+)-\d+-g[0-9a-f]+", said)
            self._known[commit] = f"{exact[1]}+" if exact else said or commit[:10]
        return self._known[commit]

    def fault(self, commit: str) -> str:
        """Return why no update from a commit to the newest release is possible, if so."""
        if commit not in self._faults:
            clone = source.Source(self._template, "the template")
            newest = releases.newest(self.tags)
            self._faults[commit] = ""
            try:
                lineage.base(clone, commit, newest) if newest else clone.base(commit)
            except faults.UpdateError as error:
                self._faults[commit] = str(error)
        return self._faults[commit]

    def after(self, version: str) -> list[str]:
        """Return the releases that came after a version, oldest first; all if it is unknown.

        Pre-releases are not among them: no update goes to one unless it is named.
        """
        name = version.removesuffix("+")
        later = self.tags[self.tags.index(name) + 1 :] if name in self.tags else self.tags
        return [tag for tag in later if (place := releases.order(tag)) and place[3]]

    def actions(self, lacks: Sequence[str]) -> list[str]:
        """Return what releases ask of a service."""
        if not lacks:
            return []
        if self._changelog is None:
            self._changelog = _git(self._template, "show", f"{self.tags[-1]}:{changelog.FILE}")
        return list(changelog.actions(changelog.sections(self._changelog, lacks)))


def read(service: Path, versions: Versions, *, with_packages: bool = False) -> State:
    """Read a service; what cannot be read is said in its row, and no other suffers."""
    state = State(service.name, str(service))
    try:
        file = service / record.FILE
        written = record.read(file.read_bytes() if file.is_file() else None)
        answers = dict(written.answers)
        state.answers, state.name = answers, answers.get("project_slug", service.name)
        state.kind, state.python = answers.get("kind", "?"), answers.get("python_version", "?")
        state.team = answers.get("team", "?")
        state.commit = written.commit
        if record.HASH.fullmatch(written.commit):
            state.version = versions.of(written.commit)
            state.lacks = versions.after(state.version)
            state.actions = versions.actions(state.lacks)
        if (service / checksums.FILE).is_file():
            state.drift = drifting.drift(service)
        state.left_out = left_out_of(service, written)
        sources = chassis.sources(service)
        if chassis.CHASSIS in sources:
            state.chassis = sources[chassis.CHASSIS].version
        state.foreign = [str(each) for each in sources.values() if not each.is_from_template]
        if with_packages or state.chassis == "?":
            locked = _locked(service)
            if state.chassis == "?":
                state.chassis = locked.get(chassis.CHASSIS, "?")
            if with_packages:
                state.packages = locked
        _read_repository(state, service, versions)
        if record.is_local(written.template):
            address = record.without_secrets(written.template)
            state.fault = f"its record names a folder of one machine: {address}"
    except (faults.UpdateError, OSError, UnicodeDecodeError) as error:
        state.fault = str(error)
    return state


def _locked(service: Path) -> dict[str, str]:
    """Return the locked versions; some services lock with uv, whose file has the same lines."""
    for name in ("poetry.lock", "uv.lock"):
        if (service / name).is_file():
            return dict(_LOCKED.findall((service / name).read_text("utf-8")))
    return {}


def _read_repository(state: State, service: Path, versions: Versions) -> None:
    if day := _git(service, "log", "-1", "--format=%cs", "--", record.FILE):
        state.updated = day
        state.days = (datetime.now(UTC).date() - date.fromisoformat(day)).days
    address = _git(service, "config", "remote.origin.url")
    state.repository = repositories.web_address(address)
    # What an update would refuse, told here without asking git about each service.
    if not (service / ".git").exists():
        switch.require_repository(service)
    if not day:
        switch.require_commit(service)
    state.branches = repositories.prepared(service, state.repository, state.lacks)
    if state.lacks and versions.page and state.version.removesuffix("+") in versions.tags:
        before = state.version.removesuffix("+")
        state.news = repositories.comparison(versions.page, before, state.lacks[-1])


def left_out_of(service: Path, written: Any) -> dict[str, str]:
    """Return the files whose changes updates have left out, and nobody has settled it."""
    file = service / ownership.FILE
    lists = ownership.read(file.read_bytes()) if file.is_file() else None
    found = left_out.unsettled(written, lists, checksums.content_in(service))
    return dict(found)


def _git(folder: Path, *words: str) -> str:
    done = git.tries(folder, *words)
    return done.stdout.decode(errors="replace").strip() if done.returncode == 0 else ""
