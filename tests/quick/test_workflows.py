"""GitHub's workflows and actions, of services and of this repository."""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tasks.folders import PROGRAMS, ROOT
from tasks.render import example, render
from tests.conftest import EXAMPLES

Document = dict[str, Any]

PINNED = re.compile(r"uses: [\w./-]+@[0-9a-f]{40}  # v\d+\.\d+\.\d+\n|uses: \./")
PROGRAMS_OF_OTHERS = {"actions/checkout", "actions/setup-python", "actions/upload-artifact"}


@pytest.fixture(scope="module")
def repositories(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A service of each kind, and this repository."""
    folder = tmp_path_factory.mktemp("github")
    answers = {kind: example(name) | {"ci_system": "github"} for kind, name in EXAMPLES.items()}
    found = {kind: render(folder, given) for kind, given in answers.items()}
    return found | {"template": ROOT}


@pytest.fixture(params=[*EXAMPLES, "template"], scope="module")
def repository(request: pytest.FixtureRequest, repositories: dict[str, Path]) -> Path:
    """Each of them in turn."""
    return repositories[request.param]


def workflows(repository: Path) -> dict[str, Document]:
    """Return the workflows by their names."""
    paths = sorted((repository / ".github" / "workflows").glob("*.yaml"))
    assert paths
    return {path.stem: yaml.safe_load(path.read_text("utf-8")) for path in paths}


def jobs(repository: Path) -> Iterator[tuple[str, Document]]:
    """Yield all jobs, with the names of their workflows."""
    for name, workflow in workflows(repository).items():
        for job, content in workflow["jobs"].items():
            yield f"{name}: {job}", content


def run(*words: str | Path) -> subprocess.CompletedProcess[str]:
    program, *arguments = words
    return subprocess.run([PROGRAMS / program, *arguments], capture_output=True, text=True)


# Schemas and the linter.


def against_its_schema(schema: str, *paths: Path) -> subprocess.CompletedProcess[str]:
    return run("check-jsonschema", "--builtin-schema", f"vendor.{schema}", *paths)


def test_workflows_and_actions_keep_to_their_schemas(repository: Path) -> None:
    folder = repository / ".github"
    done = against_its_schema("github-workflows", *folder.glob("workflows/*.yaml"))
    assert done.returncode == 0, done.stdout
    if actions := list(folder.glob("actions/*/action.yaml")):
        done = against_its_schema("github-actions", *actions)
        assert done.returncode == 0, done.stdout


def findings(folder: Path) -> list[str]:
    """Return what the linter finds that is of more than little weight; it asks nobody outside."""
    words = ("--offline", "--quiet", "--no-exit-codes", "--min-severity=medium", "--format=json-v1")
    done = run("zizmor", *words, folder)
    assert done.returncode == 0, done.stderr
    return [found["ident"] for found in json.loads(done.stdout) if not found["ignored"]]


def test_workflows_are_clean(repository: Path) -> None:
    assert findings(repository / ".github") == []


PLANTED = {
    "unpinned-uses": ("checkout@3d3c42e5aac5ba805825da76410c181273ba90b1", "checkout@v7"),
    "template-injection": ('--tag="$TAG"', '--tag="${{ github.head_ref }}"'),
    "excessive-permissions": (
        "    permissions:\n      contents: read\n",
        "    permissions: write-all\n",
    ),
    "dangerous-triggers": ("  pull_request:\n", "  pull_request_target:\n"),
}
"""Faults by what the linter calls them: a text of a workflow, and what takes its place."""


@pytest.mark.parametrize("finding", PLANTED)
def test_a_planted_fault_is_found(
    repositories: dict[str, Path], tmp_path: Path, finding: str
) -> None:
    old, new = PLANTED[finding]
    text = (repositories["resource"] / ".github" / "workflows" / "pipeline.yaml").read_text("utf-8")
    assert old in text
    planted = tmp_path / ".github" / "workflows" / "pipeline.yaml"
    planted.parent.mkdir(parents=True)
    planted.write_text(text.replace(old, new), "utf-8")
    assert finding in findings(tmp_path)


def test_a_key_that_workflows_do_not_have_is_found(
    repositories: dict[str, Path], tmp_path: Path
) -> None:
    text = (repositories["resource"] / ".github" / "workflows" / "pipeline.yaml").read_text("utf-8")
    planted = tmp_path / "pipeline.yaml"
    planted.write_text(text.replace("timeout-minutes: 15", "timeout: 15"), "utf-8")
    assert against_its_schema("github-workflows", planted).returncode == 1


# What no linter knows.


def test_every_action_of_others_is_named_by_its_commit(repository: Path) -> None:
    found = set()
    for path in (repository / ".github").rglob("*.yaml"):
        text = path.read_text("utf-8")
        assert len(PINNED.findall(text)) == text.count("uses: "), path
        found |= set(re.findall(r"uses: ([\w-]+/[\w-]+)@", text))
    assert found <= PROGRAMS_OF_OTHERS


def test_one_action_is_everywhere_of_one_version(repositories: dict[str, Path]) -> None:
    used: dict[str, set[str]] = {}
    for repository in repositories.values():
        for path in (repository / ".github").rglob("*.yaml"):
            for name, version in re.findall(r"uses: ([\w/-]+)@(.+)", path.read_text("utf-8")):
                used.setdefault(name, set()).add(version)
    assert {name: versions for name, versions in used.items() if len(versions) != 1} == {}


def test_a_workflow_grants_nothing_and_a_job_what_it_needs(repository: Path) -> None:
    for name, workflow in workflows(repository).items():
        assert workflow["permissions"] == {}, name
    for name, job in jobs(repository):
        granted = job["permissions"]
        assert granted in ({}, {"contents": "read"}) or name.startswith(
            ("template-update: ", "release: ")
        ), name


def test_every_job_ends_in_time(repository: Path) -> None:
    for name, job in jobs(repository):
        assert "uses" in job or 0 < job["timeout-minutes"] <= 120, name


def test_one_check_sums_up_all_that_may_not_fail(repository: Path) -> None:
    found = workflows(repository)["pipeline"]["jobs"]
    summary = found["verified"]
    after = {name for name, job in found.items() if "verified" in job.get("needs", [])}
    assert set(summary["needs"]) == set(found) - {"verified"} - after - {"production"}
    assert summary["if"] == "${{ always() }}"
    [step] = summary["steps"]
    assert step["run"] == "exit 1"
    for result in ("failure", "cancelled"):
        assert f"contains(needs.*.result, '{result}')" in step["if"]


@pytest.mark.parametrize("kind", EXAMPLES)
def test_what_changes_a_stage_comes_after_all_tests(
    repositories: dict[str, Path], kind: str
) -> None:
    found = workflows(repositories[kind])["pipeline"]["jobs"]
    assert set(found["image"]["needs"]) == {"check", "test", "scan-code"}
    assert "verified" in found["staging"]["needs"]
    assert "staging" in found["production"]["needs"]
    given = [{**found[stage]["with"], "stage": ""} for stage in ("staging", "production")]
    assert given[0] == given[1]
    assert found["staging"]["if"] == "${{ github.ref == 'refs/heads/main' }}"
    deploy = workflows(repositories[kind])["deploy"]["jobs"]["deploy"]
    assert deploy["environment"] == "${{ inputs.stage }}"
    assert deploy["concurrency"]["cancel-in-progress"] is False


@pytest.mark.parametrize("kind", EXAMPLES)
def test_only_main_is_pushed(repositories: dict[str, Path], kind: str) -> None:
    steps = workflows(repositories[kind])["pipeline"]["jobs"]["image"]["steps"]
    for step in steps:
        if re.search(r"image\.(push|login)", step.get("run", "")):
            assert step["if"] == "${{ github.ref == 'refs/heads/main' }}"


def test_a_database_is_prepared_where_there_is_one(repositories: dict[str, Path]) -> None:
    texts = {
        kind: (repositories[kind] / ".github" / "workflows" / "deploy.yaml").read_text("utf-8")
        for kind in EXAMPLES
    }
    assert {kind: "db.migrate" in text for kind, text in texts.items()} == {
        "resource": True,
        "issuer": True,
        "frontend": False,
    }


@pytest.mark.parametrize("kind", EXAMPLES)
def test_an_update_with_conflicts_gets_a_pull_request_too(
    repositories: dict[str, Path], kind: str
) -> None:
    steps = workflows(repositories[kind])["template-update"]["jobs"]["update"]["steps"]
    [update] = [step for step in steps if "template.update" in step.get("run", "")]
    [opens] = [step for step in steps if "pull-request.open" in step.get("run", "")]
    assert opens["if"] == f"${{{{ !cancelled() && steps.{update['id']}.outcome != 'skipped' }}}}"
