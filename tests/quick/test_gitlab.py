"""GitLab's pipelines of services: their schema, and which jobs a team's week starts."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tasks.folders import PROGRAMS, ROOT
from tasks.render import example, render
from tests.conftest import EXAMPLES
from tests.gitlab import Job, Pipelines, documents, environment, read
from tests.quick.test_size import FILES, sizes


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A service of each kind; the issuer has another organisation and an index."""
    folder = tmp_path_factory.mktemp("gitlab")
    answers = {kind: example(name) | {"ci_system": "gitlab"} for kind, name in EXAMPLES.items()}
    answers["issuer"] |= {
        "organisation": "a-firm-of-20-letters",
        "internal_index": "https://packages.acme.example/internal/simple/",
        "python_version": "3.11",
    }
    return {kind: render(folder, given) for kind, given in answers.items()}


@pytest.fixture(params=EXAMPLES, scope="module")
def kind(request: pytest.FixtureRequest) -> str:
    """Each kind of service."""
    return str(request.param)


@pytest.fixture(scope="module")
def pipelines(services: dict[str, Path], kind: str) -> Pipelines:
    """The pipelines of a service of the kind."""
    return read(services[kind])


# What there is to start a pipeline.

PROJECT = {"CI_PROJECT_ID": "7", "CI_DEFAULT_BRANCH": "main"}
MERGE_REQUEST = PROJECT | {
    "CI_PIPELINE_SOURCE": "merge_request_event",
    "CI_COMMIT_REF_PROTECTED": "false",
    "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "7",
    "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME": "invoices",
}
FROM_A_FORK = MERGE_REQUEST | {
    "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "8",
    "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME": "main",
}
OF_A_HOTFIX = MERGE_REQUEST | {"CI_MERGE_REQUEST_SOURCE_BRANCH_NAME": "hotfix/1.2"}


def push(branch: str, protected: str = "true") -> dict[str, str]:
    """Return the variables of a pipeline for a pushed branch."""
    named = {"CI_COMMIT_BRANCH": branch, "CI_COMMIT_REF_NAME": branch}
    about = {"CI_PIPELINE_SOURCE": "push", "CI_COMMIT_REF_PROTECTED": protected}
    return PROJECT | named | about


def tag(name: str) -> dict[str, str]:
    """Return the variables of a pipeline for a pushed tag."""
    about = {"CI_PIPELINE_SOURCE": "push", "CI_COMMIT_REF_PROTECTED": "true"}
    return PROJECT | about | {"CI_COMMIT_TAG": name, "CI_COMMIT_REF_NAME": name}


def asked(action: str, source: str = "web", **more: str) -> dict[str, str]:
    """Return the variables of a pipeline that a person or a schedule starts on main."""
    return push("main") | {"CI_PIPELINE_SOURCE": source, "ACTION": action} | more


VERIFIES = {"check", "test", "scan-code"}
DEPLOYED = {*VERIFIES, "publish", "verified", "staging", "production", "tell"}

EVENTS: dict[str, tuple[dict[str, str], set[str] | None]] = {
    "a merge request": (MERGE_REQUEST, {*VERIFIES, "build", "verified"}),
    "one from a fork's main": (FROM_A_FORK, {*VERIFIES, "build", "verified"}),
    "one from a hotfix branch, which has a pipeline": (OF_A_HOTFIX, None),
    "a push to a branch of a merge request": (push("invoices", "false"), None),
    "a push to main": (push("main"), DEPLOYED),
    "a push to a hotfix branch": (push("hotfix/1.2"), DEPLOYED),
    "a push to a branch that is called nearly so": (push("maintenance"), None),
    "a tag": (tag("v1.2.0"), {*VERIFIES, "publish", "verified", "release", "tell"}),
    "a tag that is not a version": (tag("nightly"), None),
    "main, once more": (push("main") | {"CI_PIPELINE_SOURCE": "web"}, DEPLOYED),
    "a version, by hand": (asked("deploy", STAGE="production", TAG="v1.2"), {"deploy", "tell"}),
    "a version of an unprotected branch": (
        push("invoices", "false") | {"CI_PIPELINE_SOURCE": "web", "ACTION": "deploy"},
        None,
    ),
    "a rollback": (asked("rollback"), {"rollback", "tell"}),
    "a night": (asked("nightly-scan", "schedule"), {"scan-code", "scan-image", "tell"}),
    "a Monday": (
        asked("template-update", "schedule"),
        {"template-update", "template-update-request", "tell"},
    ),
    "a schedule without an action": (push("main") | {"CI_PIPELINE_SOURCE": "schedule"}, None),
}
"""Events of a week, and the jobs that each starts; None: no pipeline at all."""


