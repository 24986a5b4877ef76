"""Test `gitlab.check` with a server that answers as GitLab's documentation describes it."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flask_chassis_tools.pipeline import gitlab as api

from ..conftest import Run
from .gitlab_api import TOKEN, GitLab, running

pytestmark = pytest.mark.skipif(not shutil.which("git"), reason="git is not installed here")

MAINTAINERS = [{"access_level": 40}]
DEVELOPERS = [{"access_level": 30}]


def variable(key: str, scope: str, **more: Any) -> dict[str, Any]:
    """Return a variable that is set up as it should be."""
    about = {"protected": True, "masked": True, "variable_type": "env_var"}
    return {"key": key, "environment_scope": scope, **about, **more}


@pytest.fixture
def gitlab(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[GitLab]:
    """A project that is set up as it should be."""
    with running() as server:
        server.settings = {
            "": {
                "only_allow_merge_if_pipeline_succeeds": True,
                "ci_forward_deployment_enabled": False,
            },
            "protected_branches": [
                {"name": "main", "push_access_levels": [{"access_level": 0}]},
                {"name": "hotfix/*", "push_access_levels": MAINTAINERS},
            ],
            "protected_tags": [{"name": "v*", "create_access_levels": MAINTAINERS}],
            "protected_environments": [{"name": "production"}],
            "variables": [
                variable("REGISTRY_USER", "pipeline", masked=False),
                variable("REGISTRY_PASSWORD", "staging"),
                variable("KUBECONFIG", "production", masked=False, variable_type="file"),
                variable("SLACK_WEBHOOK_URL", "*"),
                variable("URL", "staging", masked=False, protected=False),
            ],
            "runners": [{"id": 1, "description": "one"}, {"id": 2, "description": "two"}],
            "runners/1": {"tag_list": ["docker"], "access_level": "not_protected"},
            "runners/2": {"tag_list": ["publish"], "access_level": "ref_protected"},
        }
        for words in (
            ("init", "--quiet"),
            ("remote", "add", "origin", f"{server.url}/acme/planted.git"),
        ):
            subprocess.run(["git", *words], cwd=checkout, check=True)
        monkeypatch.setenv("GITLAB_TOKEN", TOKEN)
        yield server


def test_a_project_that_is_set_up_passes(run: Run, gitlab: GitLab) -> None:
    done = run("gitlab.check")
    assert (done.code, done.error) == (0, "")
    assert done.out.startswith("Secrets are protected")
    # The free tier has none.
    del gitlab.settings["protected_environments"]
    done = run("gitlab.check")
    assert done.code == 0
    assert done.out.startswith("Not checked: protected environments")


def test_each_fault_is_told_with_what_to_do(run: Run, gitlab: GitLab) -> None:
    gitlab.settings |= {
        "": {
            "only_allow_merge_if_pipeline_succeeds": False,
            "ci_forward_deployment_enabled": True,
        },
        "protected_branches": [
            {"name": "main", "push_access_levels": DEVELOPERS},
            {"name": "feature/*", "push_access_levels": MAINTAINERS},
        ],
        "protected_tags": [],
        "protected_environments": [],
        "variables": [
            variable("TEMPLATE_UPDATE_TOKEN", "pipeline", protected=False),
            variable("KUBECONFIG", "*", masked=False, variable_type="file"),
            variable("REGISTRY_PASSWORD", "staging", masked=False),
            variable("OWN", "*", protected=False),
        ],
        "runners/2": {"tag_list": ["publish", "arm"], "access_level": "not_protected"},
    }
    failed = run("gitlab.check")
    assert failed.code == 1
    said = failed.error.splitlines()
    expected = [
        "Developers may push main without a review",
        "feature/* is a protected branch, so that its pipelines read the secrets: only main, hot",
        "v* is not a protected tag: its pipelines have no secret (Settings, Repository).",
        "The variable TEMPLATE_UPDATE_TOKEN of the environment pipeline is not protected",
        "The variable KUBECONFIG of the environment * belongs to staging, production only",
        "The variable REGISTRY_PASSWORD of the environment staging is not masked",
        "The variable OWN of the environment * is not protected",
        "A merge request can be merged although its pipeline has failed",
        "A deployment fails if a pipeline that began later has deployed, also that of a hotfix",
        "The environment production is not protected",
        "The runner two, tagged publish, also runs jobs of merge requests: protect it",
    ]
    assert len(said) == len(expected)
    for line, start in zip(said, expected, strict=True):
        assert line.startswith(start)


def test_a_long_list_is_read_to_its_end(run: Run, gitlab: GitLab) -> None:
    plain = [variable(f"PLAIN_{number}", "*", masked=False) for number in range(100)]
    gitlab.settings["variables"] = [*plain, variable("LAST", "*", protected=False)]
    assert run("gitlab.check").error.startswith("The variable LAST of the environment * ")


def test_who_may_not_ask_is_told(
    run: Run, gitlab: GitLab, checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITLAB_TOKEN", "another")
    assert "401 Unauthorized" in run("gitlab.check").error
    monkeypatch.delenv("GITLAB_TOKEN")
    assert run("gitlab.check").error.startswith("Set GITLAB_TOKEN: a personal access token")
    monkeypatch.setenv("GITLAB_TOKEN", TOKEN)
    words = ["git", "remote", "set-url", "origin", str(checkout)]
    subprocess.run(words, cwd=checkout, check=True)
    assert run("gitlab.check").error == (
        "The remote `origin` is not an address of a project on GitLab.\n"
    )


@pytest.mark.parametrize(
    ("remote", "server", "id"),
    [
        ("https://gitlab.com/acme/a/b.git", "https://gitlab.com", "acme%2Fa%2Fb"),
        (
            "https://ci:token@git.acme.example:84/acme/b",
            "https://git.acme.example:84",
            "acme%2Fb",
        ),
        ("git@gitlab.com:acme/b.git", "https://gitlab.com", "acme%2Fb"),
        ("ssh://git@git.acme.example:2222/acme/b.git", "https://git.acme.example", "acme%2Fb"),
    ],
)
def test_the_project_is_that_of_the_remote(
    gitlab: GitLab, checkout: Path, remote: str, server: str, id: str
) -> None:
    subprocess.run(["git", "remote", "set-url", "origin", remote], cwd=checkout, check=True)
    assert api.of_person() == api.Project(f"{server}/api/v4", id, TOKEN)
