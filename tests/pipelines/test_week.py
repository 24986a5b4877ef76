"""A team's week on TeamCity: each thing ends as a team expects, or is refused with a sentence."""

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tasks.folders import ROOT
from tests.pipelines.answers import answer
from tests.pipelines.graph import builds
from tests.pipelines.kotlin import Project, Settings
from tests.pipelines.server import HOUR, Build, RefusedError, Server

PROGRAMS = ("tool.cosign", "tool.gh", "tool.kubectl")
AGENTS = [{"docker.server.version": "27"} | dict.fromkeys(PROGRAMS, "1")]

DAY = 24 * HOUR

DIGEST = "sha256:" + "0a" * 32


@pytest.fixture(params=["resource", "frontend"], scope="module")
def project(request: pytest.FixtureRequest, answered_by: Callable[[str], Project]) -> Project:
    """A service that has given all answers."""
    return answered_by(request.param)


class Steps:
    """Steps that succeed, but those that are to fail; an image is named by its revision."""

    def __init__(self) -> None:
        self.failing: set[str] = set()
        self.ran: list[str] = []

    def __call__(self, build: Build) -> Mapping[str, str] | None:
        """Run a build."""
        self.ran.append(f"{build.id} {build.revision}")
        if build.id in self.failing:
            return None
        name = f"v1.0-{build.revision}"
        images = {"Image", "Publish", "ScanImage"}
        return (
            {"image.name": name, "image.tag": name, "image.digest": DIGEST}
            if build.id in images
            else {}
        )


@pytest.fixture
def steps() -> Steps:
    """What builds do."""
    return Steps()


@pytest.fixture
def server(project: Project, steps: Steps) -> Server:
    """A server with the service's settings."""
    return Server(project, steps, AGENTS)


def states(server: Server) -> dict[str, str]:
    return {f"{build.id} {build.revision}": build.state for build in server.builds}


def test_a_fork_of_an_outsider_runs_nothing(server: Server) -> None:
    assert server.pull_request(7, "fork", author="OUTSIDER") == []
    server.wait(DAY)
    assert server.builds == []


def test_a_fork_of_an_outsider_waits_for_a_look_where_everybody_is_built(
    project: Project, steps: Steps
) -> None:
    text = json.dumps(project).replace(
        '"filterAuthorRole": "MEMBER"', '"filterAuthorRole": "EVERYBODY"'
    )
    server = Server(json.loads(text), steps, AGENTS)
    [verified] = server.pull_request(7, "fork", author="OUTSIDER")
    server.wait(HOUR)
    assert server.why(verified) == "an approval"
    assert steps.ran == []
    server.approve(verified)
    server.wait()
    assert verified.state == "success"
    assert all(not server.secrets(build) for build in server.builds)
    assert not any("push" in script for build in server.builds for script in build.scripts)


@pytest.mark.parametrize("through", ["a pull request", "its branch"])
def test_renovate_gets_its_check_and_reads_no_secret(server: Server, through: str) -> None:
    if through == "a pull request":
        [verified] = server.pull_request(8, "bump", author="MEMBER")
    else:
        [verified] = server.push("renovate/flask-3.x", "bump")
    server.wait()
    assert (verified.id, verified.state) == ("Verified", "success")
    assert {build.id for build in server.builds} == {
        "Check",
        "Test",
        "ScanCode",
        "Image",
        "Verified",
    }
    assert all(not server.secrets(build) for build in server.builds)


def test_a_push_to_main_is_deployed_to_staging_and_no_further(server: Server) -> None:
    server.push("main", "a")
    server.wait()
    assert states(server)["DeployStaging a"] == "success"
    assert "DeployProduction a" not in states(server)
    [deployed] = [build for build in server.builds if build.id == "DeployStaging"]
    [deploys] = [script for script in deployed.scripts if "cluster.deploy" in script]
    assert deploys.endswith(f"--digest={DIGEST} --unless-newer")
    assert server.value("env.TAG", deployed) == "v1.0-a"
    # Each build has run once, for both triggers.
    assert len(states(server)) == len(server.builds)


def test_a_red_test_stops_the_chain_and_is_told(server: Server, steps: Steps) -> None:
    steps.failing = {"Test"}
    server.push("main", "a")
    server.wait()
    assert states(server)["DeployStaging a"] == "cancelled"
    assert "Publish a" not in steps.ran
    assert server.told[0] == "Test: buildFailed"


