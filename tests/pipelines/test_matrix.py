"""The pipelines that update a fleet, a job for each service."""

from pathlib import Path

import yaml

from tasks.fleet import matrix
from tests.pipelines.graph import builds
from tests.pipelines.kotlin import Settings

SERVICES = ["git@git.acme.example:thoughts.git", "https://git.acme.example/a-$service"]
TEMPLATE = "https://git.acme.example/template-$1.git"


def test_teamcity_takes_its_settings(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "settings.kts").write_text(matrix.teamcity(SERVICES, "v1.2.0", TEMPLATE), "utf-8")
    result = settings.describe(tmp_path)
    assert result.faults == []
    [build] = builds(result.project).values()
    described = str(build)
    assert all(address in described for address in SERVICES)
    assert '--template="$PWD/../template.git" --branch="$BRANCH" --to=v1.2.0' in described


def test_a_fault_in_them_is_seen(settings: Settings, tmp_path: Path) -> None:
    text = matrix.teamcity(SERVICES, "", TEMPLATE).replace(
        "executionTimeoutMin", "executionTimeoutMinutes"
    )
    (tmp_path / "settings.kts").write_text(text, "utf-8")
    assert settings.describe(tmp_path).faults


def test_github_runs_what_is_pinned() -> None:
    workflow = yaml.safe_load(matrix.github(SERVICES, "v1.2.0", TEMPLATE))
    job = workflow["jobs"]["update"]
    assert job["strategy"]["matrix"]["service"] == SERVICES
    [used] = [step["uses"] for step in job["steps"] if "uses" in step]
    assert len(used.partition("@")[2]) == 40
