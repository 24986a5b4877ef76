"""Writes pipelines that update each service of a fleet in a job of its own."""

import json
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from invoke import Exit

from ..engine import engine
from ..folders import ROOT
from . import updating
from .services import find

branches = engine("branches")
record = engine("record")

LONGEST_TEXT = 60_000
"""The length of a pull request's text, in bytes; GitHub accepts a little more."""

UPDATE = """\
set -eu
git clone --quiet --bare "$TEMPLATE" template.git
git clone --quiet "$SERVICE" service
# Where somebody has worked on the branch, their work is kept.
git -C service fetch --quiet origin "refs/heads/$BRANCH:refs/heads/$BRANCH" || true
status=0
(
    # What follows runs the service's own code: this job's credentials are not among its variables.
    for name in $(env | sed -n 's/^\\([A-Za-z_][A-Za-z0-9_]*\\)=.*/\\1/p'); do
        case $name in
            (POETRY_PYPI_TOKEN_* | UV_PUBLISH_*) unset "$name" ;;
            (BRANCH | CI | LANG | LC_* | PATH | TEMPLATE_TRUSTED_KEYS | TMPDIR) ;;
            (PIP_* | POETRY_* | UV_* | REQUESTS_CA_BUNDLE | SSL_CERT_*) ;;
            (*_PROXY | *_proxy) ;;
            (*) unset "$name" ;;
        esac
    done
    HOME=$(mktemp -d)
    export HOME
    cd service
    ./bootstrap || exit
    set -- .venv/bin/*-tasks
    "$1" {task} --template="$PWD/../template.git" --branch="$BRANCH"{to}
) || status=$?
"""
"""A job, without its end. docs/explanation/trust.md says what the service's code can reach."""

PUSH = """\
# The service's code may have changed the clone: nothing but the branch is taken from it.
push=$(mktemp -d)
git clone --quiet --bare "$SERVICE" "$push"
known=$(git -C "$push" rev-parse --verify --quiet "refs/heads/$BRANCH" || true)
ref="refs/heads/$BRANCH"
if git -C "$push" fetch --quiet "$PWD/service" "+$ref:$ref"; then
    set -- --force-with-lease="$ref:$known" "$SERVICE" "$ref"
    author=$(git -C "$push" log -1 --format=%ce "$ref")
    case $SERVICE,$author in
        (*gitlab*,{email})
            git -C "$push" log -1 --format=%B "$ref" >message
            title=$(head -n 1 message)
            draft=
            case $title in
                (*"{with_conflicts}"*) draft=yes ;;
            esac
            if [ "$draft" ] || grep -q "^{left_to_mend}" message; then
                set -- -o merge_request.draft "$@"
            fi
            set -- -o merge_request.create -o "merge_request.title=$title" "$@"
            ;;
    esac
    git -C "$push" push "$@"
fi
exit "$status"
"""
"""The end of a job. The branch is pushed with its conflicts, too, for people to resolve.

Then the job is red. GitLab opens a merge request by options of the push, which it gets only if the
branch is new or has changed: a merge request that somebody has merged or closed stays so.
"""

PULL_REQUEST = """\
set -eu
case $SERVICE in
    (*github*) ;;
    (*gitlab*) echo "On GitLab: a push with something new opens a merge request."; exit 0 ;;
    (*) echo "Not on GitHub: open a request to merge $BRANCH there."; exit 0 ;;
esac
clone=$(mktemp -d)
git clone --quiet --bare "$SERVICE" "$clone"
ref="refs/heads/$BRANCH"
if ! git -C "$clone" rev-parse --verify --quiet "$ref"; then
    echo "No branch $BRANCH: no pull request."
    exit 0
fi
git -C "$clone" log -1 --format=%B "$ref" >message
if [ "$(git -C "$clone" log -1 --format=%ce "$ref")" != {email} ]; then
    echo "Somebody works on $BRANCH: its pull request is left as it is."
    exit 0
fi
# An update that is due is on top of the main branch. Another one was merged, also as one commit.
if [ "$(git -C "$clone" rev-parse HEAD)" != "$(git -C "$clone" rev-parse "$ref~1")" ]; then
    echo "$BRANCH is not on top of the main branch: it was merged, or the next run repeats it."
    exit 0
fi
title=$(head -n 1 message)
tail -n +2 message | head -c {longest} >text
draft=
case $title in
    (*"{with_conflicts}"*) draft=--draft ;;
esac
if grep -q "^{left_to_mend}" message; then
    draft=--draft
fi
set -- --repo "$SERVICE" --title "$title" --body-file text
number=$(gh pr list --repo "$SERVICE" --head "$BRANCH" --json number --jq '.[].number')
if [ "$number" ]; then
    gh pr edit "$number" "$@"
    if [ "$draft" ]; then
        gh pr ready "$number" --undo --repo "$SERVICE"
    fi
else
    gh pr create --head "$BRANCH" "$@" $draft
fi
"""
"""What comes after it, also if it failed. A draft cannot be merged; its text is the message of the
commit, which begins with what is left to do and lists the conflicts. No code of the service's runs.
"""