def test_an_approval_that_nobody_gives_holds_up_nothing_and_ends(
    server: Server, steps: Steps
) -> None:
    server.push("main", "a")
    server.wait()
    asked = server.run("DeployProduction", image_tag="v1.0-a")
    server.wait()
    assert server.why(asked) == "an approval"
    assert server.told.count("DeployProduction: queuedBuildRequiresApproval") == 2
    for revision in "bcd":
        server.push("main", revision)
        server.wait(2 * HOUR)
        assert states(server)[f"DeployStaging {revision}"] == "success"
    server.wait(DAY)
    assert asked.state == "cancelled"
    assert not any(each.startswith("DeployProduction") for each in steps.ran)
    # The clock starts when it is asked for.
    again = server.run("DeployProduction", image_tag="v1.0-d")
    server.wait(DAY - 1)
    assert again.state == "queued"
    server.approve(again)
    server.wait()
    assert again.state == "success"
    assert server.value("env.TAG", again) == "v1.0-d"


def test_an_approval_within_the_chain_would_hold_it_up(project: Project, steps: Steps) -> None:
    planted = json.loads(json.dumps(project))
    [staging] = [build for build in builds(planted).values() if build["id"] == "DeployStaging"]
    production = builds(planted)["DeployProduction"]
    staging["dependencies"]["snapshots"].append({"build": "DeployProduction"})
    assert {each["kind"] for each in production["features"]} >= {"Approval"}
    production["params"]["image.tag"]["value"] = "v1.0"
    server = Server(planted, steps, AGENTS)
    server.push("main", "a")
    server.wait()
    [waits] = [build for build in server.builds if build.id == "DeployStaging"]
    assert (waits.state, server.why(waits)) == ("queued", "builds before it")


def test_what_is_approved_is_what_was_asked_for(server: Server) -> None:
    server.push("main", "a")
    server.wait()
    asked = server.run("DeployProduction", image_tag="v1.0-a", image_digest=DIGEST)
    server.push("main", "b")
    server.wait()
    server.approve(asked)
    server.wait()
    assert server.value("env.TAG", asked) == "v1.0-a"
    assert not any("--unless-newer" in script for script in asked.scripts)


def test_after_a_flaky_smoke_test_the_deployment_alone_runs_again(
    server: Server, steps: Steps
) -> None:
    steps.failing = {"DeployStaging"}
    server.push("main", "a")
    server.wait()
    assert server.told == ["DeployStaging: buildFailed"] * 2
    steps.failing, before = set(), len(steps.ran)
    again = server.run("DeployStaging")
    server.wait()
    assert again.state == "success"
    assert steps.ran[before:] == ["DeployStaging a"]


def test_a_version_before_a_migration_is_deployed_again(server: Server) -> None:
    server.push("main", "b")
    server.wait()
    back = server.run("DeployVersionStaging", image_tag="v1.0")
    server.wait()
    assert back.state == "success"
    assert not any("db.migrate" in script for build in server.builds for script in build.scripts)


@pytest.mark.parametrize(
    ("answers", "sentence"),
    [
        ({}, "Version: A version such as v1.2.3 or v1.2.3-4-g0123abc"),
        ({"image_tag": "main"}, "Version: A version such as v1.2.3 or v1.2.3-4-g0123abc"),
        ({"image_tag": "v1.0; curl x"}, "Version: A version such as v1.2.3 or v1.2.3-4-g0123abc"),
        (
            {"image_tag": "v1.0", "image_digest": "latest"},
            "Digest: A digest such as sha256:…, or nothing",
        ),
    ],
)
def test_what_is_no_version_is_refused(
    server: Server, answers: dict[str, str], sentence: str
) -> None:
    with pytest.raises(RefusedError, match="^" + sentence):
        server.run("DeployProduction", **answers)


def test_a_hotfix_goes_to_staging_and_to_production_without_main(server: Server) -> None:
    server.push("main", "a")
    server.push("hotfix/1.0", "fix")
    server.wait()
    assert states(server)["DeployStaging fix"] == "success"
    asked = server.run("DeployProduction", branch="hotfix/1.0", image_tag="v1.0-fix")
    server.approve(asked)
    server.wait()
    assert (asked.state, asked.revision) == ("success", "fix")


