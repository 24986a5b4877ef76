"""Writes the provenance of an image: from which commit it was built, where, and by what.

The form is that of SLSA, https://slsa.dev/spec/v1.0/provenance.
"""

import os
import re
import subprocess
from typing import Any

from flask_chassis import project
from invoke import Exit

from flask_chassis_tools.pipeline import gitlab
from flask_chassis_tools.updates.addresses import without_logins

BUILD_TYPE = "urn:flask-chassis-tools:image.build:v1"
ELSEWHERE = "urn:flask-chassis-tools:not-a-pipeline"
"""The builder of an image that no pipeline has built, or that was signed afterwards."""


def predicate(tag: str, commit: str, builder: str, run: str) -> dict[str, Any]:
    """Return the provenance of an image; `builder` and `run` are those of the pipeline."""
    return {
        "buildDefinition": {
            "buildType": BUILD_TYPE,
            "externalParameters": {
                "version": tag,
                "dockerfile": "infra/docker/Dockerfile",
                "target": "production",
            },
            "resolvedDependencies": [
                {"uri": f"git+{_source()}", "digest": {"gitCommit": commit}},
            ],
        },
        "runDetails": {"builder": {"id": builder}, "metadata": {"invocationId": run}},
    }


def pipeline() -> tuple[str, str]:
    """Return what builds here, and which run of it: addresses of the CI system."""
    known = os.environ
    if "GITHUB_ACTIONS" in known:
        server = known["GITHUB_SERVER_URL"]
        run = f"{known['GITHUB_REPOSITORY']}/actions/runs/{known['GITHUB_RUN_ID']}"
        attempt = f"attempts/{known['GITHUB_RUN_ATTEMPT']}"
        return f"{server}/{known['GITHUB_WORKFLOW_REF']}", f"{server}/{run}/{attempt}"
    if gitlab.is_here():
        return f"{known['CI_PROJECT_URL']}/-/runners/{known['CI_RUNNER_ID']}", known["CI_JOB_URL"]
    if "TEAMCITY_VERSION" in known:
        # …/buildConfiguration/Publish/123
        return known["BUILD_URL"].rpartition("/")[0], known["BUILD_URL"]
    return ELSEWHERE, ""


def require_commit(tag: str, provenance: dict[str, Any]) -> None:
    """Say what an image was built from; Exit if its tag is another commit of this repository."""
    [source] = provenance["buildDefinition"]["resolvedDependencies"]
    built_from = source["digest"]["gitCommit"]
    expected = _git("rev-parse", "--verify", "--quiet", f"{tag}^{{commit}}")
    if expected not in ("", built_from):
        raise Exit(
            f"The image was built from the commit {built_from}, but {tag} is {expected} here. "
            "Deploy the version whose image it is.",
            1,
        )
    builder = provenance["runDetails"]["builder"]["id"]
    print(f"Built from {source['uri']}, commit {built_from}, by {builder}.")


def _source() -> str:
    """Return the address of the repository, as a URL without logins."""
    address = without_logins(_git("config", "--get", "remote.origin.url"))
    # git@host:group/service.git
    return re.sub(r"^([\w.-]+@[\w.-]+):(?!//)/?", r"ssh://\1/", address)


def _git(*words: str) -> str:
    """Return the output of git; empty if it fails."""
    done = subprocess.run(
        ["git", *words], cwd=project.working_folder(), capture_output=True, text=True
    )
    return done.stdout.strip() if done.returncode == 0 else ""
