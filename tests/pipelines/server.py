"""A server of TeamCity, as far as its documentation tells what a build waits for.

It runs what settings describe: triggers, branch filters, chains, approvals, locks, agents and
parameters. What a build's steps do is for the test to say.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.pipelines.graph import around, builds, visible
from tests.pipelines.kotlin import Project

DEFAULT_BRANCH = "main"

PREDEFINED = {"system.teamcity.build.tempDir": "temporary"}
"""Parameters that an agent gives."""

HOUR = 60


@dataclass
class Build:
    """A build in the queue, on an agent or at its end."""

    id: str
    branch: str
    revision: str
    asked_at: int
    parameters: dict[str, str]
    after: list["Build"] = field(default_factory=list)
    needs_approval: bool = False
    state: str = "queued"
    scripts: list[str] = field(default_factory=list)

    @property
    def is_over(self) -> bool:
        """Whether it is neither in the queue nor on an agent."""
        return self.state not in {"queued", "running"}


class RefusedError(Exception):
    """What a person is told who asks for what is not to be."""


Steps = Callable[[Build], Mapping[str, str] | None]
"""Runs a build's steps: returns the parameters that they set, or nothing if they fail."""


class Server:
    """Builds of a project, in the order in which they can run."""

    def __init__(self, project: Project, steps: Steps, agents: list[dict[str, str]]) -> None:
        self._project, self._steps, self._agents = project, steps, agents
        self._settings = builds(project)
        self.now = 0
        self.builds: list[Build] = []
        self.told: list[str] = []

    # What happens in a week.

    def push(self, branch: str, revision: str) -> list[Build]:
        """Take a commit: start what has a trigger for its branch."""
        return [
            self._enqueue(id, branch, revision, {})
            for id, build in self._settings.items()
            for trigger in build["triggers"]
            if trigger["kind"] == "VcsTrigger"
            and _matches(trigger.get("branchFilter", "+:*"), branch)
        ]

    def pull_request(self, number: int, revision: str, author: str) -> list[Build]:
        """Take a pull request of a MEMBER, a COLLABORATOR or an OUTSIDER."""
        [requests] = [
            feature["provider"]
            for build in self._settings.values()
            for feature in build["features"]
            if feature["kind"] == "PullRequests"
        ]
        allowed = {
            "MEMBER": {"MEMBER"},
            "MEMBER_OR_COLLABORATOR": {"MEMBER", "COLLABORATOR"},
            "EVERYBODY": {"MEMBER", "COLLABORATOR", "OUTSIDER"},
        }[requests["filterAuthorRole"]]
        if author not in allowed:
            return []
        [untrusted] = [
            each for each in self._project["features"] if each["kind"] == "UntrustedBuildsSettings"
        ]
        started = self.push(f"pull/{number}", revision)
        if author == "OUTSIDER" and untrusted["defaultAction"] == "APPROVE":
            for build in self._chain(started):
                build.needs_approval = True
        return started

    def run(self, name: str, branch: str = DEFAULT_BRANCH, **answers: str) -> Build:
        """Start a build by hand, with what is asked for it."""
        given = {key.replace("_", "."): value for key, value in answers.items()}
        for key, asked in self._settings[name]["params"].items():
            value = given.get(key, asked["value"])
            if asked.get("display") == "PROMPT" and not re.fullmatch(asked["regex"], value):
                raise RefusedError(f"{asked['label']}: {asked['validationMessage']}")
        revision = next((b.revision for b in reversed(self.builds) if b.branch == branch), "none")
        return self._enqueue(name, branch, revision, given)

    def approve(self, build: Build) -> None:
        """Let a build start."""
        for each in self._chain([build]):
            each.needs_approval = False

    def wait(self, minutes: int = 0) -> None:
        """Run what can run, for a time."""
        self.now += minutes
        while any(self._advance(build) for build in self.builds if build.state == "queued"):
            pass

    # What a person sees.

    def why(self, build: Build) -> str:
        """Return what a build in the queue waits for."""
        settings = self._settings[build.id]
        if build.needs_approval:
            return "an approval"
        if any(not each.is_over for each in build.after):
            return "builds before it"
        if locked := self._locks(build) & {
            lock for each in self.builds if each.state == "running" for lock in self._locks(each)
        }:
            return f"the lock {locked.pop()}"
        wanted = [each["param"] for each in settings["requirements"] if each["type"] == "exists"]
        lacking = [[name for name in wanted if name not in agent] for agent in self._agents]
        if all(lacking):
            return f"an agent with {lacking[0][0]}"
        return ""

    def secrets(self, build: Build) -> set[str]:
        """Return the names of the secrets that the steps of a build can read."""
        return {
            name
            for name, each in visible(self._project, build.id).items()
            if each["type"] == "password" and each["value"]
        }

    # How it goes on.

    def _enqueue(self, name: str, branch: str, revision: str, given: dict[str, str]) -> Build:
        settings = self._settings[name]
        if not _matches(settings["vcs"].get("branchFilter", "+:*"), branch):
            raise RefusedError(f"{name} does not run on {branch}")
        for build in self.builds:
            # The queue takes nothing twice, and a chain takes what has succeeded for its revision.
            same = (build.id, build.branch, build.revision) == (name, branch, revision)
            if same and not given and build.state in {"queued", "running", "success"}:
                return build
        after = [
            self._enqueue(each["build"], branch, revision, {})
            for each in settings["dependencies"]["snapshots"]
        ]
        build = Build(name, branch, revision, self.now, given, after)
        build.needs_approval = any(each["kind"] == "Approval" for each in settings["features"])
        if build.needs_approval:
            self._tell(build, "queuedBuildRequiresApproval")
        self.builds.append(build)
        return build

    def _advance(self, build: Build) -> bool:
        if build.needs_approval and self.now - build.asked_at >= self._patience(build):
            build.state = "cancelled"
        elif any(self._ends(build, each) for each in build.after):
            build.state = "cancelled"
            self._tell(build, "buildFailedToStart")
        elif self.why(build):
            return False
        else:
            self._start(build)
        return True

    def _ends(self, build: Build, before: Build) -> bool:
        """Return whether a build cannot start because of how one before it has ended."""
        [how] = [
            each
            for each in self._settings[build.id]["dependencies"]["snapshots"]
            if each["build"] == before.id
        ]
        goes_on = how.get("onDependencyFailure") in {"IGNORE", "ADD_PROBLEM"}
        return before.state == "cancelled" or (before.state == "failure" and not goes_on)

    def _start(self, build: Build) -> None:
        build.state = "running"
        steps = self._settings[build.id]["steps"]
        build.scripts = [self._resolved(step["scriptContent"], build) for step in steps]
        outcome = self._steps(build)
        build.parameters |= outcome or {}
        # Parameters that a step sets have their value in the steps after it.
        build.scripts = [self._resolved(step["scriptContent"], build) for step in steps]
        build.state = "failure" if outcome is None else "success"
        if outcome is None:
            self._tell(build, "buildFailed")

    def _resolved(self, text: str, build: Build) -> str:
        return re.sub(
            "%([A-Za-z][A-Za-z0-9_.-]*)%", lambda found: self.value(found[1], build), text
        )

    def value(self, name: str, build: Build) -> str:
        """Return the value of a parameter; that nobody has defined is an error."""
        if name in build.parameters:
            return build.parameters[name]
        if name in PREDEFINED:
            return PREDEFINED[name]
        if name.startswith("dep."):
            _, id, parameter = name.split(".", 2)
            [other] = [each for each in self._chain([build]) if each.id == id]
            return self.value(parameter, other)
        return self._resolved(visible(self._project, build.id)[name]["value"], build)

    def _chain(self, started: list[Build]) -> list[Build]:
        return [each for build in started for each in (build, *self._chain(build.after))]

    def _locks(self, build: Build) -> set[str]:
        own = around(self._project, build.id)[-1]["id"]
        return {
            f"{own}/{name}"
            for feature in self._settings[build.id]["features"]
            for name in feature.get("locks", {})
        }

    def _patience(self, build: Build) -> int:
        features = [*self._settings[build.id]["features"], *self._project["features"]]
        return min(
            int(each.get("timeout") or each["timeoutMinutes"]) for each in features if _asks(each)
        )

    def _tell(self, build: Build, what: str) -> None:
        for feature in self._settings[build.id]["features"]:
            is_told = feature["kind"] == "Notifications" and feature.get(what)
            if is_told and _matches(feature["branchFilter"], build.branch):
                self.told.append(f"{build.id}: {what}")


def _asks(feature: dict[str, Any]) -> bool:
    return feature["kind"] in {"Approval", "UntrustedBuildsSettings"}


def _matches(rules: str, branch: str) -> bool:
    """Return whether a filter of branches leaves one."""
    patterns = [rule.removeprefix("+:") for rule in rules.splitlines()]
    name = "<default>" if branch == DEFAULT_BRANCH else branch
    return any(re.fullmatch(re.escape(each).replace(r"\*", ".*"), name) for each in patterns)
