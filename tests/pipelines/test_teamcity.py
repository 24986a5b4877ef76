"""What a service's settings of TeamCity describe, compiled and run by the real compiler."""

import re
import shutil
from collections.abc import Callable
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest

from tasks.folders import ROOT
from tests.conftest import EXAMPLES
from tests.pipelines.answers import SECRET, answer
from tests.pipelines.conftest import HOSTILE
from tests.pipelines.graph import (
    around,
    before,
    builds,
    connections,
    deployments,
    direct,
    kinds,
    of_any_change,
    order,
    scripts,
    visible,
)
from tests.pipelines.kotlin import Project, Settings

TESTS = {"Check", "Test", "ScanCode"}
OF_A_CHANGE = TESTS | {"Image", "Verified"}
BY_HAND = {"DeployVersionStaging", "RollbackStaging", "DeployProduction", "RollbackProduction"}
PROVISION = {"ProvisionStaging", "ProvisionProduction"}
OF_ALL = (
    OF_A_CHANGE
    | BY_HAND
    | {"Publish", "DeployStaging", "ScanImage", "Release"}
    | {"TemplateUpdate", "TemplateUpdateRequest"}
)


@pytest.fixture(params=EXAMPLES, scope="module")
def project(request: pytest.FixtureRequest, described: dict[str, Project]) -> Project:
    """What each of the services describes as it is rendered."""
    return described[request.param]


@pytest.fixture(params=["frontend", "resource"], scope="module")
def answered(request: pytest.FixtureRequest, answered_by: Callable[[str], Project]) -> Project:
    """What a service describes that has given all secrets, a database and Slack."""
    return answered_by(request.param)


def test_a_service_has_the_builds_of_its_kind(project: Project) -> None:
    assert set(builds(project)) == OF_ALL


def test_a_database_is_provisioned_where_one_is_named(
    answered_by: Callable[[str], Project],
) -> None:
    for kind, more in (("resource", PROVISION), ("issuer", PROVISION), ("frontend", set())):
        assert set(builds(answered_by(kind))) == OF_ALL | more


def test_texts_come_out_as_they_were_given(described: dict[str, Project]) -> None:
    assert described["issuer"]["description"] == HOSTILE["description"]


# The chain.


def test_no_build_comes_after_itself(project: Project) -> None:
    assert len(order(project)) == len(builds(project))


def test_a_change_is_checked_tested_and_scanned_before_an_image_is_pushed(project: Project) -> None:
    for id, build in builds(project).items():
        if any("image.push" in script for script in scripts(build)):
            assert id == "Publish"
            assert before(project, id) == OF_A_CHANGE
            words = [script.split()[1] for script in scripts(build)[1:]]
            assert words == ["image.build", "scan.image", "image.push"]


def test_a_second_run_takes_the_image_that_is_in_the_registry(project: Project) -> None:
    [build] = [script for script in scripts(builds(project)["Publish"]) if "image.build" in script]
    assert build.endswith("image.build --reuse")


def test_staging_comes_after_all_tests_and_scans(project: Project) -> None:
    assert before(project, "DeployStaging") == OF_A_CHANGE | {"Publish"}


def test_an_approval_that_nobody_gives_holds_up_nothing(answered: Project) -> None:
    waiting = {id for id, build in builds(answered).items() if features(build, "Approval")}
    assert waiting >= {"DeployProduction", "RollbackProduction"}
    for id, build in builds(answered).items():
        # Nothing comes after a build that waits, nothing waits with it.
        assert not before(answered, id) & waiting, id
        if id in waiting:
            assert before(answered, id) == set(), id
            assert build["triggers"] == [], id