@pytest.mark.parametrize("event", EVENTS)
def test_an_event_starts_its_jobs_and_no_others(pipelines: Pipelines, event: str) -> None:
    variables, expected = EVENTS[event]
    found = pipelines.started(variables)
    assert (found if found is None else set(found)) == expected


def test_a_night_scans_the_image_whatever_it_finds_in_the_code(pipelines: Pipelines) -> None:
    """A job of a later stage waits for all jobs before it, unless it says what it needs."""
    started = pipelines.started(asked("nightly-scan", "schedule"))
    assert started
    assert started["scan-image"]["needs"] == []


def test_only_a_service_with_a_database_has_one_to_provision(services: dict[str, Path]) -> None:
    for kind in EXAMPLES:
        found = read(services[kind])
        has_one = kind != "frontend"
        assert ("provision" in found.inputs["action"]["options"]) == has_one
        assert ("provision" in found.jobs) == has_one
        if has_one:
            assert set(found.started(asked("provision")) or {}) == {"provision", "tell"}


def test_a_newer_push_ends_pipelines_of_merge_requests_only(pipelines: Pipelines) -> None:
    for rule in pipelines.workflow["rules"]:
        if rule.get("when") != "never":
            of_a_request = rule["if"] == '$CI_PIPELINE_SOURCE == "merge_request_event"'
            ends = "interruptible" if of_a_request else "none"
            assert rule["auto_cancel"] == {"on_new_commit": ends}


# Schema and size.

DEPLOY, IMAGE, VERIFY = (f".gitlab/ci/{name}.yml" for name in ("deploy", "image", "verify"))


def against_the_schema(service: Path, into: Path) -> subprocess.CompletedProcess[str]:
    """Check each document of each file against the published schema, which is about one."""
    files = []
    for name, contents in documents(service).items():
        for number, content in enumerate(contents):
            file = into / f"{name.replace('/', '-')}-{number}.yml"
            file.write_text(yaml.safe_dump(content), "utf-8")
            files.append(file)
    words: list[str | Path] = [PROGRAMS / "check-jsonschema", "--builtin-schema"]
    words += ["vendor.gitlab-ci", *files]
    return subprocess.run(words, capture_output=True, text=True)


def test_each_file_keeps_to_the_schema(
    services: dict[str, Path], kind: str, tmp_path: Path
) -> None:
    done = against_the_schema(services[kind], tmp_path)
    assert done.returncode == 0, done.stdout


def changed(service: Path, into: Path, name: str, old: str, new: str) -> Path:
    """Return a copy of a service with a planted fault."""
    copy = into / "planted"
    shutil.copytree(service / ".gitlab", copy / ".gitlab")
    shutil.copy(service / ".gitlab-ci.yml", copy)
    text = (copy / name).read_text("utf-8")
    assert text.count(old) == 1, f"{name} has {text.count(old)} of {old!r}"
    (copy / name).write_text(text.replace(old, new), "utf-8")
    return copy


def test_a_key_that_jobs_do_not_have_is_found(services: dict[str, Path], tmp_path: Path) -> None:
    planted = changed(services["resource"], tmp_path, VERIFY, "15 minutes", "15 minutes\n  time: 1")
    assert against_the_schema(planted, tmp_path).returncode == 1


def test_a_job_that_is_called_as_a_keyword_is_found(
    services: dict[str, Path], tmp_path: Path
) -> None:
    planted = changed(services["resource"], tmp_path, IMAGE, "\nbuild:\n", "\nimage:\n")
    assert against_the_schema(planted, tmp_path).returncode == 1