GITHUB = """\
# Made by `./invoke fleet.update --matrix`: a job for each service. It needs the right to push to
# them: give git a credential, for example through `git config --global credential.helper`; and the
# secret FLEET_TOKEN, with which gh opens pull requests there.
name: Update the fleet
on: workflow_dispatch
permissions:
  contents: read
jobs:
  update:
    name: ${{{{ matrix.service }}}}
    runs-on: ubuntu-24.04
    timeout-minutes: 30
    strategy:
      fail-fast: false
      max-parallel: 10
      matrix:
        service:
{services}
    steps:
      - uses: {setup_python}
        with:
          python-version: "3.13"
      - name: Update, check and test
        env:
          SERVICE: ${{{{ matrix.service }}}}
          TEMPLATE: {template}
          BRANCH: {branch}
        run: |
{script}
  pull-request:
    # In a job of its own: what a service's code has left behind does not see the token.
    name: Pull request, ${{{{ matrix.service }}}}
    needs: update
    if: ${{{{ !cancelled() }}}}
    runs-on: ubuntu-24.04
    timeout-minutes: 10
    strategy:
      fail-fast: false
      max-parallel: 10
      matrix:
        service:
{services}
    steps:
      - name: Pull request
        env:
          SERVICE: ${{{{ matrix.service }}}}
          BRANCH: {branch}
          GH_TOKEN: ${{{{ secrets.FLEET_TOKEN }}}}
        run: |
{pull_request}
"""

TEAMCITY = """\
// Made by `./invoke fleet.update --matrix`: a build for each service. Its agents need the right to
// push to them, and gh, logged in, which opens pull requests.
import jetbrains.buildServer.configs.kotlin.*
import jetbrains.buildServer.configs.kotlin.buildSteps.script

version = "{version}"

project {{
    buildType(UpdateTheFleet)
}}

object UpdateTheFleet : BuildType({{
    name = "Update the fleet"
    params {{
        param("env.BRANCH", "{branch}")
        param("env.SERVICE", "%service%")
        param("env.TEMPLATE", {template})
    }}
    steps {{
        script {{
            name = "Update, check and test"
            scriptContent = \"\"\"
{script}
            \"\"\".trimIndent()
        }}
        script {{
            name = "Pull request"
            executionMode = BuildStep.ExecutionMode.RUN_ON_FAILURE
            scriptContent = \"\"\"
{pull_request}
            \"\"\".trimIndent()
        }}
    }}
    failureConditions {{
        executionTimeoutMin = 30
    }}
    features {{
        matrix {{
            param("service", listOf(
{services}
            ))
        }}
    }}
}})
"""


GITLAB = """\
# Made by `./invoke fleet.update --matrix`: a job for each service. Run it as a child pipeline of a
# project of your own: `trigger: {{include: [{{local: {file}}}], strategy: depend}}`.
# FLEET_TOKEN, a protected and masked variable of that project, may push branches to the services
# (write_repository); a push with something new opens a merge request.
.update:
  image: python:3.13-bookworm
  timeout: 30 minutes
  variables:
    TEMPLATE: {template}
    BRANCH: {branch}
    GIT_STRATEGY: none
  before_script:
    # Reads the variable itself, which the code of a service does not get.
    - |-
      git config --global credential.helper '!echo username=oauth2; echo "password=$FLEET_TOKEN"; :'
  script:
    - |
{script}
"""

GITLAB_JOBS = """
update{number}:
  extends: .update
  parallel:
    matrix:
      - SERVICE:
{services}
"""

LONGEST_MATRIX = 200
"""The most jobs that GitLab makes of one `parallel`."""


