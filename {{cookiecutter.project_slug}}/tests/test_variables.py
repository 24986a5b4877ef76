"""Every variable of the service that a file of the repository sets is one that is read."""

import re
from pathlib import Path

import pytest

from {{ cookiecutter.package_name }}.chassis import project_files, settings

FILES = (
    "docker-compose*.yaml",
    "infra/docker/Dockerfile",
    "infra/kubernetes/**/*.yaml",
    "infra/kubernetes/**/*.env",
    ".teamcity/*.kts",
    ".github/workflows/*.yaml",
    "README.md",
    ".flaskenv",
)

# With its own prefix, which other names may end with.
OWN = re.compile(rf"(?<![A-Z0-9_]){settings.PREFIX}_[A-Z0-9_]+(?=\b|$)")


def files() -> list[Path]:
    """Return the files that set variables."""
    folder = project_files.working_folder()
    return sorted(path for pattern in FILES for path in folder.glob(pattern))


def unread(text: str) -> list[str]:
    """Return the variables in a text that bear the service's prefix and that it does not read."""
    known = {settings.ENVIRONMENT_VARIABLE} | {
        settings.variable_for(key)
        for name in settings.environments()
        for key in settings.declared_in(name)
    }
    return sorted(set(OWN.findall(text)) - known)


@pytest.mark.parametrize("path", files(), ids=lambda path: path.name)
def test_every_variable_is_read(path: Path) -> None:
    assert unread(path.read_text(encoding="utf-8")) == []


def test_there_are_variables() -> None:
    assert any(OWN.search(path.read_text(encoding="utf-8")) for path in files())


def test_a_variable_that_is_not_read_is_seen() -> None:
    wrong = f"{settings.PREFIX}_LOGS__LEVLE"
    assert unread(f"{wrong}=DEBUG {settings.PREFIX}_LOGS__LEVEL: INFO") == [wrong]
    assert unread(f"OTHER_{wrong}") == []