def test_a_service_is_clean_and_small(services: dict[str, Path], kind: str) -> None:
    for words in (["yamllint", "--strict", "."], ["ruff", "format", "--no-cache", "--check", "."]):
        program, *arguments = words
        done = subprocess.run(
            [PROGRAMS / program, *arguments], cwd=services[kind], capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout
    assert sizes(services[kind])[0] <= FILES


# What no schema knows. Each returns what is wrong, so that a planted fault can be seen.

DOCUMENTED = (
    (ROOT / "docs" / "reference" / "pipelines.md")
    .read_text("utf-8")
    .partition("## GitLab CI")[2]
    .partition("\n## ")[0]
)

SECRETS_OF = {
    "pipeline": {
        *("REGISTRY_USER", "REGISTRY_PASSWORD", "TEMPLATE_UPDATE_TOKEN"),
        *("COSIGN_PRIVATE_KEY", "COSIGN_PASSWORD"),
    },
    "template-update": {"TEMPLATE_TOKEN", "TEMPLATE_USER"},
    "staging": {"KUBECONFIG", "REGISTRY_USER", "REGISTRY_PASSWORD", "URL"},
    "staging-provision": {
        *("DATABASE_HOST", "DATABASE_PASSWORD"),
        *("POSTGRES_USER", "POSTGRES_PASSWORD"),
    },
}
"""The variables by the environments that have them."""

NEEDS_SECRETS = re.compile(
    r"-tasks (image\.login|image\.push|cluster\.(?:deploy|rollback)|db\.create|pull-request\.open)|"
    r"\$(?:DATABASE_HOST|DATABASE_PASSWORD|URL)\b"
)
"""What cannot do without a variable of an environment."""

CHANGES = re.compile(r"-tasks (cluster\.(?:deploy|rollback)|db\.create)")
"""What changes a stage."""


def text_of(job: Job) -> str:
    return json.dumps([job.get(key) for key in ("before_script", "script", "variables")])


def leaks(found: Pipelines) -> list[str]:
    """Return the jobs of merge requests that can have secrets, and those that lack theirs."""
    faults = []
    for event in (MERGE_REQUEST, FROM_A_FORK):
        for name, job in (found.started(event) or {}).items():
            if environment(job):
                faults.append(f"{name}, of a merge request, has an environment")
            if NEEDS_SECRETS.search(text_of(job)):
                faults.append(f"{name}, of a merge request, uses a secret")
    for name, job in found.jobs.items():
        if NEEDS_SECRETS.search(text_of(job)) and not environment(job):
            faults.append(f"{name} uses a secret, and has no environment")
    return sorted(set(faults))


def unlocked(found: Pipelines) -> list[str]:
    """Return the jobs that change a stage without its lock, or hold one while a person is asked."""
    faults = []
    for name, job in found.jobs.items():
        stage = environment(job).removesuffix("-provision")
        if CHANGES.search(text_of(job)) and job.get("resource_group") != stage:
            faults.append(f"{name} changes {stage}, without its lock")
        asks = [rule for rule in job["rules"] if rule.get("when") == "manual"]
        if not all(rule.get("allow_failure") for rule in asks):
            faults.append(f"{name} holds up the pipeline until somebody starts it")
    return faults


def unordered(found: Pipelines) -> list[str]:
    """Return the jobs that come before all that can be said against the change."""
    faults = []
    for event in (push("main"), tag("v1.2.0"), MERGE_REQUEST):
        started = found.started(event) or {}
        for name in started.keys() - VERIFIES - {"tell"}:
            missing = VERIFIES - before(started, name)
            if missing:
                faults.append(f"{name} does not wait for {', '.join(sorted(missing))}")
        if "verified" in started:
            image = started.keys() & {"build", "publish"}
            if not image <= before(started, "verified"):
                faults.append("verified does not wait for the image")
    return sorted(set(faults))


def before(started: dict[str, Job], name: str) -> set[str]:
    """Return the jobs that a job comes after; a need that is not there would be refused."""
    found: set[str] = set()
    for need in started[name].get("needs", []):
        other = need if isinstance(need, str) else need["job"]
        if other not in started:
            assert isinstance(need, dict), f"{name} needs {other}, which is in no such pipeline"
            assert need["optional"]
            continue
        found |= {other} | before(started, other)
    return found


def test_no_secret_reaches_a_merge_request(pipelines: Pipelines) -> None:
    assert leaks(pipelines) == []


def test_what_changes_a_stage_holds_its_lock_and_nobody_is_waited_for(
    pipelines: Pipelines,
) -> None:
    assert unlocked(pipelines) == []


def test_an_image_comes_after_all_tests_and_a_stage_after_the_image(pipelines: Pipelines) -> None:
    assert unordered(pipelines) == []
    started = pipelines.started(push("main"))
    assert started
    assert before(started, "production") >= {"staging", "verified", "publish"}


@pytest.mark.parametrize(
    ("name", "old", "new", "check", "said"),
    [
        (
            *(IMAGE, "acme-tasks image.build\n", "acme-tasks image.login\n"),
            *(leaks, "build, of a merge request, uses a secret"),
        ),
        (
            *(
                VERIFY,
                "  stage: verify\n  timeout: 30",
                "  stage: verify\n  environment: pipeline\n  timeout: 30",
            ),
            *(leaks, "test, of a merge request, has an environment"),
        ),
        (
            *(DEPLOY, "  environment: staging\n", ""),
            *(leaks, "staging uses a secret, and has no environment"),
        ),
        (
            *(DEPLOY, "  resource_group: production\n", ""),
            *(unlocked, "production changes production, without its lock"),
        ),
        (
            *(
                DEPLOY,
                "  environment: staging\n  resource_group: staging\n",
                "  environment: staging\n  resource_group: production\n",
            ),
            *(unlocked, "staging changes staging, without its lock"),
        ),
        (
            *(DEPLOY, "      allow_failure: true\n", ""),
            *(unlocked, "production holds up the pipeline until somebody starts it"),
        ),
        (
            *(
                IMAGE,
                ".on-push]\n  stage: image\n  needs: [check, test, scan-code]\n",
                ".on-push]\n  stage: image\n  needs: [check, test]\n",
            ),
            *(unordered, "publish does not wait for scan-code"),
        ),
    ],
)
def test_a_planted_fault_is_found(
    services: dict[str, Path], tmp_path: Path, name: str, old: str, new: str, check: Any, said: str
) -> None:
    found = check(read(changed(services["resource"], tmp_path, name, old, new)))
    assert said in found


def test_what_has_secrets_runs_on_protected_runners(
    services: dict[str, Path], kind: str, pipelines: Pipelines
) -> None:
    """Where the shell is the executor, a login stays on the runner."""
    for name, job in pipelines.jobs.items():
        assert (job.get("tags") in (["publish"], ["cluster"])) == bool(environment(job)), name
    assert "Protect runners tagged `publish` and `cluster`" in DOCUMENTED


def test_deployments_of_gitlab_are_those_of_stages_alone(pipelines: Pipelines) -> None:
    """A job that only reads the variables of an environment does not count as one."""
    for name, job in pipelines.jobs.items():
        about = job.get("environment")
        if about is not None:
            is_deployment = CHANGES.search(text_of(job)) and name != "provision"
            assert isinstance(about, str) == bool(is_deployment), name
            assert isinstance(about, str) or about["action"] == "access", name


def test_what_pushes_does_so_once_at_a_time(pipelines: Pipelines) -> None:
    assert pipelines.jobs["publish"]["resource_group"] == "image"
    assert pipelines.jobs["template-update-request"]["resource_group"] == "template-update"
    for name in ("staging", "release"):
        assert pipelines.jobs[name]["needs"] == ["verified", "publish"], name


def test_any_version_can_be_deployed_to_any_stage(pipelines: Pipelines) -> None:
    inputs = pipelines.inputs
    assert inputs["stage"]["options"] == ["staging", "production"]
    job = pipelines.jobs["deploy"]
    assert environment(job) == "$STAGE"
    [line] = [line for line in job["script"] if "cluster.deploy" in line]
    assert '--stage="$STAGE" --tag="$TAG" --digest="$IMAGE_DIGEST"' in line
    # What somebody names is deployed whatever runs; a slow pipeline takes no stage back.
    assert "--unless-newer" not in line
    for name in ("staging", "production"):
        [line] = [each for each in pipelines.jobs[name]["script"] if "cluster.deploy" in each]
        assert line.endswith(" --unless-newer")


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("tag", ["", "v1.2.0", "v1.2.0-4-g0123abc", "1.2"], ["latest", "v1; id", "v1.2 x"]),
        ("digest", ["", f"sha256:{'0f' * 32}"], ["sha256:0f", "$(id)", f"sha256:{'0f' * 33}"]),
    ],
)
def test_an_input_is_refused_that_is_no_version(
    pipelines: Pipelines, name: str, good: list[str], bad: list[str]
) -> None:
    pattern = pipelines.inputs[name]["regex"]
    assert all(re.search(pattern, each) for each in good)
    assert not any(re.search(pattern, each) for each in bad)
    assert re.search(pattern, pipelines.inputs[name]["default"])


