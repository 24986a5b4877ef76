"""The commands that pipelines run, and whether a developer could type them."""

import json
import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tasks.folders import ROOT
from tests import gitlab
from tests.pipelines.graph import builds
from tests.pipelines.kotlin import Project
from tests.services import InstalledService

PARSE = """
import json, sys
from invoke.parser import Parser
from invoke.exceptions import ParseError
from flask_chassis.tasks import command
lines = json.load(sys.stdin)
tasks = command.namespace()
faults = {}
for line, words in lines.items():
    try:
        parsed = Parser(contexts=tasks.to_contexts()).parse_argv(words)
        if not parsed:
            faults[line] = "it names no task"
    except (ParseError, ValueError) as error:
        faults[line] = str(error)
print(json.dumps(faults))
"""
"""Has the service's own command line read words, with the parser that its users have."""

REMOVES = "rm -f %system.teamcity.build.tempDir%/kubeconfig"
"""Removes the access to a cluster; the agent would empty the folder a little later."""

SUMS_UP = "exit 1"
"""What else a step does: failing the check that sums up what has gone before."""

APPROVED = 'echo "Approved for $STAGE"'
"""And what a job does that only waits for an approval."""

TAKES_OVER = ". ./reported.env"
"""On GitLab: what a task has reported becomes variables of the next lines."""

VERIFIED = 'echo "Verified $CI_COMMIT_SHA"'
"""What the job does that is skipped if something before it has failed."""

GOES_ON = " || failed=1"
"""The end of a line after which the script goes on, whatever its result."""

ENDS_SO = 'exit "${failed:-0}"'
"""The script then ends as that line did."""

NO_TASKS = {SUMS_UP, APPROVED, REMOVES, TAKES_OVER, VERIFIED, ENDS_SO}


CONTAINERS = ROOT / "docs" / "reference" / "containers.md"
"""Has the commands of Docker that a developer types."""


@dataclass(frozen=True)
class Step:
    """What one step of a pipeline runs."""

    where: str
    script: str


def of_teamcity(project: Project) -> list[Step]:
    """Return the steps of all builds."""
    return [
        Step(f"{name}: {step['name']}", step["scriptContent"])
        for name, build in builds(project).items()
        for step in build["steps"]
    ]


def of_github(service: Path) -> list[Step]:
    """Return what runs in the workflows and in the actions of their own.

    Other files of `.github`, forms of issues for instance, run nothing.
    """
    folder = service / ".github"
    found = []
    for path in sorted([*folder.glob("workflows/*.yaml"), *folder.glob("actions/*/action.yaml")]):
        document: dict[str, Any] = yaml.safe_load(path.read_text("utf-8"))
        jobs = document["jobs"] if "jobs" in document else {"action": document["runs"]}
        for name, job in jobs.items():
            found += [
                Step(f"{path.stem}, {name}: {step['name']}", step["run"])
                for step in job.get("steps", [])
                if "run" in step
            ]
    return found


def of_gitlab(service: Path) -> list[Step]:
    """Return what runs in the jobs of all pipelines; what comes before each script is a step."""
    pipelines = gitlab.read(service)
    found = [Step("default", "\n".join(pipelines.default["before_script"]))]
    for name, job in pipelines.jobs.items():
        for part in ("before_script", "script", "after_script"):
            found += [Step(f"{name}: {line}", line) for line in job.get(part, [])]
    return found


def tasks_of(steps: list[Step], command: str) -> set[str]:
    """Return the tasks and their options, without what a CI system names in its own way.

    Values are left out where they are variables or parameters, and files of a report.
    """
    found = set()
    for step in steps:
        for line in step.script.strip().splitlines():
            if line.startswith(f".venv/bin/{command} "):
                task, *options = _arguments(line)
                found.add(" ".join([task, *sorted(_plain(each) for each in options)]))
    return found


OF_ONE_SYSTEM = {"--text", "--body-file", "--bundle", "--stage"}


def _plain(option: str) -> str:
    name, _, value = option.partition("=")
    is_own = re.search(r"[$%]|https://", value) or name in OF_ONE_SYSTEM
    return name if is_own or not value else option


def faults(service: InstalledService, command: str, steps: list[Step]) -> list[str]:
    """Return what a developer could not type: no task, no option of it, or no command of ours."""
    typed: dict[str, list[str]] = {}
    found = []
    for step in steps:
        for line in step.script.strip().splitlines():
            if line.startswith(f".venv/bin/{command} "):
                typed[f"{step.where}: {line}"] = _arguments(line)
            elif not (
                line == "./bootstrap"
                or line in NO_TASKS
                or (line.startswith("docker compose ") and documented(line, CONTAINERS))
            ):
                found.append(f"{step.where}: {line}: this is no command of the service")
    return found + _unparsed(service, typed)


def _arguments(line: str) -> list[str]:
    """Return the words after the command; its output may go into a file."""
    return words(line)[1:]


def words(line: str) -> list[str]:
    """Return the words of one command; what it says may go into a file, and that is all."""
    plain = re.sub(r' >[\w./%-]+$| >"\$RUNNER_TEMP/[\w.-]+"$', "", line.removesuffix(GOES_ON))
    assert not re.search(r"[;&|<>`]|\$\(", plain), f"{line}: this is a program of its own"
    return shlex.split(plain)


def documented(line: str, text: Path) -> bool:
    """Return whether a line is in a text, as one would type it; temporary files are elsewhere."""
    plain = re.sub(r"\$RUNNER_TEMP/|%system.teamcity.build.tempDir%/", "", line)
    typed = {each.split("  #")[0].strip() for each in text.read_text("utf-8").splitlines()}
    return plain.replace('"', "") in {each.replace('"', "") for each in typed}


def _unparsed(service: InstalledService, words: dict[str, list[str]]) -> list[str]:
    done = service.run("python", "-c", PARSE, given=json.dumps(words))
    assert done.returncode == 0, done.stderr
    said: dict[str, str] = json.loads(done.stdout)
    return [f"{line}: {reason}" for line, reason in said.items()]
