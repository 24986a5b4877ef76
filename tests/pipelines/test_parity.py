"""CI does what a developer does: each step is a command of the service, with what it takes."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tasks.render import example
from tests.conftest import EXAMPLES
from tests.pipelines.commands import Step, faults, of_github, of_gitlab, of_teamcity, tasks_of
from tests.pipelines.graph import builds
from tests.pipelines.kotlin import Project
from tests.services import InstalledService, install

COMMAND = "acme-tasks"


@pytest.fixture(params=EXAMPLES, scope="module")
def kind(request: pytest.FixtureRequest) -> str:
    """Each kind of service."""
    return str(request.param)


@pytest.fixture(scope="module")
def service(kind: str) -> InstalledService:
    """The example of the kind, installed."""
    return install(example(EXAMPLES[kind]), extras="gevent")


def test_a_developer_can_type_each_step_of_teamcity(
    answered_by: Callable[[str], Project], kind: str, service: InstalledService
) -> None:
    project = answered_by(kind)
    steps = [
        # The issuer is rendered with another organisation here.
        Step(step.where, step.script.replace("a-firm-of-20-letters-tasks", COMMAND))
        for step in of_teamcity(project)
    ]
    assert len(steps) >= 20
    assert faults(service, COMMAND, steps) == []


def test_a_developer_can_type_each_step_of_github(
    github: dict[str, Path], kind: str, service: InstalledService
) -> None:
    steps = of_github(github[kind])
    assert len(steps) >= 14
    assert faults(service, COMMAND, steps) == []


def test_a_developer_can_type_each_step_of_gitlab(
    gitlab: dict[str, Path], kind: str, service: InstalledService
) -> None:
    steps = of_gitlab(gitlab[kind])
    assert len(steps) >= 20
    assert faults(service, COMMAND, steps) == []


GITHUB_ALONE = {
    # Writes the kubeconfig, which GitLab has as a file.
    "write-secret --file --variable=KUBECONFIG_CONTENT",
    # Production is a run of its own; a job that waits on GitLab, a build on TeamCity.
    "deployment.request --digest --follow --ref --stage --tag",
}

GITLAB_ALONE = {
    # Without the login of the registry there is nothing to reuse; GitHub has one job for both.
    "image.build",
    # Production may fail, and does so without the pipeline.
    "notify --if-failed --text",
}

TEAMCITY_ALONE = {
    "image.build",
    "write-secret --base64 --file --variable=KUBECONFIG_CONTENT",
    # Without GitHub.
    "template.update --check",
}

NOT_OF_TEAMCITY = {
    # Done by features of builds.
    "image.login",
    "notify --text",
}


def test_github_and_gitlab_run_the_same_tasks(
    github: dict[str, Path], gitlab: dict[str, Path]
) -> None:
    for kind in EXAMPLES:
        of_one = tasks_of(of_github(github[kind]), COMMAND)
        of_other = tasks_of(of_gitlab(gitlab[kind]), COMMAND)
        assert len(of_one) >= 20
        assert of_one - of_other == GITHUB_ALONE, kind
        assert of_other - of_one == GITLAB_ALONE, kind


def test_teamcity_and_gitlab_run_the_same_tasks(
    answered_by: Callable[[str], Project], gitlab: dict[str, Path]
) -> None:
    for kind in EXAMPLES:
        project = answered_by(kind)
        command = COMMAND if kind != "issuer" else "a-firm-of-20-letters-tasks"
        of_one = tasks_of(of_teamcity(project), command)
        of_other = tasks_of(of_gitlab(gitlab[kind]), COMMAND)
        assert of_one - of_other == TEAMCITY_ALONE - {"image.build", "template.update --check"}
        assert of_other - of_one == NOT_OF_TEAMCITY | (GITLAB_ALONE - {"image.build"})


def test_a_task_that_one_system_does_not_run_is_seen(
    github: dict[str, Path], gitlab: dict[str, Path], tmp_path: Path
) -> None:
    planted = shutil.copytree(gitlab["resource"], tmp_path / "planted")
    verify = planted / ".gitlab" / "ci" / "verify.yml"
    text = verify.read_text("utf-8")
    verify.write_text(text.replace("compose.check", "compose.chekc"), "utf-8")
    of_one = tasks_of(of_github(github["resource"]), COMMAND)
    of_other = tasks_of(of_gitlab(planted), COMMAND)
    assert of_one - of_other == GITHUB_ALONE | {"compose.check"}
    assert of_other - of_one == GITLAB_ALONE | {"compose.chekc"}


@pytest.mark.parametrize("kind", ["resource"], scope="module")
def test_an_unknown_task_on_gitlab_is_seen(
    gitlab: dict[str, Path], service: InstalledService, tmp_path: Path
) -> None:
    planted = shutil.copytree(gitlab["resource"], tmp_path / "planted")
    verify = planted / ".gitlab" / "ci" / "verify.yml"
    verify.write_text(verify.read_text("utf-8").replace("scan.code", "scan.cod"), "utf-8")
    [fault] = faults(service, COMMAND, of_gitlab(planted))
    assert "No idea what 'scan.cod' is!" in fault


PLANTED = {
    ".venv/bin/acme-tasks no.such-task": "No idea what 'no.such-task' is!",
    ".venv/bin/acme-tasks check --al": "No idea what '--al' is!",
    ".venv/bin/acme-tasks image.push": "did not receive required positional arguments",
    ".venv/bin/acme-tasks smoke --url=x --timeout=soon": "invalid literal for int()",
    ".venv/bin/acme-tasks": "this is no command of the service",
    "pytest": "this is no command of the service",
    "docker compose up --detach --planted": "this is no command of the service",
    "./bootstrap\nrm -rf /": "this is no command of the service",
}
"""Steps that no developer could type, and what is said of them."""


@pytest.mark.parametrize("kind", ["resource"], scope="module")
def test_what_no_developer_could_type_is_seen(service: InstalledService) -> None:
    steps = [Step(str(number), script) for number, script in enumerate(PLANTED)]
    found = dict(fault.split(": ", 1) for fault in faults(service, COMMAND, steps))
    assert len(found) == len(PLANTED)
    for number, reason in enumerate(PLANTED.values()):
        assert reason in found[str(number)]


@pytest.mark.parametrize("kind", ["resource"], scope="module")
@pytest.mark.parametrize("more", ["; curl x", " && curl x", " | sh", " $(curl x)", " <x"])
def test_a_program_in_a_step_is_seen(service: InstalledService, more: str) -> None:
    with pytest.raises(AssertionError, match="this is a program of its own"):
        faults(service, COMMAND, [Step("planted", f".venv/bin/acme-tasks check{more}")])


@pytest.mark.parametrize("kind", ["resource"], scope="module")
def test_what_the_documentation_names_may_be_typed(service: InstalledService) -> None:
    line = "docker compose -f docker-compose.test.yaml run --rm tests"
    assert faults(service, COMMAND, [Step("planted", line)]) == []


@pytest.mark.parametrize("kind", ["resource", "issuer"], scope="module")
def test_what_prepares_a_database_has_all_settings_that_it_needs(
    answered_by: Callable[[str], Project], kind: str, service: InstalledService
) -> None:
    stage = {"resource": "Staging", "issuer": "Production"}[kind]
    parameters = builds(answered_by(kind))[f"Provision{stage}"]["params"]
    prefix = {"resource": "THOUGHTS_BACKEND", "issuer": "USERS_BACKEND"}[kind]
    own = described_prefix(parameters)
    variables = {
        name.removeprefix("env.").replace(own, prefix): parameter["value"]
        for name, parameter in parameters.items()
        if name.startswith("env.")
    }
    environment = variables[f"{prefix}_ENVIRONMENT"]
    assert environment == f"{stage.lower()}.kubernetes"
    complete = ["config.validate", f"--environment={environment}"]
    # The image has them, which the service starts from.
    variables |= {"VERSION_NAME": "v1.0", "VERSION_SHA": "2257f9c"}
    done = service.run(COMMAND, *complete, environment=variables)
    assert done.returncode == 0, done.stderr
    for name in variables:
        if "DATABASE" in name:
            without = {key: value for key, value in variables.items() if key != name}
            assert service.run(COMMAND, *complete, environment=without).returncode == 1, name


def described_prefix(parameters: dict[str, object]) -> str:
    """Return what the names of the service's variables begin with."""
    [name] = [key for key in parameters if key.endswith("_ENVIRONMENT")]
    return name.removeprefix("env.").removesuffix("_ENVIRONMENT")