def addresses(named: str) -> list[str]:
    """Return where the services are cloned from: as listed in a file, or as their checkouts say."""
    where = Path(named)
    if where.is_file():
        lines = [line.partition("#")[0].strip() for line in where.read_text("utf-8").splitlines()]
        listed = [line for line in lines if line]
        if listed and not any(record.is_local(line) for line in listed):
            return [record.without_secrets(line) for line in listed]
    found = []
    for service in find(named):
        words = ["git", "remote", "get-url", "origin"]
        done = subprocess.run(words, cwd=service, capture_output=True, text=True)
        if done.returncode:
            raise Exit(f"{service} has no remote `origin`, which a pipeline could clone.", 1)
        found.append(record.without_secrets(done.stdout.strip()))
    return found


def template_address() -> str:
    """Return where the pipeline clones the template from: not from where a service says."""
    words = ["git", "config", "--get", "remote.origin.url"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        raise Exit("This repository has no remote `origin`, which a pipeline could clone.", 1)
    return str(record.without_secrets(done.stdout.strip()))


@dataclass(frozen=True)
class Work:
    """What each job does."""

    tag: str
    """The release; empty for the newest."""
    bump: bool
    """Whether only chassis and tools are taken."""
    template: str
    """Where the template is cloned from."""

    @property
    def branch(self) -> str:
        """The branch for the change."""
        name = updating.branch_of_bump if self.bump else updating.branch_of
        return name(self.tag or "newest")

    @property
    def script(self) -> str:
        """The commands of the job."""
        task = "template.bump" if self.bump else "template.update --no-input"
        to = f" --to={self.tag}" if self.tag else ""
        push = PUSH.format(
            email=branches.EMAIL,
            left_to_mend=branches.LEFT_TO_MEND,
            with_conflicts=branches.WITH_CONFLICTS,
        )
        return UPDATE.replace("{task}", task).replace("{to}", to) + push


def github(services: Sequence[str], work: Work) -> str:
    """Return a workflow of GitHub Actions."""
    return GITHUB.format(
        template=json.dumps(work.template),
        services="\n".join(f"          - {json.dumps(address)}" for address in services),
        branch=work.branch,
        script=_indented(work.script, 10),
        pull_request=_indented(_pull_request(), 10),
        setup_python=_as_here(".github/workflows/nightly.yaml", r"uses: (actions/setup-python@.*)"),
    )


def teamcity(services: Sequence[str], work: Work) -> str:
    """Return settings of TeamCity in its Kotlin DSL."""
    quoted = (_kotlin(address) for address in services)
    # A dollar begins a template in Kotlin's texts, also in those with three quotes.
    script, request = (text.replace("$", "${'$'}") for text in (work.script, _pull_request()))
    return TEAMCITY.format(
        services=",\n".join(f"                value({address})" for address in quoted),
        branch=work.branch,
        template=_kotlin(work.template),
        script=_indented(script, 16),
        pull_request=_indented(request, 16),
        version=_as_here(".teamcity/settings.kts", r'^version = "(.*)"'),
    )


def gitlab(services: Sequence[str], work: Work, file: str = "fleet.gitlab-ci.yml") -> str:
    """Return a child pipeline of GitLab CI."""
    parts = [
        services[start : start + LONGEST_MATRIX]
        for start in range(0, len(services), LONGEST_MATRIX)
    ]
    jobs = [
        GITLAB_JOBS.format(
            number=f"-{number}" if len(parts) > 1 else "",
            services="\n".join(f"          - {_unexpanded(address)}" for address in part),
        )
        for number, part in enumerate(parts, 1)
    ]
    script = _indented(work.script, 6)
    template = _unexpanded(work.template)
    pipeline = GITLAB.format(file=file, template=template, branch=work.branch, script=script)
    return pipeline + "".join(jobs)


def _unexpanded(text: str) -> str:
    """Return a value in which GitLab looks for no variables."""
    return json.dumps(text.replace("$", "$$"))


def _kotlin(text: str) -> str:
    return json.dumps(text).replace("$", "\\$")


def _as_here(file: str, pattern: str) -> str:
    """Return what this repository's own pipelines have."""
    [found] = set(re.findall(pattern, (ROOT / file).read_text("utf-8"), re.MULTILINE))
    return str(found)


def _pull_request() -> str:
    return PULL_REQUEST.format(
        email=branches.EMAIL,
        left_to_mend=branches.LEFT_TO_MEND,
        longest=LONGEST_TEXT,
        with_conflicts=branches.WITH_CONFLICTS,
    )


def _indented(text: str, by: int) -> str:
    return "\n".join(f"{' ' * by}{line}" for line in text.rstrip().splitlines())
