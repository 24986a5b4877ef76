"""What a service's settings of TeamCity describe, compiled and run by the real compiler."""

import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from tasks.folders import ROOT
from tests.conftest import EXAMPLES
from tests.pipelines.conftest import HOSTILE
from tests.pipelines.graph import before, builds, deployments, direct, kinds, order, scripts
from tests.pipelines.kotlin import Project, Settings

OF_ALL = ["Check", "Test", "ScanCode", "Image", "Verified", "DeployStaging", "DeployProduction"]
BY_HAND = ["RollbackStaging", "RollbackProduction"]
OF_A_DATABASE = ["ProvisionStaging", "ProvisionProduction"]
TESTS = {"Check", "Test", "ScanCode"}


@pytest.fixture(params=EXAMPLES, scope="module")
def project(request: pytest.FixtureRequest, described: dict[str, Project]) -> Project:
    """What each of the services describes."""
    return described[request.param]


def test_a_service_has_the_builds_of_its_kind(described: dict[str, Project]) -> None:
    assert {*OF_ALL, *BY_HAND, "TemplateUpdate"} == set(builds(described["frontend"]))
    for kind in ("resource", "issuer"):
        more = set(builds(described[kind])) - set(builds(described["frontend"]))
        assert more == set(OF_A_DATABASE)


def test_texts_come_out_as_they_were_given(described: dict[str, Project]) -> None:
    assert described["issuer"]["description"] == HOSTILE["description"]


# The chain.


def test_no_build_comes_after_itself(project: Project) -> None:
    assert len(order(project)) == len(builds(project))


def test_a_change_is_checked_tested_and_scanned_before_an_image_is_pushed(project: Project) -> None:
    for id, build in builds(project).items():
        if any("image.push" in script for script in scripts(build)):
            assert id == "Image"
            assert before(project, id) == TESTS
            words = [script.split()[1] for script in scripts(build)[1:]]
            assert words == ["image.build", "scan.image", "image.push"]


def test_what_changes_a_stage_comes_after_all_tests_and_scans(project: Project) -> None:
    assert deployments(project).keys() > set(BY_HAND)
    for id in deployments(project).keys() - BY_HAND:
        assert before(project, id) >= TESTS | {"Image", "Verified"}, id


def test_production_comes_after_staging(project: Project) -> None:
    for id in deployments(project):
        if id.endswith("Production") and id not in BY_HAND:
            assert "DeployStaging" in before(project, id)


def test_the_database_is_prepared_before_the_service_is_deployed(
    described: dict[str, Project],
) -> None:
    for stage in ("Staging", "Production"):
        assert f"Provision{stage}" in direct(builds(described["resource"])[f"Deploy{stage}"])


def test_all_builds_of_a_chain_are_of_one_revision(project: Project) -> None:
    for id, build in builds(project).items():
        assert build["vcs"]["roots"] == ["settings root"], id
        for dependency in build["dependencies"]["snapshots"]:
            assert dependency["synchronizeRevisions"], id
            assert dependency["onDependencyFailure"] == "FAIL_TO_START", id


def test_both_stages_get_the_image_that_was_pushed(project: Project) -> None:
    both = [builds(project)[f"Deploy{stage}"] for stage in ("Staging", "Production")]
    wanted = "image.verify --tag=%dep.Image.image.tag% --digest=%dep.Image.image.digest%"
    for build in both:
        assert scripts(build)[1].endswith(wanted)
        assert build["buildNumberPattern"] == "%dep.Image.image.tag%"
        assert not any("image.build" in script for script in scripts(build))


def test_what_goes_back_waits_for_nothing_but_somebody(project: Project) -> None:
    for id in BY_HAND:
        build = builds(project)[id]
        assert before(project, id) == set()
        assert build["triggers"] == []
        assert "cluster.rollback" in scripts(build)[2]


def test_an_update_from_the_template_is_proposed_each_week(project: Project) -> None:
    build = builds(project)["TemplateUpdate"]
    assert [script.split()[1] for script in scripts(build)[1:]] == [
        "template.update",
        "pull-request.open",
    ]
    report = scripts(build)[1].partition(">")[2]
    assert scripts(build)[2].endswith(f"--body-file={report}")
    assert build["artifactRules"] == report
    # Its pull request tells of conflicts, too.
    assert build["steps"][2]["executionMode"] == "RUN_ON_FAILURE"
    [weekly] = build["triggers"]
    assert weekly["schedulingPolicy"]["dayOfWeek"] == "Monday"


# Who may, and how often.


