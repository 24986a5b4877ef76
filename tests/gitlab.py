"""Reads the pipelines of GitLab as GitLab does: files, inputs, `extends`, and rules."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

Job = dict[str, Any]
Variables = Mapping[str, str]

NOT_JOBS = {"include", "variables", "stages", "workflow", "default"}

INPUT = re.compile(r"\$\[\[ inputs\.(\w+) \]\]")

WORD = re.compile(
    r'\s*(?:(?P<sign>&&|\|\||==|!=|=~)|(?P<name>\$\w+)|"(?P<text>[^"]*)"|/(?P<pattern>(?:\\.|[^/\\])+)/)'
)


@dataclass(frozen=True)
class Pipelines:
    """What a service's files describe."""

    inputs: dict[str, Any]
    variables: dict[str, str]
    workflow: dict[str, Any]
    default: Job
    stages: list[str]
    jobs: dict[str, Job]

    def started(self, variables: Variables) -> dict[str, Job] | None:
        """Return the jobs of the pipeline for an event, each with its rule; None: no pipeline."""
        asked = {name: str(given["default"]) for name, given in self.inputs.items()}
        asked |= {name.lower(): value for name, value in variables.items() if name.lower() in asked}
        known = {
            name: INPUT.sub(lambda found: asked[found[1]], value)
            for name, value in self.variables.items()
        } | dict(variables)
        rule = chosen(self.workflow["rules"], known)
        if rule is None or rule.get("when") == "never":
            return None
        found = {}
        for name, job in self.jobs.items():
            rule = chosen(job["rules"], known)
            if rule is not None and rule.get("when") != "never":
                found[name] = job | {"rule": rule}
        return found


def documents(service: Path) -> dict[str, list[Any]]:
    """Return the YAML of each file."""
    paths = [service / ".gitlab-ci.yml", *sorted((service / ".gitlab" / "ci").glob("*.yml"))]
    return {
        path.relative_to(service).as_posix(): list(yaml.safe_load_all(path.read_text("utf-8")))
        for path in paths
    }


def read(service: Path) -> Pipelines:
    """Read a service's pipelines."""
    files = documents(service)
    header, main = files.pop(".gitlab-ci.yml")
    assert main["include"] == [{"local": ".gitlab/ci/*.yml"}]
    entries: dict[str, Any] = dict(main)
    for name, [content] in files.items():
        assert not set(content) & set(entries), f"{name} has what another file has"
        entries |= content
    jobs = {
        name: resolved(entries, name)
        for name in entries
        if name not in NOT_JOBS and not name.startswith(".")
    }
    return Pipelines(
        header["spec"]["inputs"],
        main["variables"],
        main["workflow"],
        main["default"],
        main["stages"],
        jobs,
    )


def resolved(entries: Mapping[str, Any], name: str) -> Job:
    """Return a job with what it extends: mappings are merged, the rest is replaced."""
    job = dict(entries[name])
    extended = job.pop("extends", [])
    found: Job = {}
    for each in [extended] if isinstance(extended, str) else extended:
        found = _merged(found, resolved(entries, each))
    return _merged(found, job)


def _merged(below: Job, above: Job) -> Job:
    found = below | above
    for key in below.keys() & above.keys():
        if isinstance(below[key], dict) and isinstance(above[key], dict):
            found[key] = _merged(below[key], above[key])
    return found


def chosen(rules: list[dict[str, Any]], variables: Variables) -> dict[str, Any] | None:
    """Return the first rule that holds."""
    return next((rule for rule in rules if holds(rule["if"], variables)), None)


def holds(condition: str, variables: Variables) -> bool:
    """Return whether a condition holds; an unset variable is null."""
    return any(
        all(_compared(part, variables) for part in either.split("&&"))
        for either in condition.split("||")
    )


def _compared(text: str, variables: Variables) -> bool:
    words, at = [], 0
    stripped = text.strip()
    while at < len(stripped):
        found = WORD.match(stripped, at)
        assert found, f"{text}: GitLab does not read this"
        words.append((found.lastgroup, found[found.lastgroup or 0]))
        at = found.end()

    def value(kind: str | None, word: str) -> str | None:
        return variables.get(word[1:]) if kind == "name" else word

    if len(words) == 1:
        return bool(value(*words[0]))
    left, (_, sign), right = words
    if sign == "=~":
        assert right[0] == "pattern"
        return bool(re.search(right[1], value(*left) or ""))
    assert sign in ("==", "!=")
    return (value(*left) == value(*right)) == (sign == "==")


def environment(job: Job) -> str:
    """Return the name of a job's environment, or an empty text."""
    found = job.get("environment", "")
    return str(found["name"] if isinstance(found, dict) else found)
