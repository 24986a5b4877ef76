"""The pipelines of this repository itself, held to what services are held to."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from invoke.exceptions import ParseError
from invoke.parser import Parser

from tasks import namespace
from tasks.folders import ROOT
from tasks.test import TIERS
from tests.pipelines.commands import SUMS_UP, Step, documented, of_github, of_teamcity, words
from tests.pipelines.graph import before, builds, direct, kinds, order, visible
from tests.pipelines.kotlin import Project, Settings

HERE = Path(__file__).parent

QUESTIONS: dict[str, Any] = json.loads((ROOT / "cookiecutter.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def project(settings: Settings) -> Project:
    """What the settings of TeamCity describe."""
    result = settings.describe(ROOT / ".teamcity")
    assert result.faults == []
    return result.project


@pytest.fixture(scope="module")
def workflows() -> dict[str, dict[Any, Any]]:
    """The workflows of GitHub, by their names."""
    folder = ROOT / ".github" / "workflows"
    return {path.stem: yaml.safe_load(path.read_text("utf-8")) for path in folder.glob("*.yaml")}


def faults(steps: list[Step]) -> list[str]:
    """Return what a developer could not type: each is a task of ours, or a tier of `.ci/run`."""
    found = []
    for step in steps:
        program, *arguments = words(step.script)
        if program == "./invoke":
            try:
                if not Parser(contexts=namespace.to_contexts()).parse_argv(arguments):
                    found.append(f"{step.where}: it names no task")
            except ParseError as error:
                found.append(f"{step.where}: {error}")
        elif program == ".ci/run":
            if arguments not in ([tier] for tier in (*TIERS, "%tier%", "$TIER")):
                found.append(f"{step.where}: there is no tier {arguments}")
        elif step.script != SUMS_UP and not documented(step.script, ROOT / "CONTRIBUTING.md"):
            found.append(f"{step.where}: {step.script}: this is no command of ours")
    return found


def test_a_developer_can_type_each_step_of_teamcity(project: Project) -> None:
    steps = of_teamcity(project)
    assert len(steps) >= 2 * len(TIERS) + 3
    assert faults(steps) == []


def test_a_developer_can_type_each_step_of_github() -> None:
    steps = of_github(ROOT)
    assert len(steps) >= 4
    assert faults(steps) == []


@pytest.mark.parametrize(
    "script",
    [
        "./invoke chnages",
        "./invoke changes --sinse=x",
        "./invoke",
        ".ci/run fast",
        "pytest",
        "true",
    ],
)
def test_what_no_developer_could_type_is_seen(script: str) -> None:
    assert len(faults([Step("planted", script)])) == 1


def test_the_tiers_are_those_of_the_suite(
    project: Project, workflows: dict[str, dict[Any, Any]]
) -> None:
    there = {path.name for path in (ROOT / "tests").iterdir() if list(path.glob("test_*.py"))}
    # The update gate and the tests on a cluster have builds of their own.
    own = {"updates", "cluster"}
    assert {Path(folder).name for tier in TIERS.values() for folder in tier} == there - own
    assert {f"Tier{tier.capitalize()}" for tier in TIERS} < set(builds(project))
    matrix = workflows["nightly"]["jobs"]["tier"]["strategy"]["matrix"]
    assert matrix == {"tier": list(TIERS), "python": QUESTIONS["python_version"]}
    for build in ("ReleaseTests", *NIGHTLY):
        [matrix] = [each for each in builds(project)[build]["features"] if "params" in each]
        assert matrix["params"] == {"tier": list(TIERS)}


NIGHTLY = {
    f"NightlyPython{version.replace('.', '')}": version for version in QUESTIONS["python_version"]
}
"""The builds of a night, and the Python of each."""


def test_a_night_runs_each_python_where_there_is_one_and_a_red_one_is_told(
    project: Project,
) -> None:
    nightly = builds(project)["Nightly"]
    assert direct(nightly) == set(NIGHTLY)
    for id, version in NIGHTLY.items():
        build = builds(project)[id]
        assert build["params"]["env.PYTHON"]["value"] == f"python{version}"
        # Without it TeamCity says that no agent is compatible; no test runs with another Python.
        assert [each["param"] for each in build["requirements"]] == [f"tool.python{version}"]
    for dependency in nightly["dependencies"]["snapshots"]:
        assert dependency["onDependencyFailure"] == "ADD_PROBLEM"
    [trigger] = nightly["triggers"]
    assert (trigger["schedulingPolicy"]["kind"], trigger["withPendingChangesOnly"]) == (
        "Daily",
        False,
    )
    for id in ("Nightly", "Release", "Verified"):
        [told] = [
            each for each in builds(project)[id]["features"] if each["kind"] == "Notifications"
        ]
        assert told["notifierSettings"]["kind"] == "EmailNotifier"
        assert told["notifierSettings"]["email"]
        assert told["buildFailed"]
        assert told["buildFailedToStart"]


def test_what_is_summed_up_or_released_waits_for_all_of_it_to_succeed(project: Project) -> None:
    for id, build in builds(project).items():
        assert 0 < build["failureConditions"]["executionTimeoutMin"] <= 240, id
        for dependency in build["dependencies"]["snapshots"]:
            ended = (dependency["onDependencyFailure"], dependency["onDependencyCancel"])
            # A night tells of each Python, whatever the others found.
            assert ended == (
                ("ADD_PROBLEM",) * 2 if id == "Nightly" else ("FAIL_TO_START", "CANCEL")
            ), id


def test_pull_requests_of_members_alone_are_built(project: Project) -> None:
    [requests] = [
        each for each in builds(project)["Verified"]["features"] if each["kind"] == "PullRequests"
    ]
    assert requests["provider"]["filterAuthorRole"] == "MEMBER"


def test_no_build_of_a_pull_request_reads_a_secret(project: Project) -> None:
    for id, build in builds(project).items():
        secrets = {
            name for name, each in visible(project, id).items() if each["type"] == "password"
        }
        assert secrets == (
            {"env.GH_TOKEN", "env.UV_PUBLISH_PASSWORD"} if id == "Release" else set()
        ), id
        if secrets:
            assert build["vcs"]["branchFilter"] == "+:v*"
            assert not build["enablePersonalBuilds"]
    [untrusted] = project["features"]
    assert untrusted["defaultAction"] == "APPROVE"


def test_what_is_heavy_to_fetch_is_kept_for_each_tier(
    project: Project, workflows: dict[str, dict[Any, Any]]
) -> None:
    folders = {".cache/kotlin", ".cache/kubernetes", ".cache/registry"}
    for name in ("pipeline", "nightly"):
        [cache] = [
            step["with"]
            for step in workflows[name]["jobs"]["tier"]["steps"]
            if "actions/cache@" in step.get("uses", "")
        ]
        assert folders < set(cache["path"].split())
        assert cache["key"].startswith(cache["restore-keys"] + "${{ hashFiles(")
        assert "matrix.tier" in cache["restore-keys"]
        named = re.search(r"hashFiles\((.*)\)", cache["key"])
        assert named
        for pattern in named[1].replace("'", "").split(", "):
            assert list(ROOT.glob(pattern)), pattern
    assert "cache" not in json.dumps(workflows["release"])
    caches = {
        id: feature
        for id, build in builds(project).items()
        for feature in build["features"]
        if feature["kind"] == "BuildCacheFeature"
    }
    assert set(caches) == {*(f"Tier{tier.capitalize()}" for tier in TIERS), *NIGHTLY}
    for id, cache in caches.items():
        assert folders < set(cache["rules"].splitlines())
        # A pull request could plant a program for all builds after it.
        assert cache["publish"] == (id in NIGHTLY)
    scripts = (ROOT / ".ci" / "run", ROOT / ".ci" / "install-kubernetes-tools")
    text = " ".join(path.read_text() for path in (*scripts, HERE / "compiler" / "install"))
    for folder in folders:
        assert f"{folder.removeprefix('.')}" in text, folder


def test_every_pull_request_has_one_check_that_sums_up_all_tiers(project: Project) -> None:
    assert len(order(project)) == len(builds(project))
    tiers = {f"Tier{tier.capitalize()}" for tier in TIERS}
    assert before(project, "Verified") == {*tiers, "UpdateGate"}
    verified = builds(project)["Verified"]
    assert kinds(verified["features"]) == {"PullRequests", "CommitStatusPublisher", "Notifications"}


def test_a_tier_runs_where_what_has_changed_needs_it(
    project: Project, workflows: dict[str, dict[Any, Any]]
) -> None:
    for tier in TIERS:
        look, test = builds(project)[f"Tier{tier.capitalize()}"]["steps"]
        assert look["scriptContent"].endswith(f"--tier={tier}")
        assert test["conditions"] == [{"type": "equals", "param": "needed", "value": "true"}]
    jobs = workflows["pipeline"]["jobs"]
    matrix = jobs["tier"]["strategy"]["matrix"]
    assert matrix == {"tier": "${{ fromJSON(needs.changes.outputs.tiers) }}"}
    assert jobs["changes"]["outputs"] == {"tiers": "${{ steps.changes.outputs.tiers }}"}


def test_the_services_are_tried_on_a_real_cluster(workflows: dict[str, dict[Any, Any]]) -> None:
    jobs = workflows["pipeline"]["jobs"]
    scripts = [step["run"] for step in jobs["cluster"]["steps"] if "run" in step]
    assert scripts[-1] == "./invoke cluster-test --context=kind-kind"
    assert "cluster" in jobs["verified"]["needs"]


def test_a_tag_is_released_after_all_tests(
    project: Project, workflows: dict[str, dict[Any, Any]]
) -> None:
    # Verified asks for what has changed since main, which for a tag of main is nothing.
    assert before(project, "Release") == {"ReleaseTests", "UpdateGate"}
    on_main, tests = builds(project)["ReleaseTests"]["steps"]
    assert on_main["scriptContent"] == "git merge-base --is-ancestor HEAD origin/main"
    assert (tests["scriptContent"], tests["conditions"]) == (".ci/run %tier%", [])
    [gate] = builds(project)["Release"]["dependencies"]["artifacts"]
    assert (gate["build"], gate["buildRule"]) == ("UpdateGate", "sameChain")
    assert builds(project)["Release"]["vcs"]["branchFilter"] == "+:v*"
    assert workflows["release"][True] == {"push": {"tags": ["v*"]}}


def test_the_packages_are_published_before_the_release_if_there_is_an_index(
    project: Project, workflows: dict[str, dict[Any, Any]]
) -> None:
    publishes = './invoke publish --index="$PACKAGE_INDEX" --tag="$TAG"'
    steps = builds(project)["Release"]["steps"]
    scripts = [step["scriptContent"] for step in steps]
    assert scripts[0] == publishes
    assert scripts[-1].startswith("gh release create")
    condition = {"type": "does-not-equal", "param": "env.PACKAGE_INDEX", "value": ""}
    assert steps[0]["conditions"] == [condition]
    of_release = [
        step for step in workflows["release"]["jobs"]["release"]["steps"] if "run" in step
    ]
    [publish] = [step for step in of_release if step["run"] == publishes]
    assert publish["if"] == "${{ vars.PACKAGE_INDEX != '' }}"
    assert of_release.index(publish) < len(of_release) - 1
    assert of_release[-1]["run"].startswith("gh release create")
