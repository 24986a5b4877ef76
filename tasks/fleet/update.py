"""Prepares the update of a fleet."""

import os
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from invoke import Context, Exit, task

from . import matrix, proposing, updating
from . import template as templates
from .hosts import Hosts
from .services import HELP, find


@task(
    help={
        "services": HELP,
        "to": "The release to go to; by default the newest",
        "jobs": "How many at a time; by default one for each core",
        "template": "The template's new address, which is recorded, also where no update is due",
        "bump": "Take only chassis and tools of the release: seconds for each, and no merge",
        "report": "Also write what became of each to this file, as JSON",
        "propose": "Also push the branches, and open or update their pull requests (GitHub) and "
        "merge requests (GitLab). The tokens are in GITHUB_TOKEN and GITLAB_TOKEN",
        "github": "The address of GitHub Enterprise Server, such as https://github.acme.example",
        "gitlab": "The address of your own GitLab, such as https://gitlab.acme.example",
        "matrix": "Write a pipeline to this file instead, with a job for each service: "
        ".gitlab-ci.yml for GitLab CI, another .yaml or .yml for GitHub Actions, .kts for TeamCity",
    }
)
def update(
    context: Context,
    services: str,
    to: str = "",
    jobs: int = 0,
    template: str = "",
    bump: bool = False,
    report: str = "",
    matrix: str = "",
    propose: bool = False,
    github: str = "",
    gitlab: str = "",
) -> None:
    """Put an update of each service on a branch of it. Can be run again: what is done is kept."""
    if propose and matrix:
        raise Exit("--propose opens requests from here: give no --matrix with it.", 2)
    if (github or gitlab) and not propose:
        raise Exit("--github and --gitlab say where requests are opened: add --propose.", 2)
    if template and (bump or matrix):
        raise Exit("--template records an address: give neither --bump nor --matrix with it.", 2)
    if matrix:
        write_matrix(Path(matrix), services, to, bump)
        return
    work = updating.bump if bump else partial(updating.prepare, moved_to=template)
    with templates.released(to) as (folder, tag):
        if template:
            templates.require_at(template, folder, tag)
        found = find(services)
        results = updating.at_a_time(found, folder, tag, work, jobs or cores())
    if propose:
        proposing.propose_all(results, Hosts.named(github, gitlab))
    branch = updating.branch_of_bump(tag) if bump else updating.branch_of(tag)
    print(updating.summary(results))
    print(f"The updates are on the branches {branch}; no test was run yet.")
    if report:
        Path(report).write_text(updating.as_json(results), "utf-8")
    is_left = {"conflicts", "failed", "incomplete"}
    if any(result.outcome in is_left or result.request == "failed" for result in results):
        raise Exit(code=1)


def cores() -> int:
    """Return how many services are worked on at a time."""
    return os.cpu_count() or 1


def write_matrix(file: Path, named: str, tag: str, bump: bool) -> None:
    """Write the pipeline in the language that the file's name tells."""
    writers: dict[str, Callable[[Sequence[str], matrix.Work], str]] = {
        ".gitlab-ci.yml": partial(matrix.gitlab, file=file.name),
        ".yaml": matrix.github,
        ".yml": matrix.github,
        ".kts": matrix.teamcity,
    }
    write = next((each for end, each in writers.items() if file.name.endswith(end)), None)
    if write is None:
        raise Exit(
            f"{file.name} is neither .gitlab-ci.yml (GitLab CI) nor .yaml (GitHub Actions) nor "
            ".kts (TeamCity).",
            2,
        )
    addresses = matrix.addresses(named)
    work = matrix.Work(tag, bump, matrix.template_address())
    file.write_text(write(addresses, work), "utf-8")
    print(f"Written: {file}, for {len(addresses)} services.")