def test_all_builds_of_a_chain_are_of_one_revision(project: Project) -> None:
    for id, build in builds(project).items():
        assert build["vcs"]["roots"] == ["settings root"], id
        for dependency in build["dependencies"]["snapshots"]:
            assert dependency["synchronizeRevisions"], id
            # A failed update is proposed all the same.
            expected = "IGNORE" if id == "TemplateUpdateRequest" else "FAIL_TO_START"
            assert dependency["onDependencyFailure"] == expected, id
            # As of a test that somebody has stopped: nothing is known of the change.
            assert dependency["onDependencyCancel"] == "CANCEL", id


def test_a_version_is_deployed_by_its_digest(project: Project) -> None:
    given = {"DeployStaging": "%dep.Publish.image.", "DeployProduction": ""}
    given["DeployVersionStaging"] = ""
    for id, prefix in given.items():
        build = builds(project)[id]
        words = [script.split(" ", 1)[1] for script in scripts(build)[1:-1]]
        assert words[0] == 'image.verify --tag="$TAG" --digest="$DIGEST"'
        # A slower chain does not take a stage back; a version that somebody names is deployed.
        more = " --unless-newer" if prefix else ""
        assert words[2].endswith(f' --tag="$TAG" --digest=%image.digest%{more}')
        parameters = {name: each["value"] for name, each in build["params"].items()}
        assert (parameters["env.TAG"], parameters["env.DIGEST"]) == (
            "%image.tag%",
            "%image.digest%",
        )
        for name in ("tag", "digest"):
            assert parameters[f"image.{name}"] == (f"{prefix}{name}%" if prefix else "")
        assert build["buildNumberPattern"] == "%image.tag%"
        assert not any("image.build" in script for script in scripts(build))


def test_what_is_deployed_is_verified_before_and_tried_after(answered: Project) -> None:
    deploys = ["image.verify", "write-secret", "cluster.deploy", "smoke"]
    for id, build in deployments(answered).items():
        tasks = [
            script.split("-tasks ")[1].split()[0]
            for script in scripts(build)
            if "-tasks " in script
        ]
        back = ["db.create"] if id in PROVISION else ["write-secret", "cluster.rollback", "smoke"]
        assert tasks == (deploys if "Deploy" in id else back), id


@pytest.mark.parametrize("name", ["DeployVersionStaging", "DeployProduction"])
def test_who_deploys_a_version_is_asked_for_it(project: Project, name: str) -> None:
    params = builds(project)[name]["params"]
    wanted = {
        "image.tag": (
            ["v1.2.3", "v1.2.3-4-g0123abc", "1.0"],
            ["", "latest", "v1.2.3; curl x", "main"],
        ),
        "image.digest": (
            # The registry's, if nothing is said.
            ["", "sha256:" + "0a" * 32],
            ["sha256:", "0a" * 32, "sha256:" + "0A" * 32],
        ),
    }
    for key, (right, wrong) in wanted.items():
        asked = params[key]
        assert (asked["display"], asked["allowEmpty"]) == ("PROMPT", "" in right)
        assert asked["validationMessage"]
        assert all(re.fullmatch(asked["regex"], value) for value in right)
        assert not any(re.fullmatch(asked["regex"], value) for value in wrong)


def test_migrations_run_in_the_cluster_only(answered: Project) -> None:
    everything = [script for build in builds(answered).values() for script in scripts(build)]
    assert not any("db.migrate" in script for script in everything)
    for id in PROVISION & set(builds(answered)):
        assert scripts(builds(answered)[id])[1:] == [".venv/bin/acme-tasks db.create"]
        assert before(answered, id) == set()


def test_what_goes_back_waits_for_nothing_but_somebody(project: Project) -> None:
    for id in BY_HAND:
        build = builds(project)[id]
        assert before(project, id) == set()
        assert build["triggers"] == []
        if id.startswith("Rollback"):
            assert "cluster.rollback" in scripts(build)[2]


