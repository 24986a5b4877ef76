"""Checks how the service's repository on GitHub is set up."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from flask_chassis import project
from invoke import Context, Exit, task

from flask_chassis_tools.pipeline import gh

ALLOWED = {"branch": ("main", "hotfix/*", "hotfix/**"), "tag": ("v*",)}
"""What may use an environment: what nobody can push to without a review."""

REQUIRED = ("pipeline", "staging", "production", "production-approval")
OF_DATABASES = ("staging-provision", "production-provision")

WHERE = "Settings, Environments"
RULES = "Settings, Rules"

EXAMPLE_OF_HOTFIX = "hotfix/1.0"

REQUIRED_CHECK = "verified"
"""The job that sums up all others: .github/workflows/pipeline.yaml."""


@task
def check(context: Context) -> None:
    """Check that nothing unreviewed can read a secret or is merged, and production is approved.

    Requires gh, logged in as somebody who administers the repository.
    """
    faults = [*_environments(), *_secrets(), *_branches(), *_tags(), *_runners()]
    if faults:
        raise Exit("\n".join(faults), 1)
    print("Environments and main are protected, production is approved, no branch has a secret.")


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
    if environment.get("deployment_branch_policy") is None:
        yield (
            f"The environment {name} is open to every branch: select main, and as they are used "
            f"hotfix/* and the tags v* ({WHERE}, Deployment branches and tags)."
        )
    for kind, pattern in _policies(name, environment):
        if pattern not in ALLOWED[kind]:
            yield f"The environment {name} is open to the {kind} {pattern}: remove it."


def _policies(name: str, environment: Any) -> list[tuple[str, str]]:
    """Return the patterns of branches and tags that may use an environment."""
    policy = environment.get("deployment_branch_policy")
    if policy is None or not policy["custom_branch_policies"]:
        return []
    found = _ask(f"environments/{name}/deployment-branch-policies") or {"branch_policies": []}
    return [(each.get("type", "branch"), each["name"]) for each in found["branch_policies"]]


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
    of_all = _ask("actions/organization-secrets?per_page=100") or {"secrets": []}
    for each in of_all["secrets"]:
        yield (
            f"The secret {each['name']} is the organisation's, so every branch here can read it: "
            "keep it from this repository (the organisation's Settings, Secrets)."
        )


def _branches() -> Iterator[str]:
    """Yield faults of the branches whose workflows read the secrets of environments."""
    classic = _ask("branches/main/protection") or {}
    yield from _unprotected("main", _ask("rules/branches/main") or [], classic, RULES)
    if any(pattern.startswith("hotfix/") for _, pattern in _all_policies()):
        # The rules for a name; no branch need have it. Classic protection is not among them.
        rules = _ask(f"rules/branches/{quote(EXAMPLE_OF_HOTFIX, safe='')}") or []
        yield from _unprotected("hotfix/*", rules, {}, f"{RULES}, a rule set for branches")


def _unprotected(branch: str, rules: Any, classic: Any, where: str) -> Iterator[str]:
    """Yield what the rules of a branch lack. `classic` is its protection of the older kind."""
    if "pull_request" not in {rule["type"] for rule in rules} and not classic.get(
        "required_pull_request_reviews"
    ):
        yield f"{branch} can be pushed to without a review: require a pull request ({where})."
    checks = [
        *(classic.get("required_status_checks") or {}).get("checks", []),
        *(
            check
            for rule in rules
            if rule["type"] == "required_status_checks"
            for check in rule["parameters"]["required_status_checks"]
        ),
    ]
    if REQUIRED_CHECK not in {check["context"] for check in checks}:
        yield (
            f"A pull request can be merged although {REQUIRED_CHECK} has failed: make it a "
            f"required check of {branch} ({where})."
        )


def _all_policies() -> list[tuple[str, str]]:
    """Return the patterns of branches and tags that may use any environment."""
    found = []
    for name in (*REQUIRED, *OF_DATABASES):
        if environment := _ask(f"environments/{name}"):
            found += _policies(name, environment)
    return found


def _tags() -> Iterator[str]:
    """Yield a fault if tags may use an environment, and everybody can push one."""
    names = [name for name in (*REQUIRED, *OF_DATABASES) if _uses_tags(name)]
    sets = _ask("rulesets?targets=tag&per_page=100") if names else []
    for each in sets or []:
        about = _ask(f"rulesets/{each['id']}") or {}
        included = about.get("conditions", {}).get("ref_name", {}).get("include", [])
        is_active = about.get("enforcement") == "active"
        restricts = "creation" in {rule["type"] for rule in about.get("rules", [])}
        if is_active and restricts and {"refs/tags/v*", "~ALL"} & set(included):
            return
    if names:
        yield (
            f"Everybody who can push makes a tag v*, which may use {', '.join(names)}: restrict "
            f"who creates them ({RULES}, a rule set for tags)."
        )


def _uses_tags(name: str) -> bool:
    environment = _ask(f"environments/{name}")
    return bool(environment) and "tag" in dict(_policies(name, environment))


def _runners() -> Iterator[str]:
    found = _ask("actions/runners?per_page=100") or {"runners": []}
    for each in found["runners"]:
        yield (
            f"The runner {each['name']} is the repository's own, so that workflows of every branch "
            "run on it: move it to a group of the organisation that only the workflows deploy, "
            "rollback and provision of main may use (the organisation's Settings, Actions, Runner "
            "groups)."
        )


def _ask(path: str) -> Any:
    # gh replaces the names in braces by those of this repository.
    return gh.api(f"repos/{{owner}}/{{repo}}/{path}")