@pytest.mark.parametrize("branch", ["feature", "pull/7", "renovate/x", "v1"])
def test_nothing_is_deployed_from_another_branch(server: Server, branch: str) -> None:
    for id in ("DeployProduction", "DeployVersionStaging"):
        with pytest.raises(RefusedError, match=f"{id} does not run on {branch}"):
            server.run(id, branch=branch, image_tag="v1.0")
    for id in ("DeployStaging", "RollbackProduction", "TemplateUpdate"):
        with pytest.raises(RefusedError, match=f"{id} does not run on {branch}"):
            server.run(id, branch=branch)


def test_a_tag_becomes_a_release_with_its_image(server: Server) -> None:
    [released] = server.push("tags/v1.1.0", "a")
    server.wait()
    assert (released.id, released.state) == ("Release", "success")
    assert server.value("env.DIGEST", released) == DIGEST
    assert "DeployStaging a" not in states(server)


@pytest.mark.parametrize(
    ("ref", "name", "starts"),
    [
        ("refs/tags/v1.1.0", "tags/v1.1.0", ["Release"]),
        ("refs/tags/nightly", None, []),
        # The name of a branch can look like a version, and like what a tag is called.
        ("refs/heads/validation", "validation", []),
        ("refs/heads/v1.1.0", "v1.1.0", []),
        ("refs/heads/tags/v1.1.0", None, []),
        ("refs/heads/hotfix/1.0", "hotfix/1.0", ["DeployStaging", "Verified"]),
    ],
)
def test_no_branch_is_taken_for_a_tag(
    server: Server, ref: str, name: str | None, starts: list[str]
) -> None:
    """What a tag starts has the login of the registry, and everybody may push a branch."""
    assert branch_of(ref) == name
    assert sorted(build.id for build in server.push(name, "a")) == starts if name else not starts


def branch_of(ref: str) -> str | None:
    """Return what TeamCity calls a branch, by the specification that README.md asks for."""
    page = (ROOT / "docs/reference/pipelines.md").read_text("utf-8").partition("## TeamCity")[2]
    found = None
    for sign, rule in re.findall(r"`([+-]):(refs/[^`]+)`", page):
        start, _, end = rule.partition("(")
        pattern = re.escape(start) + (f"({re.escape(end[:-1])})" if end else "")
        if matched := re.fullmatch(pattern.replace(r"\*", ".*"), ref):
            found = matched[1] if sign == "+" else None
    return found


def test_deploying_and_going_back_wait_for_each_other(server: Server) -> None:
    server.push("main", "a")
    server.wait()
    back = server.run("RollbackStaging")
    back.state = "running"
    again = server.run("DeployVersionStaging", image_tag="v1.0")
    server.wait()
    assert server.why(again) == "the lock Staging/staging"
    production = server.run("DeployProduction", image_tag="v1.0")
    server.approve(production)
    server.wait()
    assert production.state == "success"
    back.state = "success"
    server.wait()
    assert again.state == "success"


def test_what_an_agent_lacks_is_named(project: Project, steps: Steps) -> None:
    server = Server(project, steps, [{"docker.server.version": "27", "tool.cosign": "1"}])
    build = server.run("DeployVersionStaging", image_tag="v1.0")
    server.wait()
    assert server.why(build) == "an agent with tool.kubectl"


def test_a_failed_update_of_a_private_template_is_told_and_proposed(
    server: Server, steps: Steps
) -> None:
    steps.failing = {"TemplateUpdate"}
    asks = server.run("TemplateUpdateRequest")
    [update] = asks.after
    server.wait()
    assert server.secrets(update) == {"env.TEMPLATE_TOKEN"}
    assert server.secrets(asks) == {"env.GH_TOKEN"}
    assert (update.state, asks.state) == ("failure", "success")
    assert server.told == ["TemplateUpdate: buildFailed"] * 2


def test_a_rotated_secret_reaches_its_stage_and_no_other(
    settings: Settings, teamcity: dict[str, Path], tmp_path: Path, steps: Steps
) -> None:
    folder = answer(teamcity["frontend"], tmp_path)
    script = folder / "settings.kts"
    text = script.read_text("utf-8")
    [old] = [line for line in text.splitlines() if "kubeconfig =" in line][:1]
    script.write_text(text.replace(old, '        kubeconfig = "credentialsJSON:rotated",'), "utf-8")
    server = Server(settings.describe(folder).project, steps, AGENTS)
    staging = server.run("DeployVersionStaging", image_tag="v1.0")
    production = server.run("DeployProduction", image_tag="v1.0")
    read = "env.KUBECONFIG_CONTENT"
    assert server.value(read, staging) == "credentialsJSON:rotated"
    assert server.value(read, production) != "credentialsJSON:rotated"