def test_an_update_from_the_template_is_proposed_each_week(project: Project) -> None:
    build, asks = (builds(project)[f"TemplateUpdate{each}"] for each in ("", "Request"))
    _, update, commits = scripts(build)
    _, opens = scripts(asks)
    report = update.partition(" template.update --no-input >")[2]
    assert "pull-request.commit --branch=template-update " in commits
    assert f" --body-file={report} --bundle=" in commits
    files = [report, commits.rpartition("=")[2]]
    assert build["artifactRules"].splitlines() == files
    names = [file.rpartition("/")[2] for file in files]
    assert opens.endswith(f" --body-file={names[0]} --bundle={names[1]}")
    [taken] = asks["dependencies"]["artifacts"]
    assert (taken["build"], taken["buildRule"]) == ("TemplateUpdate", "sameChain")
    assert all(fnmatch(name, taken["artifactRules"]) for name in names)
    # Its pull request tells of conflicts, too.
    assert build["steps"][2]["executionMode"] == "RUN_ON_FAILURE"
    [weekly] = asks["triggers"]
    assert (weekly["schedulingPolicy"]["dayOfWeek"], build["triggers"]) == ("Monday", [])
    # It has no commit whose author would hear of a failure.
    assert [each["notifierSettings"]["kind"] for each in features(build, "Notifications")] == [
        "EmailNotifier"
    ]


def test_a_private_template_is_fetched_with_a_key_or_a_token(answered: Project) -> None:
    keys = {
        id: [each["teamcitySshKey"] for each in features(build, "SshAgent")]
        for id, build in builds(answered).items()
        if features(build, "SshAgent")
    }
    assert keys == {"TemplateUpdate": ["template"]}
    parameters = builds(answered)["TemplateUpdate"]["params"]
    assert parameters["env.TEMPLATE_TOKEN"]["value"].startswith(SECRET)
    assert parameters["env.TEMPLATE_USER"]["value"] == "reader"
    assert not {"TemplateUpdate", "TemplateUpdateRequest"} & of_any_change(answered)


def test_what_runs_the_code_of_an_update_cannot_push(answered: Project) -> None:
    assert secrets(answered, "TemplateUpdate") == {"env.TEMPLATE_TOKEN"}
    assert secrets(answered, "TemplateUpdateRequest") == {"env.GH_TOKEN"}
    asks = " ".join(scripts(builds(answered)["TemplateUpdateRequest"]))
    assert "template." not in asks


def test_the_private_key_is_where_images_are_pushed_and_nowhere_else(answered: Project) -> None:
    keys = {"env.COSIGN_PRIVATE_KEY", "env.COSIGN_PASSWORD"}
    signs = {id for id in builds(answered) if secrets(answered, id) & keys}
    assert signs == {"Publish"}
    wanted = {
        id
        for id, build in builds(answered).items()
        if "tool.cosign" in {each["param"] for each in build["requirements"]}
    }
    runs = {
        id
        for id, build in builds(answered).items()
        if re.search(r"image\.(push|verify|build --reuse)", " ".join(scripts(build)))
    }
    assert wanted == runs


# Who may, and how often.


