"""Questions to the builds that settings of TeamCity describe."""

from collections.abc import Iterable
from graphlib import TopologicalSorter
from typing import Any

from tests.pipelines.kotlin import Project

Build = dict[str, Any]

DEFAULT = "+:<default>"
"""The filter that leaves the default branch only."""

PROTECTED = {DEFAULT, "+:hotfix/*", "+:tags/v*"}
"""The filters that leave branches and tags that rules of the repository protect."""


def builds(project: Project) -> dict[str, Build]:
    """Return all builds by their ids."""
    found = {build["id"]: build for build in project["builds"]}
    for below in project["projects"]:
        found |= builds(below)
    return found


def direct(build: Build) -> set[str]:
    """Return the ids of the builds that a build comes after."""
    return {each["build"] for each in build["dependencies"]["snapshots"]}


def order(project: Project) -> list[str]:
    """Return the ids such that each comes after those that it needs; a cycle is an error."""
    return list(
        TopologicalSorter({id: direct(each) for id, each in builds(project).items()}).static_order()
    )


def before(project: Project, name: str) -> set[str]:
    """Return the ids of all builds that a build comes after, directly or not."""
    all_builds = builds(project)
    found: set[str] = set()
    left = [name]
    while left:
        new = direct(all_builds[left.pop()]) - found
        found |= new
        left += new
    return found


def deployments(project: Project) -> dict[str, Build]:
    """Return the builds that change a stage."""
    return {id: each for id, each in builds(project).items() if each["type"] == "DEPLOYMENT"}


def kinds(items: Iterable[dict[str, Any]]) -> set[str]:
    """Return what steps, features, triggers or conditions are."""
    return {item["kind"] for item in items}


def scripts(build: Build) -> list[str]:
    """Return what the steps of a build type."""
    return [step["scriptContent"] for step in build["steps"]]


def around(project: Project, name: str) -> list[Project]:
    """Return the projects that a build is in, the outermost first."""
    if name in {build["id"] for build in project["builds"]}:
        return [project]
    [below] = [each for each in project["projects"] if name in builds(each)]
    return [project, *around(below, name)]


def visible(project: Project, name: str) -> dict[str, dict[str, Any]]:
    """Return all parameters that a build's code can read: its own, and those of its projects."""
    found: dict[str, dict[str, Any]] = {}
    for each in [*around(project, name), builds(project)[name]]:
        found |= each["params"]
    return found


def connections(project: Project, name: str) -> list[str]:
    """Return the ids of the registry logins that a build could use."""
    return [
        feature["id"]
        for each in around(project, name)
        for feature in each["features"]
        if feature["kind"] == "DockerRegistryConnection"
    ]


def of_any_change(project: Project) -> set[str]:
    """Return the ids of all builds that may run the code of a pull request or of a branch.

    Those are all that are not tied to protected branches, and what comes before them.
    """
    found = {
        id
        for id, build in builds(project).items()
        if build["enablePersonalBuilds"]
        or not set(build["vcs"].get("branchFilter", "+:*").splitlines()) <= PROTECTED
    }
    return found | {id for name in found for id in before(project, name)}
