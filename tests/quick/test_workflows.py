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
from tasks.test import TIERS
from tests.conftest import EXAMPLES
from tests.pipelines.jobs import Context, environment_of
from tests.quick.test_size import FILES, sizes

Document = dict[Any, Any]

PINNED = re.compile(r"uses: [\w./-]+@[0-9a-f]{40}  # v\d+\.\d+\.\d+\n|uses: \./")
PROGRAMS_OF_OTHERS = {
    *("actions/cache", "actions/checkout", "actions/setup-python"),
    *("actions/download-artifact", "actions/upload-artifact"),
    "sigstore/cosign-installer",
}


@pytest.fixture(scope="module")
def repositories(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A service of each kind, and this repository."""
    folder = tmp_path_factory.mktemp("github")
    answers = {kind: example(name) | {"ci_system": "github"} for kind, name in EXAMPLES.items()}
    found = {kind: render(folder, given) for kind, given in answers.items()}
    return found | {"template": ROOT}


@pytest.mark.parametrize("kind", EXAMPLES)
def test_a_service_with_workflows_is_small(repositories: dict[str, Path], kind: str) -> None:
    assert sizes(repositories[kind])[0] <= FILES


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
    """Return what the linter finds, of whatever weight; it asks nobody outside."""
    words = ("--offline", "--quiet", "--no-exit-codes", "--format=json-v1")
    done = run("zizmor", *words, folder)
    assert done.returncode == 0, done.stderr
    idents = [found["ident"] for found in json.loads(done.stdout) if not found["ignored"]]
    return [ident for ident in idents if ident not in NOT_ASKED]


NOT_ASKED = {
    # Actions of the repository as `$/…`: GitHub Enterprise Server knows `./…` only.
    "self-repository"
}


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
    planted.write_text(text.replace(old, new, 1), "utf-8")
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
        assert granted in ({}, {"contents": "read"}) or MORE.get(name) == granted, name


MORE = {
    # Starts the workflow that deploys to production, and ends requests that wait.
    "pipeline: production": {"contents": "read", "actions": "write"},
    # Makes a release.
    "pipeline: release": {"contents": "write"},
    "release: release": {"contents": "write"},
    # Opens an issue after a red night.
    "nightly: tell": {"issues": "write"},
}


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
    # GitHub takes a required check that was skipped for one that has passed.
    for result in ("failure", "cancelled", "skipped"):
        assert f"contains(needs.*.result, '{result}')" in step["if"]


@pytest.mark.parametrize("kind", EXAMPLES)
def test_what_changes_a_stage_comes_after_all_tests(
    repositories: dict[str, Path], kind: str
) -> None:
    found = workflows(repositories[kind])["pipeline"]["jobs"]
    assert set(found["image"]["needs"]) == {"check", "test", "scan-code"}
    assert "verified" in found["staging"]["needs"]
    assert "staging" in found["production"]["needs"]
    assert found["production"]["if"] == "${{ needs.staging.outputs.deployed == 'true' }}"
    pushed = "${{ github.event_name == 'push' && github.ref_type == 'branch' }}"
    assert found["staging"]["if"] == pushed
    assert "verified" in found["release"]["needs"]


READS_HISTORY = re.compile(
    r"-tasks (check --all|image\.build|release\.create|template\.update|pull-request\.open)"
    r"| --unless-newer| --follow"
)
"""What compares commits, or names one by `git describe`."""


@pytest.mark.parametrize("kind", EXAMPLES)
def test_what_compares_commits_has_all_of_them(repositories: dict[str, Path], kind: str) -> None:
    for name, job in jobs(repositories[kind]):
        scripts = " ".join(step.get("run", "") for step in job.get("steps", []))
        if READS_HISTORY.search(scripts):
            [checkout] = [each for each in job["steps"] if "checkout@" in each.get("uses", "")]
            assert checkout["with"]["fetch-depth"] == 0, name


@pytest.mark.parametrize("kind", EXAMPLES)
def test_staging_gets_the_image_that_was_pushed_and_no_later_commit_is_replaced(
    repositories: dict[str, Path], kind: str
) -> None:
    found = workflows(repositories[kind])["pipeline"]["jobs"]
    assert found["image"]["outputs"] == {
        "tag": "${{ steps.build.outputs.image-tag }}",
        "digest": "${{ steps.push.outputs.image-digest }}",
    }
    of_image = {name: f"${{{{ needs.image.outputs.{name} }}}}" for name in ("tag", "digest")}
    assert found["staging"]["with"] == {"stage": "staging", "follows": True, **of_image}
    for name in ("production", "release"):
        given = found[name]["steps"][-1]["env"]
        assert {key: given[key.upper()] for key in of_image} == of_image, name


DEPLOYING = ("deploy", "rollback", "provision")


def test_no_lock_is_held_while_a_person_is_asked(repositories: dict[str, Path]) -> None:
    """GitHub waits up to 30 days for an approval, and a lock is held for as long."""
    for kind in EXAMPLES:
        found = workflows(repositories[kind])
        pipeline = found["pipeline"]
        group = "pipeline-${{ github.event_name == 'pull_request' && github.ref || github.run_id }}"
        assert pipeline["concurrency"]["group"] == group
        # The pipeline itself uses no environment that asks: production is a run of its own.
        [stage] = [job["with"]["stage"] for job in pipeline["jobs"].values() if "uses" in job]
        assert stage == "staging"
        for name in DEPLOYING:
            if name not in found:
                assert (name, kind) == ("provision", "frontend")
                continue
            assert "concurrency" not in found[name]
            approval, work, _ = found[name]["jobs"].values()
            assert approval["environment"] == "${{ inputs.stage }}-approval"
            assert "concurrency" not in approval
            assert work["needs"] == "approval"
            assert not work["environment"].endswith("-approval")


def test_what_changes_a_stage_waits_for_the_others_and_none_is_forgotten(
    repositories: dict[str, Path],
) -> None:
    for name in DEPLOYING:
        _, work, _ = workflows(repositories["resource"])[name]["jobs"].values()
        assert work["concurrency"] == {
            "group": "deploy-${{ inputs.stage }}",
            "cancel-in-progress": False,
            "queue": "max",
        }


@pytest.mark.parametrize("kind", EXAMPLES)
def test_any_version_can_be_deployed_to_any_stage(repositories: dict[str, Path], kind: str) -> None:
    deploy = workflows(repositories[kind])["deploy"]
    asked = deploy[True]["workflow_dispatch"]["inputs"]
    assert list(asked) == ["stage", "tag", "digest", "follows"]
    assert asked["stage"]["options"] == ["staging", "production"]
    assert (asked["tag"]["required"], asked["digest"]["default"]) == (True, "")
    scripts = [step["run"] for step in deploy["jobs"]["deploy"]["steps"] if "run" in step]
    forward, back = [script for script in scripts if "cluster.deploy" in script]
    assert '--tag="$TAG" --digest="$DIGEST"' in back
    assert forward == f"{back} --unless-newer"


TASKS = {
    "deploy": ["image.login", "image.verify", "write-secret", *["cluster.deploy"] * 2, "smoke"],
    "rollback": ["write-secret", "cluster.rollback", "smoke"],
    "provision": ["db.create"],
}
"""What changes a stage, after what is verified and before what is tried."""


@pytest.mark.parametrize("kind", EXAMPLES)
def test_what_is_deployed_is_verified_before_and_tried_after(
    repositories: dict[str, Path], kind: str
) -> None:
    found = workflows(repositories[kind])
    for name in TASKS.keys() & found.keys():
        _, work, _ = found[name]["jobs"].values()
        scripts = [step["run"] for step in work["steps"] if "run" in step]
        assert [script.split("-tasks ")[1].split()[0] for script in scripts] == TASKS[name]


def test_what_is_kept_ends(repository: Path) -> None:
    for name, job in jobs(repository):
        for step in job.get("steps", []):
            if "upload-artifact@" in step.get("uses", ""):
                assert 0 < step["with"]["retention-days"] <= 90, name


@pytest.mark.parametrize("kind", EXAMPLES)
def test_reports_of_tests_that_fail_are_kept(repositories: dict[str, Path], kind: str) -> None:
    *_, tests, kept = workflows(repositories[kind])["pipeline"]["jobs"]["test"]["steps"]
    assert kept["if"] == "${{ always() }}"
    assert f"--reports={kept['with']['path'].rstrip('/')}" in tests["run"]


def test_nights_and_weeks_begin_by_themselves(repositories: dict[str, Path]) -> None:
    schedules = {
        (kind, name): [each["cron"] for each in workflow[True]["schedule"]]
        for kind in ("resource", "frontend", "template")
        for name, workflow in workflows(repositories[kind]).items()
        if "schedule" in workflow[True]
    }
    of_services = {"nightly-scan": ["0 4 * * *"], "template-update": ["0 5 * * 1"]}
    assert schedules == {
        ("template", "nightly"): ["0 2 * * *"],
        **{("resource", name): each for name, each in of_services.items()},
        **{("frontend", name): each for name, each in of_services.items()},
    }


def test_no_pipeline_migrates_or_is_the_servers_administrator(
    repositories: dict[str, Path],
) -> None:
    """The one that migrates is the Job in the cluster, as the service's role."""
    for kind in EXAMPLES:
        for path in (repositories[kind] / ".github").rglob("*.yaml"):
            text = path.read_text("utf-8")
            assert "db.migrate" not in text, path
            assert ("POSTGRES_PASSWORD" in text) == (path.stem == "provision"), path
    job = workflows(repositories["resource"])["provision"]["jobs"]["provision"]
    assert job["environment"] == "${{ inputs.stage }}-provision"


SECRETS_OF = {
    "pipeline": {
        *("REGISTRY_USER", "REGISTRY_PASSWORD", "SLACK_WEBHOOK_URL"),
        *("TEMPLATE_TOKEN", "TEMPLATE_UPDATE_TOKEN"),
        *("COSIGN_PRIVATE_KEY", "COSIGN_PASSWORD"),
    },
    "${{ inputs.stage }}": {"REGISTRY_USER", "REGISTRY_PASSWORD", "KUBECONFIG_CONTENT"},
    "${{ inputs.stage }}-provision": {"DATABASE_PASSWORD", "POSTGRES_USER", "POSTGRES_PASSWORD"},
}
"""The secrets by the environments that have them: all environments are restricted to branches that
nobody can push to without a review, which `github.check` checks."""

IF_PUSHED = "${{ github.event_name == 'push' && 'pipeline' || '' }}"


def test_every_secret_is_of_an_environment(repositories: dict[str, Path]) -> None:
    used: dict[str, set[str]] = {}
    for kind in EXAMPLES:
        for name, job in jobs(repositories[kind]):
            if found := set(re.findall(r"secrets\.(\w+)", json.dumps(job))):
                environment = job.get("environment", "")
                assert environment, f"{name}: every branch can read {found}"
                environment = "pipeline" if environment == IF_PUSHED else environment
                used.setdefault(environment, set()).update(found)
    assert used == SECRETS_OF


def test_no_secret_can_be_a_part_of_what_a_job_reports(repositories: dict[str, Path]) -> None:
    """GitHub drops an output in which a secret occurs: a user called `ada` is in many digests."""
    for kind in EXAMPLES:
        for name, job in jobs(repositories[kind]):
            for step in job.get("steps", []):
                if "REGISTRY_USER" in step.get("env", {}):
                    user = step["env"]["REGISTRY_USER"]
                    assert user == "${{ vars.REGISTRY_USER || secrets.REGISTRY_USER }}", name
    page = (ROOT / "docs/reference/pipelines.md").read_text("utf-8")
    assert page.count("ariable `REGISTRY_USER`, secret `REGISTRY_PASSWORD`") == 2


def test_the_documentation_names_every_secret_and_environment() -> None:
    page = (ROOT / "docs/reference/pipelines.md").read_text("utf-8")
    page = page.partition("## GitHub Actions")[2].partition("\n## ")[0]
    for environment, secrets in SECRETS_OF.items():
        for name in {*secrets, environment.replace("${{ inputs.stage }}", "production")}:
            assert f"`{name}`" in page, name


NAME = re.compile(r"[A-Z][A-Z0-9]*_?[A-Z0-9_]+")


def test_the_documentation_names_nothing_that_no_workflow_uses(
    repositories: dict[str, Path],
) -> None:
    page = (ROOT / "docs/reference/pipelines.md").read_text("utf-8")
    page = page.partition("## GitHub Actions")[2].partition("\n## ")[0]
    named = {name for name in re.findall("`([^`]+)`", page) if NAME.fullmatch(name)}
    files = [path for kind in EXAMPLES for path in (repositories[kind] / ".github").rglob("*.yaml")]
    used = {name for path in files for name in NAME.findall(path.read_text("utf-8"))}
    assert len(named) >= 15
    assert named - used == set()


@pytest.mark.parametrize("kind", EXAMPLES)
def test_a_pull_request_pushes_nothing_and_has_no_environment(
    repositories: dict[str, Path], kind: str
) -> None:
    found = workflows(repositories[kind])["pipeline"]["jobs"]
    assert found["image"]["environment"] == IF_PUSHED
    for step in found["image"]["steps"]:
        if re.search(r"image\.(push|login)", step.get("run", "")):
            assert step["if"] == "${{ github.event_name == 'push' }}"
    for name, job in found.items():
        if ("environment" in job and name != "image") or "uses" in job:
            assert "github.event_name == 'push'" in job["if"], name


@pytest.mark.parametrize("kind", EXAMPLES)
def test_a_merge_queue_gets_its_check_and_no_secret(
    repositories: dict[str, Path], kind: str
) -> None:
    found = workflows(repositories[kind])["pipeline"]
    assert "merge_group" in found[True]
    context = Context({"event_name": "merge_group", "ref": "refs/heads/gh-readonly-queue/main/x"})
    runs = {name for name, job in found["jobs"].items() if context.holds(job.get("if", "true"))}
    assert runs >= {"check", "test", "scan-code", "image", "verified"}
    assert not runs & {"release", "staging", "tell"}
    for name in runs - {"production"}:
        assert environment_of(found["jobs"][name], context) == "", name


@pytest.mark.parametrize("kind", EXAMPLES)
def test_a_second_run_takes_the_image_of_its_commit(
    repositories: dict[str, Path], kind: str
) -> None:
    """Two builds have two digests; a tag is pushed once."""
    for name, job in (("pipeline", "image"), ("nightly-scan", "scan-image")):
        found = workflows(repositories[kind])[name]["jobs"][job]
        scripts = [step["run"].split("-tasks ")[1] for step in found["steps"][2:] if "run" in step]
        assert scripts[:2] == ["image.login", "image.build --reuse"]
        assert scripts[2].startswith('scan.image --image="$IMAGE"')
    # A commit and its tag, pushed at once, do not build at once.
    image = workflows(repositories[kind])["pipeline"]["jobs"]["image"]
    assert image["concurrency"]["group"] == "image-${{ github.sha }}"


@pytest.mark.parametrize("kind", EXAMPLES)
def test_a_tag_becomes_a_release_of_its_image(repositories: dict[str, Path], kind: str) -> None:
    pipeline = workflows(repositories[kind])["pipeline"]
    assert pipeline[True]["push"] == {"branches": ["main", "hotfix/**"], "tags": ["v*"]}
    release = pipeline["jobs"]["release"]
    assert "github.ref_type == 'tag'" in release["if"]
    assert 'release.create --tag="$TAG" --digest="$DIGEST"' in release["steps"][-1]["run"]


@pytest.mark.parametrize("kind", EXAMPLES)
def test_every_workflow_tells_the_team_if_it_fails(
    repositories: dict[str, Path], kind: str
) -> None:
    """Also if a job takes too long: GitHub cancels it, and `failure()` does not hold then."""
    for name, workflow in workflows(repositories[kind]).items():
        found, event = workflow["jobs"], EVENTS.get(name, "workflow_dispatch")
        needs = found["tell"]["needs"]
        # Each other job, or one that comes after it.
        known = {*needs, *(each for job in found for each in found[job].get("needs", ()))}
        assert known | {"tell"} >= set(found) - {"approval"}, name
        assert "-tasks notify --text=" in found["tell"]["steps"][-1]["run"]
        assert not told(found, event, {}), name
        for job in needs:
            assert told(found, event, {job: "failure"}), f"{name}: {job}"
            if job != "approval":
                assert told(found, event, {job: "cancelled"}), f"{name}: {job}"


def test_a_request_that_was_replaced_is_not_told_nor_a_deployment_twice(
    repositories: dict[str, Path],
) -> None:
    found = workflows(repositories["resource"])
    replaced = {"approval": "cancelled", "deploy": "skipped"}
    assert not told(found["deploy"]["jobs"], "workflow_dispatch", replaced)
    assert not told(found["deploy"]["jobs"], "push", {"deploy": "failure"})
    assert not told(found["pipeline"]["jobs"], "pull_request", {"verified": "failure"})


EVENTS = {"pipeline": "push"}


def told(found: Document, event: str, results: dict[str, str]) -> bool:
    """Return whether the team is told if jobs end like this; the others succeed."""
    needs = {each: {"result": results.get(each, "success")} for each in found["tell"]["needs"]}
    ended = {need["result"] for need in needs.values()}
    context = Context({"event_name": event}, needs=needs, has_failed="failure" in ended)
    return context.holds(found["tell"]["if"])


@pytest.mark.parametrize("kind", EXAMPLES)
def test_the_checks_of_an_update_start_and_a_private_template_opens(
    repositories: dict[str, Path], kind: str
) -> None:
    """GitHub starts no workflow for what its own token has pushed."""
    found = workflows(repositories[kind])["template-update"]["jobs"]
    tokens = {
        name: {key: value for step in job["steps"] for key, value in step.get("env", {}).items()}
        for name, job in found.items()
    }
    assert tokens["pull-request"]["GH_TOKEN"] == "${{ secrets.TEMPLATE_UPDATE_TOKEN }}"
    assert tokens["update"]["TEMPLATE_TOKEN"] == "${{ secrets.TEMPLATE_TOKEN }}"
    # What runs the code of the update cannot push.
    assert "TEMPLATE_UPDATE_TOKEN" not in json.dumps(found["update"])
    assert "template.update" not in json.dumps(found["pull-request"])


@pytest.mark.parametrize("kind", EXAMPLES)
def test_an_update_with_conflicts_gets_a_pull_request_too(
    repositories: dict[str, Path], kind: str
) -> None:
    found = workflows(repositories[kind])["template-update"]["jobs"]
    *_, update, commits, kept = found["update"]["steps"]
    assert "template.update" in update["run"]
    assert "pull-request.commit" in commits["run"]
    assert commits["if"] == f"${{{{ !cancelled() && steps.{update['id']}.outcome != 'skipped' }}}}"
    assert kept["if"] == "${{ always() }}"
    assert found["pull-request"]["if"] == "${{ !cancelled() }}"
    *_, taken, opens = found["pull-request"]["steps"]
    assert taken["with"]["name"] == kept["with"]["name"]
    for name in ("--body-file", "--bundle"):
        [of_one], [of_other] = (
            re.findall(rf"{name}=\"?(?:\$RUNNER_TEMP/)?([\w.-]+)", each["run"])
            for each in (commits, opens)
        )
        assert of_one == of_other


@pytest.mark.parametrize("kind", EXAMPLES)
def test_cosign_is_there_where_images_are_signed_and_verified(
    repositories: dict[str, Path], kind: str
) -> None:
    for name, job in jobs(repositories[kind]):
        text = json.dumps(job)
        has_tool = "sigstore/cosign-installer@" in text
        assert has_tool == bool(re.search(r"image\.(push|verify|build --reuse)", text)), name
    [push] = [
        step
        for step in workflows(repositories[kind])["pipeline"]["jobs"]["image"]["steps"]
        if "image.push" in step.get("run", "")
    ]
    assert push["env"]["COSIGN_PRIVATE_KEY"] == "${{ secrets.COSIGN_PRIVATE_KEY }}"
    assert push["run"].endswith(" --sbom=sbom.cdx.json")


# This repository's own.


def test_a_release_runs_all_tiers_on_a_commit_of_main() -> None:
    found = workflows(ROOT)["release"]["jobs"]
    assert found["on-main"]["steps"][-1]["run"] == "git merge-base --is-ancestor HEAD origin/main"
    assert found["tier"]["needs"] == "on-main"
    assert found["tier"]["strategy"]["matrix"] == {"tier": list(TIERS)}
    assert found["release"]["needs"] == "tier"
    assert "./invoke test --gate" in [step.get("run") for step in found["release"]["steps"]]


def test_the_login_of_the_index_is_no_secret_of_a_branch() -> None:
    for name, job in jobs(ROOT):
        if "secrets." in json.dumps(job):
            assert (name, job["environment"]) == ("release: release", "release")


def test_each_commit_of_main_is_tested_and_the_last_state_of_a_pull_request() -> None:
    """Of the runs that wait in a group, GitHub cancels all but the newest."""
    found = workflows(ROOT)["pipeline"]["concurrency"]
    ref = {"ref": "refs/heads/main"}
    runs = [Context(ref | {"event_name": "push", "run_id": number}) for number in (1, 2)]
    assert len({run.value(found["group"]) for run in runs}) == 2
    states = [Context(ref | {"event_name": "pull_request", "run_id": number}) for number in (3, 4)]
    assert len({state.value(found["group"]) for state in states}) == 1
    assert [each.value(found["cancel-in-progress"]) for each in (runs[0], states[0])] == [
        False,
        True,
    ]


def test_a_red_night_becomes_an_issue() -> None:
    found = workflows(ROOT)["nightly"]["jobs"]
    assert found["tell"]["needs"] == "tier"
    for result in ("success", "failure", "cancelled"):
        context = Context({}, needs={"tier": {"result": result}}, has_failed=result == "failure")
        assert context.holds(found["tell"]["if"]) == (result != "success"), result


@pytest.mark.parametrize("workflow", ["pipeline", "nightly", "release"])
def test_every_job_of_a_tier_has_the_pythons_that_services_are_offered(workflow: str) -> None:
    [setup] = [
        step["with"]["python-version"].split()
        for step in workflows(ROOT)[workflow]["jobs"]["tier"]["steps"]
        if "setup-python" in step.get("uses", "")
    ]
    questions = json.loads((ROOT / "cookiecutter.json").read_text("utf-8"))
    assert setup[:3] == questions["python_version"]