def test_a_merge_request_scans_what_it_builds_and_a_push_takes_what_is_there(
    pipelines: Pipelines,
) -> None:
    """Two builds have two digests; a tag is pushed once."""
    for name in ("publish", "scan-image"):
        scripts = [line.split("-tasks ")[-1] for line in pipelines.jobs[name]["script"]]
        assert scripts[:3] == ["image.login", "image.build --reuse", ". ./reported.env"]
        assert scripts[3].startswith('scan.image --image="$IMAGE_NAME"')
    assert pipelines.jobs["publish"]["artifacts"]["reports"] == {"dotenv": "reported.env"}
    for name in ("build", "publish"):
        assert pipelines.jobs[name]["artifacts"]["paths"] == ["sbom.cdx.json"]


DEPLOYS = ["image.login", "image.verify", "cluster.deploy", "smoke"]
TASKS = {
    "staging": DEPLOYS,
    "production": DEPLOYS,
    "deploy": DEPLOYS,
    "rollback": ["cluster.rollback", "smoke"],
    "provision": ["db.create"],
}
"""What changes a stage, after what is verified and before what is tried."""


def test_what_is_deployed_is_verified_before_and_tried_after(pipelines: Pipelines) -> None:
    found = {
        name: [line.split("-tasks ")[1].split()[0] for line in job["script"] if "-tasks " in line]
        for name, job in pipelines.jobs.items()
        if CHANGES.search(text_of(job))
    }
    assert found == {name: TASKS[name] for name in found}
    assert len(found) >= 4


