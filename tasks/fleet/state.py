"""What is known of one service from its files."""

import re
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ..engine import engine
from ..folders import ROOT

chassis = engine("chassis")
checksums = engine("checksums")
drifting = engine("drifting")
faults = engine("faults")
git = engine("git")
left_out = engine("left_out")
ownership = engine("ownership")
record = engine("record")
releases = engine("releases")

_LOCKED = re.compile(r'^name = "(.+)"\nversion = "(.+)"$', re.MULTILINE)


@dataclass
class State:
    """A service, for a row of the table."""

    name: str
    path: str
    version: str = "?"
    behind: int = 0
    """How many releases there are that it has not got."""
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
    answers: dict[str, Any] = field(default_factory=dict)
    packages: dict[str, str] = field(default_factory=dict)
    vulnerable: list[str] | None = None
    """Packages that something is known against; None where nobody was asked."""
    fault: str = ""

    def told(self) -> dict[str, Any]:
        """Return all but the packages, which are many."""
        return {key: value for key, value in asdict(self).items() if key != "packages"}


class Versions:
    """The releases of this repository, and which of them a commit is from."""

    def __init__(self, template: Path = ROOT) -> None:
        """`template` is a clone of the template."""
        self._template = template
        self._known: dict[str, str] = {}
        self.tags: list[str] = releases.in_order(_git(template, "tag", "--list").split())

    def of(self, commit: str) -> str:
        """Return the version of a commit, `v1.2.0+` for one after it."""
        if commit not in self._known:
            said = _git(self._template, "describe", "--tags", "--match", "v*", commit)
            exact = re.fullmatch(r"(.+)-\d+-g[0-9a-f]+", said)
            self._known[commit] = f"{exact[1]}+" if exact else said or commit[:10]
        return self._known[commit]

    def behind(self, version: str) -> int:
        """Return how many releases came after a version."""
        name = version.removesuffix("+")
        return len(self.tags) - 1 - self.tags.index(name) if name in self.tags else len(self.tags)


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
        state.version = versions.of(written.commit)
        state.behind = versions.behind(state.version)
        if (service / checksums.FILE).is_file():
            state.drift = drifting.drift(service)
        state.left_out = left_out_of(service, written)
        if found := chassis.chassis_source(service):
            state.chassis = found.version
        state.foreign = [str(each) for each in chassis.foreign_sources(service)]
        lock = service / "poetry.lock"
        if with_packages and lock.is_file():
            state.packages = dict(_LOCKED.findall(lock.read_text("utf-8")))
        day = _git(service, "log", "-1", "--format=%cs", "--", record.FILE)
        state.updated = day or "never"
        if record.is_local(written.template):
            state.fault = f"its record names a folder of one machine: {written.template}"
    except (faults.UpdateError, OSError, UnicodeDecodeError) as error:
        state.fault = str(error)
    return state


def left_out_of(service: Path, written: Any) -> dict[str, str]:
    """Return the files whose changes updates have left out, and nobody has settled it."""
    file = service / ownership.FILE
    lists = ownership.read(file.read_bytes()) if file.is_file() else None
    found = left_out.unsettled(written, lists, lambda name: (service / name).is_file())
    return dict(found)


def _git(folder: Path, *words: str) -> str:
    done = git.tries(folder, *words)
    return done.stdout.decode(errors="replace").strip() if done.returncode == 0 else ""
