"""Test `github.check` with a fake `gh` whose answers are those of GitHub's documentation."""

import json
from pathlib import Path
from typing import Any

import pytest
from flask_chassis import project

from ..conftest import Run

GH = """#!/bin/sh
file=$ANSWERS/$(echo "$2" | sed 's|repos/{owner}/{repo}/||; s|[/?]|,|g')
[ -f "$file" ] && exec cat "$file"
echo "gh: ${REFUSED:-Not Found (HTTP 404)}" >&2
exit 1
"""

MAIN = [{"name": "main", "type": "branch"}]
REVIEWERS = {"type": "required_reviewers", "reviewers": [{"type": "Team", "reviewer": {}}]}
VERIFIED = {
    "type": "required_status_checks",
    "parameters": {"required_status_checks": [{"context": "verified", "integration_id": 1}]},
}
TAGS = {
    "id": 7,
    "enforcement": "active",
    "conditions": {"ref_name": {"include": ["refs/tags/v*"], "exclude": []}},
    "rules": [{"type": "creation"}, {"type": "update"}],
}
NAMES = ("pipeline", "staging", "production", "production-approval")


class GitHub:
    """A repository's settings."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.answer("actions,secrets,per_page=100", {"total_count": 0, "secrets": []})
        self.answer("actions,runners,per_page=100", {"total_count": 0, "runners": []})
        self.answer("rules,branches,main", [{"type": "pull_request"}, VERIFIED])
        for name in NAMES:
            self.environment(name, MAIN, [REVIEWERS] if "approval" in name else [])

    def answer(self, path: str, content: Any) -> None:
        """Set an answer of the API."""
        (self.folder / path).write_text(json.dumps(content))

    def environment(self, name: str, policies: list[Any] | None, rules: list[Any]) -> None:
        """Set an environment; None is one that every branch may use."""
        custom = {"protected_branches": False, "custom_branch_policies": True}
        about = {"protection_rules": rules, "deployment_branch_policy": custom}
        if policies is None:
            about["deployment_branch_policy"] = None
        self.answer(f"environments,{name}", about)
        path = f"environments,{name},deployment-branch-policies"
        self.answer(path, {"branch_policies": policies or []})


@pytest.fixture
def github(tmp_path: Path, checkout: Path, monkeypatch: pytest.MonkeyPatch) -> GitHub:
    """A repository that is set up as it should be."""
    monkeypatch.setattr(project, "working_folder", lambda: checkout)
    program = tmp_path / "bin" / "gh"
    program.parent.mkdir()
    program.write_text(GH)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    answers = tmp_path / "answers"
    answers.mkdir()
    monkeypatch.setenv("ANSWERS", str(answers))
    return GitHub(answers)


def test_a_repository_that_is_set_up_passes(run: Run, github: GitHub) -> None:
    done = run("github.check")
    assert (done.code, done.error) == (0, "")
    github.environment(
        "production", [*MAIN, {"name": "hotfix/*"}, {"name": "v*", "type": "tag"}], []
    )
    github.answer("rules,branches,hotfix%2F1.0", [{"type": "pull_request"}, VERIFIED])
    github.answer("rulesets,targets=tag&per_page=100", [{"id": 7, "name": "versions"}])
    github.answer("rulesets,7", TAGS)
    done = run("github.check")
    assert (done.code, done.error) == (0, "")
    protected = {"protected_branches": True, "custom_branch_policies": False}
    github.answer("environments,staging", {"deployment_branch_policy": protected})
    assert run("github.check").code == 0


def test_each_fault_is_told_with_what_to_do(run: Run, github: GitHub) -> None:
    github.environment("pipeline", None, [])
    github.environment("staging", [*MAIN, {"name": "feature/*", "type": "branch"}], [])
    (github.folder / "environments,production").unlink()
    github.environment("production-approval", MAIN, [REVIEWERS | {"reviewers": []}])
    github.answer("actions,secrets,per_page=100", {"secrets": [{"name": "SLACK_WEBHOOK_URL"}]})
    shared = {"secrets": [{"name": "NPM_TOKEN", "visibility": "all"}]}
    github.answer("actions,organization-secrets,per_page=100", shared)
    failed = run("github.check")
    assert failed.code == 1
    open_to_all, feature, missing, nobody, secret, of_all = failed.error.splitlines()
    assert of_all.startswith("The secret NPM_TOKEN is the organisation's, so every branch here")
    assert open_to_all.startswith("The environment pipeline is open to every branch: select main")
    assert feature == "The environment staging is open to the branch feature/*: remove it."
    assert missing.startswith("The environment production is missing: create it")
    assert nobody.startswith("The environment production-approval has no required reviewers")
    assert secret.startswith("The secret SLACK_WEBHOOK_URL is the repository's")


NOT_REQUIRED = "A pull request can be merged although verified has failed: make it"


def test_main_is_protected_by_a_rule_of_either_kind(run: Run, github: GitHub) -> None:
    github.answer("rules,branches,main", [{"type": "deletion"}])
    failed = run("github.check")
    assert failed.error.splitlines() == [
        "main can be pushed to without a review: require a pull request (Settings, Rules).",
        f"{NOT_REQUIRED} a required check of main (Settings, Rules).",
    ]
    classic = {
        "required_pull_request_reviews": {"required_approving_review_count": 1},
        "required_status_checks": {"checks": [{"context": "verified", "app_id": None}]},
    }
    github.answer("branches,main,protection", classic)
    assert run("github.check").code == 0
    github.answer("branches,main,protection", classic | {"required_status_checks": None})
    assert run("github.check").error.startswith(NOT_REQUIRED)


def test_hotfixes_that_may_use_an_environment_are_protected(run: Run, github: GitHub) -> None:
    github.environment("staging", [*MAIN, {"name": "hotfix/*", "type": "branch"}], [])
    where = "(Settings, Rules, a rule set for branches)."
    unreviewed = f"hotfix/* can be pushed to without a review: require a pull request {where}"
    unchecked = f"{NOT_REQUIRED} a required check of hotfix/* {where}"
    github.answer("rules,branches,hotfix%2F1.0", [])
    assert run("github.check").error.splitlines() == [unreviewed, unchecked]
    github.answer("rules,branches,hotfix%2F1.0", [{"type": "pull_request"}])
    assert run("github.check").error.splitlines() == [unchecked]
    github.answer("rules,branches,hotfix%2F1.0", [{"type": "pull_request"}, VERIFIED])
    assert run("github.check").code == 0


@pytest.mark.parametrize(
    "change",
    [
        {"enforcement": "evaluate"},
        {"rules": [{"type": "deletion"}]},
        {"conditions": {"ref_name": {"include": ["refs/tags/old-*"]}}},
    ],
)
def test_tags_that_may_use_an_environment_are_protected(
    run: Run, github: GitHub, change: dict[str, Any]
) -> None:
    github.environment("pipeline", [*MAIN, {"name": "v*", "type": "tag"}], [])
    said = "Everybody who can push makes a tag v*, which may use pipeline: restrict who creates"
    assert run("github.check").error.startswith(said)
    github.answer("rulesets,targets=tag&per_page=100", [{"id": 7, "name": "versions"}])
    github.answer("rulesets,7", TAGS | change)
    assert run("github.check").error.startswith(said)


def test_a_runner_that_every_branch_can_use_is_told(run: Run, github: GitHub) -> None:
    runners = [{"id": 1, "name": "in-the-cluster", "labels": [{"name": "self-hosted"}]}]
    github.answer("actions,runners,per_page=100", {"runners": runners})
    assert run("github.check").error.startswith(
        "The runner in-the-cluster is the repository's own, so that workflows of every branch run"
    )


def test_the_administrators_password_is_kept_from_branches(
    run: Run, github: GitHub, checkout: Path
) -> None:
    github.environment("production-provision", None, [])
    assert run("github.check").code == 0  # a service without a database has no use for it
    workflow = checkout / ".github" / "workflows" / "provision.yaml"
    workflow.parent.mkdir(parents=True)
    workflow.touch()
    failed = run("github.check")
    assert failed.error.startswith("The environment production-provision is open to every branch")


def test_who_may_not_ask_is_told(run: Run, github: GitHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REFUSED", "Resource not accessible (HTTP 403)")
    (github.folder / "actions,secrets,per_page=100").unlink()
    failed = run("github.check")
    assert failed.code == 1
    assert "HTTP 403" in failed.error