def features(build: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [feature for feature in build["features"] if feature["kind"] == kind]


def test_nothing_changes_production_before_somebody_has_agreed(project: Project) -> None:
    for id, build in deployments(project).items():
        agreements = [each["approvalRules"] for each in features(build, "Approval")]
        is_production = build["params"]["stage"]["value"] == "production"
        assert agreements == (["group:RELEASE_MANAGERS:1"] if is_production else []), id


def test_a_stage_changes_from_the_default_branch_and_once_at_a_time(project: Project) -> None:
    for id, build in deployments(project).items():
        assert build["maxRunningBuilds"] == 1, id
        assert build["vcs"]["branchFilter"] == "+:<default>", id
    push = next(step for step in builds(project)["Image"]["steps"] if step["name"] == "Push")
    condition = {"type": "equals", "param": "teamcity.build.branch.is_default", "value": "true"}
    assert push["conditions"] == [condition]


def test_every_build_ends_in_time(project: Project) -> None:
    for id, build in builds(project).items():
        assert 0 < build["failureConditions"]["executionTimeoutMin"] <= 60, id


def test_one_build_sums_up_what_a_pull_request_needs(project: Project) -> None:
    verified = builds(project)["Verified"]
    assert verified["type"] == "COMPOSITE"
    assert direct(verified) == TESTS | {"Image"}
    assert kinds(verified["features"]) == {"PullRequests", "CommitStatusPublisher"}
    assert [each["branchFilter"] for each in verified["triggers"]] == ["+:*"]


def test_staging_follows_the_default_branch(project: Project) -> None:
    triggers = {id: build["triggers"] for id, build in deployments(project).items()}
    assert [each["branchFilter"] for each in triggers.pop("DeployStaging")] == ["+:<default>"]
    assert not any(triggers.values())


def test_the_locked_packages_are_scanned_each_night(project: Project) -> None:
    [nightly] = builds(project)["ScanCode"]["triggers"]
    assert nightly["schedulingPolicy"]["kind"] == "Daily"
    assert nightly["withPendingChangesOnly"] is False


# What fails a build besides, and what is kept of it.


def test_fewer_tests_and_less_coverage_fail(project: Project) -> None:
    conditions = builds(project)["Test"]["failureConditions"]["conditions"]
    found = {(each["metric"], each["comparison"], each["threshold"]) for each in conditions}
    assert found == {("TEST_COUNT", "LESS", 5), ("COVERAGE_LINE_PERCENTAGE", "LESS", 2)}


@pytest.mark.parametrize("name", ["ScanCode", "Image"])
def test_a_finding_is_told_by_the_words_of_the_scans(project: Project, name: str) -> None:
    [condition] = builds(project)[name]["failureConditions"]["conditions"]
    source = ROOT / "tools" / "src" / "flask_chassis_tools" / "scanning" / "findings.py"
    [said] = re.findall(r'Exit\(f"(Found: .+?)"', source.read_text("utf-8"))
    assert re.search(condition["pattern"], said.replace("{len(left)}", "3"))
    assert not re.search(condition["pattern"], "No findings.")


def test_reports_are_kept_and_shown_and_end(project: Project) -> None:
    assert "reports/coverage => coverage.zip" in builds(project)["Test"]["artifactRules"]
    assert builds(project)["Image"]["artifactRules"] == "sbom.cdx.json"
    assert [tab["startPage"] for tab in project["features"]] == ["coverage.zip!index.html"]
    assert {rule["level"]: rule["days"] for rule in project["cleanup"]} == {
        "history": 90,
        "artifacts": 30,
    }


# Secrets.


def test_no_secret_is_in_the_settings(project: Project, teamcity: dict[str, Path]) -> None:
    secrets = [
        parameter["value"]
        for build in builds(project).values()
        for parameter in build["params"].values()
        if parameter["type"] == "password"
    ]
    assert secrets
    for secret in secrets:
        assert re.fullmatch(r"%(staging|production|github)\.[a-z.]+%", secret)
    for service in teamcity.values():
        for path in (service / ".teamcity").rglob("*.kt*"):
            assert "credentialsJSON" not in path.read_text("utf-8")


def test_whatever_is_named_like_a_secret_is_one(project: Project) -> None:
    for build in builds(project).values():
        for name, parameter in build["params"].items():
            if re.search("PASSWORD|SECRET|TOKEN|CONTENT", name):
                assert parameter["type"] == "password", name


# What a service says of itself.


def test_a_service_may_have_slack_a_registry_and_no_github(
    settings: Settings, customised: Path
) -> None:
    result = settings.describe(customised)
    assert result.faults == []
    found = builds(result.project)
    for id, build in found.items():
        [notification] = features(build, "Notifications")
        assert notification["notifierSettings"]["sendTo"] == "#thoughts", id
        assert not features(build, "CommitStatusPublisher")
    for id in ("Image", "DeployStaging", "DeployProduction"):
        [login] = features(found[id], "DockerSupportFeature")
        assert login["loginToRegistry"]["dockerRegistryId"] == "PROJECT_EXT_1"
    assert scripts(found["Own"]) == ["echo own"]
    assert scripts(found["TemplateUpdate"])[1].endswith("template.update --check")


@pytest.fixture
def customised(teamcity: dict[str, Path], tmp_path: Path) -> Path:
    """Settings in which a service says more and has a build of its own; pipeline/ is as it was."""
    folder = shutil.copytree(teamcity["resource"] / ".teamcity", tmp_path / ".teamcity")
    script = folder / "settings.kts"
    text = script.read_text("utf-8")
    more = (
        'slackConnection = "PROJECT_EXT_2",\n    slackChannel = "#thoughts",\n'
        '    registryConnection = "PROJECT_EXT_1",\n    gitHubUrl = "",\n    // Further'
    )
    own = (
        'buildType {\n        id("Own")\n        name = "Own"\n        ofService(service, 5)\n'
        '        steps {\n            script { scriptContent = "echo own" }\n        }\n    }\n}\n'
    )
    imports = (
        "import pipeline.ofService\nimport jetbrains.buildServer.configs.kotlin.buildSteps.script\n"
    )
    text = text.replace("// Further ones", more, 1).replace("import pipeline.Service", imports, 1)
    text = text.replace(
        "import pipeline.Stage", "import pipeline.Service\nimport pipeline.Stage", 1
    )
    script.write_text(text[: text.rindex("    // Further builds")] + f"    {own}", "utf-8")
    return folder