def test_jobs_have_all_of_the_history_and_keep_nothing_for_ever(pipelines: Pipelines) -> None:
    """The version, the last release, and which commit comes after which."""
    assert pipelines.variables["GIT_DEPTH"] == "0"
    assert pipelines.default["interruptible"] is True
    for name, job in pipelines.jobs.items():
        if "artifacts" in job:
            assert 0 < int(job["artifacts"]["expire_in"].removesuffix(" days")) <= 90, name


def test_reports_of_the_tests_are_kept_also_of_tests_that_fail(pipelines: Pipelines) -> None:
    artifacts = pipelines.jobs["test"]["artifacts"]
    assert artifacts["when"] == "always"
    assert artifacts["reports"]["junit"] == "reports/junit.xml"
    assert artifacts["reports"]["coverage_report"]["path"] == "reports/coverage.xml"
    pattern = pipelines.jobs["test"]["coverage"].strip("/")
    said = (
        "Name  Stmts  Miss Branch BrPart  Cover   Missing\nTOTAL    482     3     60    2  98.71%"
    )
    found = re.search(pattern, said)
    assert found
    assert found[1] == "98.71"


def test_an_update_with_conflicts_gets_a_merge_request_and_fails(pipelines: Pipelines) -> None:
    job = pipelines.jobs["template-update"]
    update, commits, end = job["script"]
    assert update.endswith(" template.update --no-input >template-update.md || failed=1")
    assert end == 'exit "${failed:-0}"'
    assert job["artifacts"]["when"] == "always"
    asks = pipelines.jobs["template-update-request"]
    assert (asks["needs"], asks["rules"][0]["when"]) == (["template-update"], "always")
    [opens] = asks["script"]
    assert opens == commits.replace("pull-request.commit", "pull-request.open")
    for name in ("--body-file", "--bundle"):
        [file] = re.findall(rf"{name}=(\S+)", opens)
        assert file in job["artifacts"]["paths"]


def test_what_runs_the_code_of_an_update_cannot_push(pipelines: Pipelines) -> None:
    """A job has all variables of its environment; that of the update has no token for it."""
    assert environment(pipelines.jobs["template-update"]) == "template-update"
    assert environment(pipelines.jobs["template-update-request"]) == "pipeline"
    for name, job in pipelines.jobs.items():
        assert not ("template.update" in text_of(job) and "pull-request.open" in text_of(job)), name


def test_a_shell_ends_as_the_update_did(pipelines: Pipelines) -> None:
    """GitLab runs the lines of a script in one shell, which ends at the first that fails."""
    _, _, end = pipelines.jobs["template-update"]["script"]
    for program, code in (("true", 0), ("false", 1)):
        script = f"{program} || failed=1\ntrue\n{end}"
        assert subprocess.run(["sh", "-euc", script]).returncode == code
    assert subprocess.run(["sh", "-ec", f"true || failed=1\nfalse\n{end}"]).returncode == 1


