"""Checks how the service's repository on GitHub is set up."""

from collections.abc import Iterator
from typing import Any

from flask_chassis import project
from invoke import Context, Exit, task

from flask_chassis_tools.pipeline import gh

ALLOWED = {"branch": ("main", "hotfix/*", "hotfix/**"), "tag": ("v*",)}
"""What may use an environment: what nobody can push to without a review."""

REQUIRED = ("pipeline", "staging", "production", "production-approval")
OF_DATABASES = ("staging-provision", "production-provision")

WHERE = "Settings, Environments"


@task
def check(context: Context) -> None:
    """Check that no branch under development can read a secret, and that production is approved.

    Requires gh, logged in as somebody who administers the repository.
    """
    faults = [*_environments(), *_secrets()]
    if faults:
        raise Exit("\n".join(faults), 1)
    print("The environments are restricted, production is approved, and no branch has a secret.")


def _environments() -> Iterator[str]:
    provisions = (project.working_folder() / ".github/workflows/provision.yaml").is_file()
    for name in (*REQUIRED, *(OF_DATABASES if provisions else ())):
        found = _ask(f"environments/{name}")
        if found is None:
            if name in REQUIRED:
                yield f"The environment {name} is missing: create it ({WHERE})."
            continue
        yield from _open_to(name, found)
        if name.endswith("-approval") and not _reviewers(found):
            yield f"The environment {name} has no required reviewers: nobody approves ({WHERE})."


def _open_to(name: str, environment: Any) -> Iterator[str]:
    """Yield which branches and tags may use an environment that should not."""
    policy = environment.get("deployment_branch_policy")
    if policy is None:
        yield (
            f"The environment {name} is open to every branch: select main, and as they are used "
            f"hotfix/* and the tags v* ({WHERE}, Deployment branches and tags)."
        )
    elif policy["custom_branch_policies"]:
        found = _ask(f"environments/{name}/deployment-branch-policies") or {"branch_policies": []}
        for each in found["branch_policies"]:
            kind = each.get("type", "branch")
            if each["name"] not in ALLOWED[kind]:
                yield f"The environment {name} is open to the {kind} {each['name']}: remove it."


def _reviewers(environment: Any) -> list[Any]:
    return [
        reviewer
        for rule in environment.get("protection_rules", [])
        if rule["type"] == "required_reviewers"
        for reviewer in rule["reviewers"]
    ]


def _secrets() -> Iterator[str]:
    for each in (_ask("actions/secrets?per_page=100") or {"secrets": []})["secrets"]:
        yield (
            f"The secret {each['name']} is the repository's, so every branch can read it: move it "
            f"to the environment that needs it ({WHERE})."
        )


def _ask(path: str) -> Any:
    # gh replaces the names in braces by those of this repository.
    return gh.api(f"repos/{{owner}}/{{repo}}/{path}")
