"""Steps of a release change what a merge cannot, in the service's files as they are before it."""

import json
from pathlib import Path

import pytest

from tests.services import InstalledService
from tests.updates import history, life, services
from tests.updates.conftest import Kept
from tests.updates.history import Repository, edit
from tests.updates.published import conflicts
from tests.updates.services import Service

UPDATE = ("template.update", "--no-tests", "--no-input")

STEP = '''\
"""A heading has a new name, and a library is needed by what the service's own code calls."""

from pathlib import Path


def files(service: Path) -> None:
    """Rename the heading, and add the library; both once."""
    readme = service / "README.md"
    if "<<<<<<<" in readme.read_text():
        raise ValueError("there is a conflict")
    readme.write_text(readme.read_text().replace("## Work on it", "## Change it"))
    pyproject = service / "pyproject.toml"
    text = pyproject.read_text()
    if "humanize" not in text:
        pyproject.write_text(text.replace('    "flask",', '    "humanize==4.13.0",\\n    "flask",'))
'''

FAULTY = """\
def files(service):
    (service / "README.md").unlink()
    raise ValueError("planted")
"""


@pytest.fixture(scope="module")
def stepping(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """A template whose second release has a step for what the first had otherwise."""
    made = history.repository(tmp_path_factory.mktemp("stepping"))
    readme, questions = made.folder / "templates" / "README.md", made.folder / "cookiecutter.json"
    made.release(
        "v1.0.0",
        "The first.",
        lambda _: edit(readme, "## Change it", "## Work on it"),
        lambda _: edit(questions, '"3.12", "3.11"', '"3.12", "3.11", "3.10"'),
    )
    steps = made.folder / "updates"
    made.release("v1.1.0", "A heading.", lambda _: life.write(steps / "v1.1.0.py", STEP))
    made.release("v1.2.0-rc.1", "A fault.", lambda _: life.write(steps / "v1.2.0-rc.1.py", FAULTY))
    return made


@pytest.fixture
def service(
    stepping: Repository, kept: Kept, rendered_service: InstalledService, tmp_path: Path
) -> Service:
    """A service of the first release."""
    made = kept(rendered_service, stepping, "v1.0.0", {})
    return services.copy(made, tmp_path / "lived" / made.path.name)


def test_what_a_step_adds_is_locked_and_what_both_have_done_is_no_conflict(
    service: Service,
) -> None:
    done = service.tasks(*UPDATE)
    assert done.returncode == 0, done.stdout + done.stderr
    assert conflicts(service) == []
    assert "## Change it\n" in (service.path / "README.md").read_text("utf-8")
    lock = (service.path / "poetry.lock").read_text("utf-8")
    assert history.versions_of(lock)["humanize"] == "4.13.0"
    assert "M  poetry.lock" in service.changed()


def test_a_step_never_meets_a_conflict(service: Service) -> None:
    """It would change the markers, or fail, and nobody could go on."""
    edit(service.path / "README.md", "## Work on it\n", "## Ours\n")
    service.commits()
    done = service.tasks(*UPDATE)
    assert done.returncode == 1
    assert conflicts(service) == ["README.md"], done.stderr
    assert '"humanize==4.13.0",' in (service.path / "pyproject.toml").read_text("utf-8")


def test_a_step_that_fails_changes_nothing(service: Service) -> None:
    done = service.tasks(*UPDATE, "--to=v1.2.0-rc.1")
    assert done.returncode == 1
    assert "The step updates/v1.2.0-rc.1.py of the template failed" in done.stderr
    assert "ValueError: planted" in done.stderr
    assert service.changed() == []
    assert service.record()["checkout"] == "v1.0.0"


def test_a_dependency_that_was_not_locked_here_is_locked(service: Service) -> None:
    """The lock that both sides have would not fit the merged pyproject.toml."""
    edit(service.path / "pyproject.toml", '    "flask",', '    "humanize==4.14.0",\n    "flask",')
    service.commits()
    facts = json.loads(service.tasks("template.update", "--check", "--json").stdout)
    assert facts["faults"] == []
    assert "poetry.lock" in facts["touched"]


def test_a_choice_that_is_gone_and_was_not_mapped_can_be_answered_otherwise(
    stepping: Repository, kept: Kept, rendered_service: InstalledService, tmp_path: Path
) -> None:
    """No release may take one away; should one have done it, nobody is stuck."""
    made = kept(rendered_service, stepping, "v1.0.0", {"python_version": "3.10"})
    service = services.copy(made, tmp_path / "old" / made.path.name)
    refused = service.tasks(*UPDATE)
    assert refused.returncode == 1
    assert "3.10 provided for choice variable python_version" in refused.stderr
    assert "template.update --answer=name=value" in refused.stderr
    assert service.changed() == []
    done = service.tasks(*UPDATE, "--answer=python_version=3.11")
    assert done.returncode == 0, done.stderr
    assert service.record()["context"]["cookiecutter"]["python_version"] == "3.11"
