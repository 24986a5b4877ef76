"""The pipelines of services, described and as files."""

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from tasks.render import example, render
from tests.conftest import EXAMPLES
from tests.pipelines import kotlin
from tests.pipelines.answers import answer
from tests.pipelines.kotlin import Project, Settings

HOSTILE = {
    "kind": "issuer",
    "project_name": 'Ärger & "Söhne" $1',
    "project_slug": "a-slug-that-is-exactly-forty-letter-long",
    "package_name": "a_package_name_of_exactly_forty_letters1",
    "description": '"Quoted" \\ $HOME ${HOME} %build.number% \'it\'\'s\' # 🎈 """',
    "organisation": "a-firm-of-20-letters",
}
"""Answers that are hard to write down in Kotlin."""


@pytest.fixture(scope="session")
def settings() -> Iterator[Settings]:
    """The compiler."""
    if reason := kotlin.missing():
        pytest.skip(reason)
    with kotlin.running() as compiler:
        yield compiler


@pytest.fixture(scope="session")
def teamcity(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The example of each kind, the issuer with hard answers, rendered for TeamCity."""
    folder = tmp_path_factory.mktemp("teamcity")
    answers = {kind: example(name) for kind, name in EXAMPLES.items()} | {"issuer": HOSTILE}
    return {
        kind: render(folder, given | {"ci_system": "teamcity"}) for kind, given in answers.items()
    }


@pytest.fixture(scope="session")
def github(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The example of each kind, rendered for GitHub."""
    folder = tmp_path_factory.mktemp("github")
    return {
        kind: render(folder, example(name) | {"ci_system": "github"})
        for kind, name in EXAMPLES.items()
    }


@pytest.fixture(scope="session")
def gitlab(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The example of each kind, rendered for GitLab."""
    folder = tmp_path_factory.mktemp("gitlab")
    return {
        kind: render(folder, example(name) | {"ci_system": "gitlab"})
        for kind, name in EXAMPLES.items()
    }


@pytest.fixture(scope="session")
def described(settings: Settings, teamcity: dict[str, Path]) -> dict[str, Project]:
    """What the settings of these services describe."""
    found = {}
    for name, service in teamcity.items():
        result = settings.describe(service / ".teamcity")
        assert result.faults == [], name
        found[name] = result.project
    return found


@pytest.fixture(scope="session")
def answered_by(
    settings: Settings, teamcity: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Project]:
    """What the settings of a kind describe if all is answered; compiled once, so change a copy."""
    folder = tmp_path_factory.mktemp("answered")

    @cache
    def describe(kind: str) -> Project:
        result = settings.describe(answer(teamcity[kind], folder / kind))
        assert result.faults == [], kind
        return result.project

    return describe