def test_every_failure_is_told_but_those_of_merge_requests(pipelines: Pipelines) -> None:
    for event, expected in EVENTS.values():
        if expected is not None:
            told = (pipelines.started(event) or {}).get("tell")
            assert (told is None) == (event["CI_PIPELINE_SOURCE"] == "merge_request_event")
            assert told is None or told["rule"]["when"] == "on_failure"
    # A job that may fail is none for `tell`.
    for name, job in pipelines.jobs.items():
        may_fail = any(rule.get("allow_failure") for rule in job["rules"])
        assert may_fail == ("notify --if-failed" in json.dumps(job.get("after_script", ""))), name


def test_every_job_ends_in_time_and_has_a_stage_and_a_runner(pipelines: Pipelines) -> None:
    for name, job in pipelines.jobs.items():
        assert 0 < int(job["timeout"].removesuffix(" minutes")) <= 60, name
        assert job["stage"] in {*pipelines.stages, ".post"}, name
        assert "image" in job or "tags" in job, name


def test_no_pipeline_migrates_or_is_the_servers_administrator(services: dict[str, Path]) -> None:
    for kind in EXAMPLES:
        for path in (services[kind] / ".gitlab").rglob("*.yml"):
            assert "db.migrate" not in path.read_text("utf-8"), path
            assert ("db.create" in path.read_text("utf-8")) == (path.stem == "provision"), path


def test_the_documentation_names_every_variable_environment_action_and_schedule(
    pipelines: Pipelines,
) -> None:
    named = {environment(job) for job in pipelines.jobs.values()} - {"", "$STAGE"}
    named = {name.replace("$STAGE", "staging") for name in named}
    assert named <= {*SECRETS_OF, "production"}
    for each in named & SECRETS_OF.keys():
        for name in {each, *SECRETS_OF[each]}:
            assert f"`{name}`" in DOCUMENTED, name
    for action in set(pipelines.inputs["action"]["options"]) - {"pipeline"}:
        assert f"`{action}`" in DOCUMENTED, action
    for name in ("SLACK_WEBHOOK_URL", "0 4 * * *", "0 5 * * 1"):
        assert f"`{name}`" in DOCUMENTED, name


def test_the_documentation_names_nothing_that_no_job_uses(services: dict[str, Path]) -> None:
    """Tasks read some variables themselves."""
    name = re.compile(r"[A-Z][A-Z0-9]*_[A-Z0-9_]+|URL|KUBECONFIG")
    named = {each for each in re.findall("`([^`]+)`", DOCUMENTED) if name.fullmatch(each)}
    files = [
        *(path for service in services.values() for path in (service / ".gitlab").rglob("*.yml")),
        *(ROOT / "chassis" / "src").rglob("*.py"),
        # It lists what a project should have, used or not.
        *{*(ROOT / "tools" / "src").rglob("*.py")}
        - {*(ROOT / "tools").rglob("gitlab_settings.py")},
    ]
    used = {each for path in files for each in name.findall(path.read_text("utf-8"))}
    assert len(named) >= 15
    # A task puts these two together; kubectl reads the third.
    assert named - used <= {"REGISTRY_USER", "REGISTRY_PASSWORD", "KUBECONFIG"}


def test_all_pages_name_the_environment_of_the_token_of_a_template() -> None:
    page = (ROOT / "docs/how-to/updates.md").read_text("utf-8")
    section = " ".join(
        page.partition("## The template is private")[2].partition("\n## ")[0].split()
    )
    for system, name in {"On GitHub": "pipeline", "on GitLab": "template-update"}.items():
        found = re.search(
            rf"{system} both are (?:variables of|in) the environment `([\w-]+)`", section
        )
        assert found, system
        assert found[1] == name


def test_an_update_leaves_the_runners_alone(services: dict[str, Path], kind: str) -> None:
    owned = (services[kind] / ".template-files.sha256").read_text("utf-8")
    assert "  .gitlab-ci.yml\n" in owned
    assert "  .gitlab/ci/deploy.yml\n" in owned
    assert ".gitlab/ci/runners.yml" not in owned


def test_what_jobs_leave_behind_is_not_committed(services: dict[str, Path]) -> None:
    """An update commits all that git does not ignore."""
    ignored = (services["frontend"] / ".gitignore").read_text("utf-8").splitlines()
    assert {"/.cache/", "/reported.env", "/template-update.*", "/reports/"} <= set(ignored)