def features(build: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [feature for feature in build["features"] if feature["kind"] == kind]


def test_nothing_changes_production_before_somebody_has_agreed(answered: Project) -> None:
    for id, build in deployments(answered).items():
        is_production = build["params"]["stage"]["value"] == "production"
        asked = features(build, "Approval")
        assert [each["approvalRules"] for each in asked] == (
            ["group:RELEASE_MANAGERS:1"] if is_production else []
        ), id
        for each in asked:
            # A day from when it is asked for, and who asks has not agreed thereby.
            assert (each["timeout"], each["manualRunsApproved"]) == (24 * 60, False)


def test_the_team_hears_that_a_build_waits_for_an_approval(answered: Project) -> None:
    for id, build in builds(answered).items():
        told = [
            each["notifierSettings"]["kind"]
            for each in features(build, "Notifications")
            if each.get("queuedBuildRequiresApproval")
        ]
        assert told == (
            ["SlackNotifier", "EmailNotifier"] if features(build, "Approval") else []
        ), id


def test_a_stage_changes_from_protected_branches_and_once_at_a_time(answered: Project) -> None:
    for id, build in deployments(answered).items():
        stage = build["params"]["stage"]["value"]
        assert build["maxRunningBuilds"] == 1, id
        assert build["vcs"]["branchFilter"] == "+:<default>\n+:hotfix/*", id
        assert not build["enablePersonalBuilds"], id
        # Deploying, provisioning and going back exclude each other.
        assert [each["locks"] for each in features(build, "SharedResources")] == [{stage: "write"}]
        _, own = around(answered, id)
        assert own["id"] == stage.capitalize()
        assert stage in [each.get("name") for each in own["features"]]


def test_no_lock_is_held_while_somebody_thinks(answered: Project) -> None:
    """A build takes its locks when it starts, which it does after its approval alone."""
    for build in builds(answered).values():
        if features(build, "SharedResources") and build["params"]["stage"]["value"] == "production":
            assert features(build, "Approval")
    assert (
        around(answered, "DeployStaging")[1]["id"] != around(answered, "DeployProduction")[1]["id"]
    )


def test_every_build_ends_in_time(project: Project) -> None:
    for id, build in builds(project).items():
        assert 0 < build["failureConditions"]["executionTimeoutMin"] <= 60, id


def test_agents_have_what_a_build_runs(project: Project) -> None:
    wanted = {
        "Check": {"docker.server.version", "tool.kubectl"},
        "Image": {"docker.server.version"},
        "Publish": {"docker.server.version"},
        "ScanImage": {"docker.server.version"},
        "TemplateUpdateRequest": {"tool.gh"},
        "Release": {"tool.gh"},
    }
    for id in ("DeployStaging", "DeployVersionStaging", "DeployProduction"):
        wanted[id] = {"docker.server.version", "tool.kubectl"}
    for id in ("RollbackStaging", "RollbackProduction"):
        wanted[id] = {"tool.kubectl"}
    found = {
        id: {each["param"] for each in build["requirements"]}
        for id, build in builds(project).items()
    }
    assert {id: each for id, each in found.items() if each} == wanted


def test_agents_that_are_all_alike_say_nothing(
    settings: Settings, teamcity: dict[str, Path], tmp_path: Path
) -> None:
    folder = shutil.copytree(teamcity["frontend"] / ".teamcity", tmp_path / ".teamcity")
    script = folder / "settings.kts"
    text = script.read_text("utf-8").replace(
        "// Further ones", 'agentTools = "",\n    // Further', 1
    )
    script.write_text(text, "utf-8")
    found = builds(settings.describe(folder).project)
    asked = {each["param"] for build in found.values() for each in build["requirements"]}
    assert asked == {"docker.server.version"}


def test_one_build_sums_up_what_a_pull_request_needs(project: Project) -> None:
    verified = builds(project)["Verified"]
    assert verified["type"] == "COMPOSITE"
    assert direct(verified) == TESTS | {"Image"}
    assert kinds(verified["features"]) == {"PullRequests", "CommitStatusPublisher", "Notifications"}
    assert [each["branchFilter"] for each in verified["triggers"]] == [
        "+:<default>\n+:hotfix/*\n+:pull/*\n+:renovate/*"
    ]


def test_pull_requests_of_outsiders_wait_until_somebody_has_looked(project: Project) -> None:
    [untrusted] = [
        each for each in project["features"] if each["kind"] == "UntrustedBuildsSettings"
    ]
    assert untrusted["defaultAction"] == "APPROVE"
    assert untrusted["approvalRules"] == "group:RELEASE_MANAGERS:1"
    [requests] = features(builds(project)["Verified"], "PullRequests")
    assert requests["provider"]["filterAuthorRole"] == "MEMBER"


def test_a_token_takes_the_place_of_the_login_of_the_root(
    project: Project, answered: Project
) -> None:
    def ways(project: Project) -> list[str]:
        verified = builds(project)["Verified"]
        [requests], [status] = (
            features(verified, kind) for kind in ("PullRequests", "CommitStatusPublisher")
        )
        return [requests["provider"]["authType"]["kind"], status["publisher"]["authType"]["kind"]]

    assert ways(project) == ["VcsRoot", "VcsRoot"]
    assert ways(answered) == ["Token", "PersonalToken"]


def test_pull_requests_of_everybody_are_built_if_a_team_says_so(
    settings: Settings, teamcity: dict[str, Path], tmp_path: Path
) -> None:
    folder = shutil.copytree(teamcity["frontend"] / ".teamcity", tmp_path / ".teamcity")
    script = folder / "settings.kts"
    role = (
        "jetbrains.buildServer.configs.kotlin.buildFeatures.PullRequests.GitHubRoleFilter.EVERYBODY"
    )
    more = f'pullRequestAuthors = {role},\n    pullRequestApprovers = "user:ada",\n    // Further'
    text = script.read_text("utf-8").replace("// Further ones", more, 1)
    script.write_text(text, "utf-8")
    result = settings.describe(folder)
    assert result.faults == []
    [requests] = features(builds(result.project)["Verified"], "PullRequests")
    assert requests["provider"]["filterAuthorRole"] == "EVERYBODY"
    [untrusted] = [
        each for each in result.project["features"] if each["kind"] == "UntrustedBuildsSettings"
    ]
    assert untrusted["approvalRules"] == "user:ada"
    script.write_text(text.replace('"user:ada"', '""'), "utf-8")
    assert 'untrustedBuildsSettings: "" is no rule' in settings.describe(folder).faults[0]


def test_staging_follows_the_default_branch_and_hotfixes(project: Project) -> None:
    triggers = {id: build["triggers"] for id, build in deployments(project).items()}
    filters = [each["branchFilter"] for each in triggers.pop("DeployStaging")]
    assert filters == ["+:<default>\n+:hotfix/*"]
    assert not any(triggers.values())


def test_locked_packages_and_the_image_are_scanned_each_night(project: Project) -> None:
    for name in ("ScanCode", "ScanImage"):
        [nightly] = builds(project)[name]["triggers"]
        assert nightly["schedulingPolicy"]["kind"] == "Daily"
        assert nightly["withPendingChangesOnly"] is False


def test_a_tag_becomes_a_release_with_its_image(project: Project) -> None:
    build = builds(project)["Release"]
    assert before(project, "Release") == OF_A_CHANGE | {"Publish"}
    assert scripts(build)[1].endswith('release.create --tag="$TAG" --digest="$DIGEST"')
    assert build["params"]["env.DIGEST"]["value"] == "%dep.Publish.image.digest%"
    for each in (build["vcs"], *build["triggers"]):
        assert each["branchFilter"] == "+:tags/v*"
    assert "+:tags/v*" in builds(project)["Publish"]["vcs"]["branchFilter"].splitlines()


# What fails a build besides, and what is kept of it.


def test_fewer_tests_and_less_coverage_fail(project: Project) -> None:
    conditions = builds(project)["Test"]["failureConditions"]["conditions"]
    found = {(each["metric"], each["comparison"], each["threshold"]) for each in conditions}
    assert found == {("TEST_COUNT", "LESS", 5), ("COVERAGE_LINE_PERCENTAGE", "LESS", 2)}


@pytest.mark.parametrize("name", ["ScanCode", "ScanImage", "Image", "Publish"])
def test_a_finding_is_told_by_the_words_of_the_scans(project: Project, name: str) -> None:
    [condition] = builds(project)[name]["failureConditions"]["conditions"]
    source = ROOT / "tools" / "src" / "flask_chassis_tools" / "scanning" / "findings.py"
    [said] = re.findall(r'Exit\(f"(Found: .+?)"', source.read_text("utf-8"))
    assert re.search(condition["pattern"], said.replace("{len(left)}", "3"))
    assert not re.search(condition["pattern"], "No findings.")


def test_reports_are_kept_and_shown_and_end(project: Project) -> None:
    assert "reports/coverage => coverage.zip" in builds(project)["Test"]["artifactRules"]
    assert builds(project)["Publish"]["artifactRules"] == "sbom.cdx.json"
    pages = [each["startPage"] for each in project["features"] if each["kind"] == "BuildReportTab"]
    assert pages == ["coverage.zip!index.html"]
    assert {rule["level"]: rule["days"] for rule in project["cleanup"]} == {
        "history": 90,
        "artifacts": 30,
    }


# Secrets.


def secrets(project: Project, build: str) -> set[str]:
    """Return the names of the secrets that the code of a build can read."""
    return {name for name, each in visible(project, build).items() if SECRET in each["value"]}


def test_no_build_that_runs_the_code_of_a_change_can_read_a_secret(answered: Project) -> None:
    runs = of_any_change(answered)
    assert runs == OF_A_CHANGE
    for id in runs:
        assert secrets(answered, id) == set(), id
        assert connections(answered, id) == [], id
        assert not features(builds(answered)[id], "DockerSupportFeature"), id
        # The token of GitHub is in a build that runs no code.
        if SECRET in str(builds(answered)[id]):
            assert builds(answered)[id]["type"] == "COMPOSITE"


def test_a_stage_cannot_read_the_secrets_of_the_other(answered: Project) -> None:
    for id, build in deployments(answered).items():
        stage = build["params"]["stage"]["value"]
        number = ("staging", "production").index(stage)
        values = {
            each["value"] for each in visible(answered, id).values() if SECRET in each["value"]
        }
        allowed = {f"{SECRET}{number}{last}" for last in (1, 3, 4)}
        assert f"{SECRET}{number}1" in values <= allowed, id
        assert connections(answered, id) == [f"{stage.capitalize()}Registry"], id
        for login in features(build, "DockerSupportFeature"):
            assert login["loginToRegistry"]["dockerRegistryId"] in connections(answered, id)
    [login] = features(builds(answered)["Publish"], "DockerSupportFeature")
    assert [login["loginToRegistry"]["dockerRegistryId"]] == connections(answered, "Publish")


def test_a_secret_that_a_change_could_read_is_seen(
    settings: Settings, teamcity: dict[str, Path], tmp_path: Path
) -> None:
    folder = answer(teamcity["frontend"], tmp_path)
    pipelines = folder / "pipeline" / "Pipelines.kt"
    text = pipelines.read_text("utf-8")
    planted = 'params { password("kubeconfig", service.production.kubeconfig) }\n    cleanup {'
    pipelines.write_text(text.replace("cleanup {", planted, 1), "utf-8")
    project = settings.describe(folder).project
    assert all(secrets(project, id) == {"kubeconfig"} for id in of_any_change(project))


def test_the_kubeconfig_is_in_a_file_while_a_build_needs_it(answered: Project) -> None:
    for id, build in deployments(answered).items():
        if id in PROVISION:
            continue
        file = build["params"]["env.KUBECONFIG"]["value"]
        [write] = [script for script in scripts(build) if "write-secret" in script]
        assert write.endswith(f"--variable=KUBECONFIG_CONTENT --base64 --file={file}")
        last = build["steps"][-1]
        assert last["scriptContent"] == f"rm -f {file}"
        assert last["executionMode"] == "ALWAYS"


def test_no_secret_is_in_the_settings(project: Project, teamcity: dict[str, Path]) -> None:
    for id in builds(project):
        for name, parameter in visible(project, id).items():
            if parameter["type"] == "password":
                assert parameter["value"] in ("", "%kubeconfig%"), name
    for service in teamcity.values():
        for path in (service / ".teamcity").rglob("*.kt*"):
            assert not re.search("credentialsJSON:[^…]", path.read_text("utf-8")), path


def test_whatever_is_named_like_a_secret_is_one(answered: Project) -> None:
    for id in builds(answered):
        for name, parameter in visible(answered, id).items():
            if re.search("PASSWORD|SECRET|TOKEN|CONTENT|kubeconfig", name):
                assert parameter["type"] == "password", name


def test_what_pushes_an_image_does_so_once_at_a_time(project: Project) -> None:
    """A commit and its tag may be pushed together: the second one takes the image of the first."""
    assert builds(project)["Publish"]["maxRunningBuilds"] == 1


def test_the_documentation_names_each_setting_and_no_other() -> None:
    folder = ROOT / "{{cookiecutter.project_slug}}" / ".teamcity" / "pipeline"
    classes = (folder / "Service.kt").read_text("utf-8").split("\nclass ")[1:3]
    settings = {name for text in classes for name in re.findall(r"^    val (\w+): ", text, re.M)}
    # The answers of the template say these.
    settings -= {"name", "command", "environmentPrefix", "staging", "production", "url"}
    page = (ROOT / "docs/reference/pipelines.md").read_text("utf-8").partition("## TeamCity")[2]
    rows = re.findall(r"^\| (`.*?) \|", page.partition("\n| to | do |")[0], re.M)
    named = {name for row in rows for name in re.findall(r"`(\w+)`", row)} - {"settings"}
    assert "approvers" in named
    assert named <= settings
    assert settings - named - set(re.findall(r"`(\w+)`", page)) == UNDOCUMENTED


UNDOCUMENTED = {"gitHubUrl", "testCountDrop", "coverageDrop"}
"""Settings that Service.kt alone explains: few change them."""


# What a service says of itself.


def test_a_service_may_be_elsewhere_and_have_builds_of_its_own(
    settings: Settings, customised: Path
) -> None:
    result = settings.describe(customised)
    assert result.faults == []
    found = builds(result.project)
    for id, build in found.items():
        assert not features(build, "CommitStatusPublisher"), id
        assert features(build, "Notifications"), id
    assert [each["branchFilter"] for each in found["Verified"]["triggers"]] == ["+:*"]
    assert scripts(found["Own"]) == ["echo own"]
    assert scripts(found["TemplateUpdate"])[1].endswith("template.update --check")


def test_settings_from_before_are_taken(
    settings: Settings, teamcity: dict[str, Path], tmp_path: Path
) -> None:
    """An update replaces pipeline/ and leaves settings.kts, which answers what was asked then."""
    folder = shutil.copytree(teamcity["resource"] / ".teamcity", tmp_path / ".teamcity")
    script = folder / "settings.kts"
    text, count = re.subn(r"\n    email = .*", "", script.read_text("utf-8"))
    assert count == 1
    script.write_text(text, "utf-8")
    result = settings.describe(folder)
    assert result.faults == []
    assert set(builds(result.project)) == OF_ALL


@pytest.fixture
def customised(teamcity: dict[str, Path], tmp_path: Path) -> Path:
    """Settings in which a service says more and has a build of its own; pipeline/ is as it was."""
    folder = answer(teamcity["resource"], tmp_path)
    script = folder / "settings.kts"
    text = script.read_text("utf-8")
    own = (
        'buildType {\n        id("Own")\n        name = "Own"\n        ofService(service, 5)\n'
        '        steps {\n            script { scriptContent = "echo own" }\n        }\n    }\n}\n'
    )
    imports = (
        "import pipeline.ofService\nimport jetbrains.buildServer.configs.kotlin.buildSteps.script\n"
    )
    text = text.replace("import pipeline.Stage", f"{imports}import pipeline.Stage", 1)
    text = re.sub("gitHubToken = .*", 'gitHubUrl = "",', text, count=1)
    script.write_text(text[: text.rindex("    // Further builds")] + f"    {own}", "utf-8")
    return folder
