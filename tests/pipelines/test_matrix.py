"""The pipelines that update a fleet, a job for each service."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from tasks.fleet import matrix
from tests.pipelines.graph import builds
from tests.pipelines.kotlin import Settings

WORK = matrix.Work("v1.2.0", bump=False, template="https://git.acme.example/template-$1.git")
SERVICES = ["git@git.acme.example:thoughts.git", "https://git.acme.example/a-$service"]


def test_teamcity_takes_its_settings(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "settings.kts").write_text(matrix.teamcity(SERVICES, WORK), "utf-8")
    result = settings.describe(tmp_path)
    assert result.faults == []
    [build] = builds(result.project).values()
    described = str(build)
    assert all(address in described for address in SERVICES)
    assert '--template="$PWD/../template.git" --branch="$BRANCH" --to=v1.2.0' in described


def test_a_fault_in_them_is_seen(settings: Settings, tmp_path: Path) -> None:
    text = matrix.teamcity(SERVICES, replace(WORK, tag="")).replace(
        "executionTimeoutMin", "executionTimeoutMinutes"
    )
    (tmp_path / "settings.kts").write_text(text, "utf-8")
    assert settings.describe(tmp_path).faults


def test_github_runs_what_is_pinned() -> None:
    workflow = yaml.safe_load(matrix.github(SERVICES, WORK))
    job = workflow["jobs"]["update"]
    assert job["strategy"]["matrix"]["service"] == SERVICES
    [used] = [step["uses"] for step in job["steps"] if "uses" in step]
    assert len(used.partition("@")[2]) == 40


@pytest.mark.parametrize("write", [matrix.github, matrix.teamcity])
@pytest.mark.parametrize(
    ("bump", "tag", "branch", "task"),
    [
        (False, "", "template/newest", "template.update --no-input --template="),
        (False, "v1.2.0", "template/v1.2.0", "template.update --no-input --template="),
        (True, "", "chassis/newest", "template.bump --template="),
        (True, "v1.2.0", "chassis/v1.2.0", "template.bump --template="),
    ],
)
def test_each_kind_of_update_has_its_task_and_its_branch(
    write: Callable[[Sequence[str], matrix.Work], str],
    bump: bool,
    tag: str,
    branch: str,
    task: str,
) -> None:
    text = write(SERVICES, matrix.Work(tag, bump, WORK.template))
    assert branch in text
    assert task in text
    assert ("--to=v1.2.0" in text) == (tag != "")
