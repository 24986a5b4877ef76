"""Runs jobs of GitHub's workflows on this machine: the steps, their conditions and their outputs.

Actions are not run: the checkout and the installed service are there already.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import yaml

from tests.full.programs import run

Values = dict[str, Any]

SECONDS = 600

EXPRESSION = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)
NAME = re.compile(r"[A-Za-z_][\w-]*(\.[\w*-]+)+|[A-Za-z_][\w-]*(?=\()|'(?:[^']|'')*'|\w+")

LITERALS = {"true": True, "false": False, "null": None}


@dataclass
class Context:
    """What expressions can name."""

    github: Values
    inputs: Values = field(default_factory=dict)
    needs: Values = field(default_factory=dict)
    secrets: Values = field(default_factory=dict)
    vars: Values = field(default_factory=dict)
    steps: Values = field(default_factory=dict)
    env: Values = field(default_factory=dict)
    runner: Values = field(default_factory=dict)
    has_failed: bool = False

    def value(self, text: str) -> Any:
        """Return the value of a text, with its expressions."""
        whole = EXPRESSION.fullmatch(text.strip())
        if whole:
            return self._evaluated(whole[1])
        return EXPRESSION.sub(lambda found: _text(self._evaluated(found[1])), text)

    def holds(self, condition: Any) -> bool:
        """Return whether something with this condition runs: by default unless it has failed."""
        text = str(condition).removeprefix("${{").removesuffix("}}")
        asks = re.search(r"\b(always|failure|cancelled)\(\)", text)
        return bool(self._evaluated(text)) and (bool(asks) or not self.has_failed)

    def _evaluated(self, expression: str) -> Any:
        """Evaluate an expression: `and` and `or` of Python return operands as well."""
        names: Values = {}

        def python(found: re.Match[str]) -> str:
            word = found[0]
            if word.startswith("'"):
                value: Any = word[1:-1].replace("''", "'")
            elif word in LITERALS:
                value = LITERALS[word]
            elif word.isdecimal():
                value = int(word)
            else:
                value = self._named(word)
            names[f"_{len(names)}"] = value
            return f"_{len(names) - 1}"

        translated = NAME.sub(python, expression).replace("&&", " and ").replace("||", " or ")
        translated = re.sub(r"!(?!=)", " not ", translated).strip()
        return eval(translated, {"__builtins__": {}}, names)  # noqa: S307 - of this repository

    def _named(self, word: str) -> Any:
        functions = {
            "always": lambda: True,
            "cancelled": lambda: False,
            "contains": lambda values, one: one in values,
            "failure": lambda: self.has_failed,
            "format": lambda text, *values: text.format(*map(_text, values)),
        }
        if word in functions:
            return functions[word]
        first, *rest = word.split(".")
        value: Any = getattr(self, first)
        for key in rest:
            value = list(value.values()) if key == "*" else _below(value, key)
        return value


def _below(value: Any, key: str) -> Any:
    if isinstance(value, list):
        return [_below(each, key) for each in value]
    return (value or {}).get(key)


def _text(value: Any) -> str:
    return {None: "", True: "true", False: "false"}.get(value, str(value))


@dataclass(frozen=True)
class Result:
    """How a job has ended."""

    result: str
    outputs: Values
    log: str

    def ran(self, name: str) -> bool:
        """Return whether a step of a name has run."""
        return f"=== {name}\n" in self.log


@dataclass
class Runner:
    """A machine with a checkout of the service."""

    checkout: Path
    temporary: Path
    path: str
    """Where programs are: git, docker, gh, kubectl."""
    skipped: tuple[str, ...] = ()
    """Tasks that are not run here."""

    def workflow(self, name: str) -> Values:
        """Return a workflow of the service."""
        path = self.checkout / ".github" / "workflows" / f"{name}.yaml"
        found: Values = yaml.safe_load(path.read_text("utf-8"))
        return found

    def job(self, workflow: str, name: str, context: Context) -> Result:
        """Run a job that its conditions let run; else it is skipped."""
        job = self.workflow(workflow)["jobs"][name]
        ended = [need["result"] for need in context.needs.values()]
        context.has_failed = any(each != "success" for each in ended)
        if not context.holds(job.get("if", "true")):
            return Result("skipped", {}, "")
        context.has_failed, context.steps = False, {}
        context.runner = {"temp": str(self.temporary)}
        log = []
        for step in job["steps"]:
            if "run" not in step or not context.holds(step.get("if", "true")):
                continue
            if any(task in step["run"] for task in self.skipped):
                continue
            log.append(f"=== {step['name']}\n{self._step(job, step, context)}")
        outputs = {key: context.value(text) for key, text in job.get("outputs", {}).items()}
        return Result("failure" if context.has_failed else "success", outputs, "\n".join(log))

    def _step(self, job: Values, step: Values, context: Context) -> str:
        """Run a step, and return what it prints."""
        outputs = self.temporary / "outputs"
        outputs.write_text("")
        given = {**job.get("env", {}), **step.get("env", {})}
        variables = {key: _text(context.value(str(text))) for key, text in given.items()}
        of_runner = {
            "CI": "true",
            "GITHUB_OUTPUT": str(outputs),
            "HOME": str(self.temporary),
            "PATH": self.path,
            "PYTHONPATH": str(self.checkout),
            "RUNNER_TEMP": str(self.temporary),
        }
        words: list[str | Path] = ["bash", "-e", "-c", step["run"]]
        done = run(words, self.checkout, of_runner | variables, seconds=SECONDS)
        context.has_failed = context.has_failed or done.returncode != 0
        lines = [line.partition("=") for line in outputs.read_text().splitlines()]
        if "id" in step:
            found = {key: value for key, _, value in lines}
            context.steps[step["id"]] = {"outputs": found, "outcome": "success"}
        return done.stdout + done.stderr


def environment_of(job: Mapping[str, Any], context: Context) -> str:
    """Return the environment whose secrets a job gets; empty if it has none."""
    return _text(context.value(str(job.get("environment", ""))))


def locks(workflow: Mapping[str, Any], job: Mapping[str, Any], context: Context) -> set[str]:
    """Return the concurrency groups that a run holds while a job of it waits or runs."""
    groups = [each["concurrency"]["group"] for each in (workflow, job) if "concurrency" in each]
    return {_text(context.value(group)) for group in groups}


def path_with(*folders: Path) -> str:
    """Return a PATH that leads to these folders first."""
    return os.pathsep.join([*map(str, folders), os.environ["PATH"]])


def pushed(ref: str, sha: str, number: int) -> Values:
    """Return what an expression knows of a push."""
    kind, _, name = ref.removeprefix("refs/").partition("/")
    kind = {"heads": "branch", "tags": "tag"}[kind]
    about = SimpleNamespace(event_name="push", ref=ref, ref_name=name, ref_type=kind, sha=sha)
    return vars(about) | {"run_id": number, "token": "planted", **WHERE}


def requested(number: int, sha: str) -> Values:
    """Return what an expression knows of a pull request, from a fork for instance."""
    return {
        "event_name": "pull_request",
        "ref": f"refs/pull/{number}/merge",
        "ref_name": f"{number}/merge",
        "ref_type": "branch",
        "sha": sha,
        "run_id": 1000 + number,
        **WHERE,
    }


WHERE = {"server_url": "https://github.example", "repository": "acme/thoughts"}
