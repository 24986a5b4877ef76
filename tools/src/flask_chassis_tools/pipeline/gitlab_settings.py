"""Checks how the service's project on GitLab is set up."""

from collections.abc import Iterator

from invoke import Context, Exit, task

from flask_chassis_tools.pipeline import gitlab

PROTECTED = {"protected_branches": ("main", "hotfix/*"), "protected_tags": ("v*",)}
"""The branches and tags whose pipelines may read protected variables."""

REQUIRED = {"protected_branches": ("main",), "protected_tags": ("v*",)}

DEVELOPERS = 30
"""What GitLab calls the access level of developers."""

MAY_PUSH = {"protected_branches": "push_access_levels", "protected_tags": "create_access_levels"}

STAGES = ("staging", "production")
PROVISIONED = ("staging-provision", "production-provision")

ENVIRONMENTS = {
    "COSIGN_PASSWORD": ("pipeline",),
    "COSIGN_PRIVATE_KEY": ("pipeline",),
    "DATABASE_PASSWORD": PROVISIONED,
    "KUBECONFIG": STAGES,
    "POSTGRES_PASSWORD": PROVISIONED,
    "POSTGRES_USER": PROVISIONED,
    "REGISTRY_PASSWORD": ("pipeline", *STAGES),
    "REGISTRY_USER": ("pipeline", *STAGES),
    "SLACK_WEBHOOK_URL": ("*",),
    "TEMPLATE_TOKEN": ("template-update",),
    "TEMPLATE_UPDATE_TOKEN": ("pipeline",),
}
"""The secrets, with the environments that may have them, as in docs/reference/pipelines.md."""

NOT_MASKED = ("POSTGRES_USER", "REGISTRY_USER")
"""Names of users can be too short for GitLab to mask them."""

PROTECTED_RUNNERS = ("publish", "cluster")
"""The tags of runners that run jobs with secrets, as .gitlab/ci/runners.yml is rendered."""

VARIABLES = "Settings, CI/CD, Variables"
REPOSITORY = "Settings, Repository"


@task
def check(context: Context) -> None:
    """Check that no merge request can read a secret, and that production is protected.

    Requires GITLAB_TOKEN: a token of a maintainer, with the scope read_api.
    """
    project = gitlab.of_person()
    faults = [
        *_references(project),
        *_variables(project),
        *_merging(project),
        *_outdated(project),
        *_production(project),
        *_runners(project),
    ]
    if faults:
        raise Exit("\n".join(faults), 1)
    print("Secrets are protected and of their environments, and nobody pushes without a review.")


def _references(project: gitlab.Project) -> Iterator[str]:
    """Yield faults of protected branches and tags: their pipelines read protected variables."""
    for kind, allowed in PROTECTED.items():
        found = {each["name"]: each for each in project.all(kind)}
        what = kind.replace("_", " ").removesuffix("es").removesuffix("s")
        for name in REQUIRED[kind]:
            if name not in found:
                yield f"{name} is not a {what}: its pipelines have no secret ({REPOSITORY})."
        for name, each in found.items():
            if name not in allowed:
                yield (
                    f"{name} is a {what}, so that its pipelines read the secrets: only "
                    f"{', '.join(allowed)} should be ({REPOSITORY})."
                )
            elif any(level["access_level"] == DEVELOPERS for level in each[MAY_PUSH[kind]]):
                yield f"Developers may push {name} without a review: select Maintainers, or no one."


def _variables(project: gitlab.Project) -> Iterator[str]:
    for each in project.all("variables"):
        key, scope = each["key"], each["environment_scope"]
        is_secret = key in ENVIRONMENTS or each["masked"]
        where = f"The variable {key} of the environment {scope}"
        if is_secret and not each["protected"]:
            yield f"{where} is not protected, so that merge requests can read it ({VARIABLES})."
        if key in ENVIRONMENTS and scope not in ENVIRONMENTS[key]:
            yield f"{where} belongs to {', '.join(ENVIRONMENTS[key])} only ({VARIABLES})."
        is_file = each["variable_type"] == "file"
        if key in ENVIRONMENTS and key not in NOT_MASKED and not is_file and not each["masked"]:
            yield f"{where} is not masked, so that logs can show it ({VARIABLES})."


def _merging(project: gitlab.Project) -> Iterator[str]:
    if not project.get("")["only_allow_merge_if_pipeline_succeeds"]:
        yield (
            "A merge request can be merged although its pipeline has failed: select Pipelines must "
            "succeed (Settings, Merge requests)."
        )


def _outdated(project: gitlab.Project) -> Iterator[str]:
    if project.get("").get("ci_forward_deployment_enabled"):
        yield (
            "A deployment fails if a pipeline that began later has deployed, also that of a "
            "hotfix: clear Prevent outdated deployment jobs (Settings, CI/CD, General pipelines). "
            "The task cluster.deploy compares commits, and leaves a stage that runs a later one."
        )


def _production(project: gitlab.Project) -> Iterator[str]:
    found = project.find("protected_environments")
    if found is None:
        print("Not checked: protected environments, which GitLab has in Premium and Ultimate.")
    elif "production" not in {each["name"] for each in found}:
        yield (
            "The environment production is not protected: everybody who may merge deploys there "
            "(Operate, Environments)."
        )


def _runners(project: gitlab.Project) -> Iterator[str]:
    for each in project.all("runners"):
        about = project.runner(each["id"])
        tags = [tag for tag in about["tag_list"] if tag in PROTECTED_RUNNERS]
        if tags and about["access_level"] != "ref_protected":
            yield (
                f"The runner {each['description']}, tagged {', '.join(tags)}, also runs jobs of "
                "merge requests: protect it (Settings, CI/CD, Runners)."
            )
