"""`./invoke release` tags a version only where all that belongs to one is there."""

import re
import shutil
from pathlib import Path

import pytest

from tasks.passed import remember
from tests.full.programs import copy_of_the_repository, run, with_the_tools
from tests.updates.history import SERVICE, Repository, edit, versions_of

NEWS = "## [Unreleased]\n\n## [0.1.0] - 2026-12-01\n\n### Added\n\n- All of it.\n\n"


@pytest.fixture(scope="module")
def as_it_is(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """A copy of this repository, in one commit. Tests work on copies of it."""
    made = Repository(copy_of_the_repository(tmp_path_factory.mktemp("release") / "template"))
    made.git("init", "--quiet", "--initial-branch=main")
    (made.folder / ".git" / "info" / "exclude").write_text(".venv\n.cache\n")
    with_the_tools(made.folder)
    made.git("config", "user.name", "Somebody")
    made.git("config", "user.email", "somebody@acme.example")
    made.git("add", "--all")
    made.git("commit", "--quiet", "--message=All")
    return made


def copied(repository: Repository, folder: Path) -> Repository:
    """Copy a repository, in which git then finds no file changed."""
    return Repository(Path(shutil.copytree(repository.folder, folder, symlinks=True)))


@pytest.fixture
def repository(as_it_is: Repository, tmp_path: Path) -> Repository:
    """A copy of this repository, about to release its first version."""
    made = copied(as_it_is, tmp_path / "template")
    edit(made.folder / "CHANGELOG.md", "## [Unreleased]\n", NEWS)
    made.git("commit", "--quiet", "--all", "--message=News")
    return made


@pytest.fixture
def passed(repository: Repository) -> Repository:
    """The same, and the update gate has passed for it."""
    kept = repository.folder / ".cache" / "gate" / "passed"
    kept.parent.mkdir(parents=True)
    remember(repository.folder, kept)
    return repository


def release(repository: Repository, *words: str) -> tuple[int, str]:
    done = run(
        [repository.folder / ".venv" / "bin" / "invoke", "release", *words], repository.folder
    )
    return done.returncode, done.stdout + done.stderr


def test_the_first_version_is_released_as_the_guide_says(
    as_it_is: Repository, tmp_path: Path
) -> None:
    """From this repository as it is: write, commit, pass the gate, tag.

    What was only committed since the gate has passed it, what was changed since has not. A version
    is tagged once.
    """
    made = copied(as_it_is, tmp_path / "template")
    before = (made.folder / "CHANGELOG.md").read_text("utf-8")
    assert release(made, "--version=0.1.0", "--write")[0] == 0
    text = (made.folder / "CHANGELOG.md").read_text("utf-8")
    heading = re.search(r"## \[Unreleased\]\n\n(## \[0\.1\.0\] - \d{4}-\d\d-\d\d\n)", text)
    assert heading
    assert text.replace(f"\n{heading[1]}", "") == before
    assert release(made, "--version=0.1.0", "--write")[0] == 0  # once is enough
    assert (made.folder / "CHANGELOG.md").read_text("utf-8") == text
    made.git("commit", "--quiet", "--all", "--message=Version 0.1.0")
    code, said = release(made, "--version=0.1.0")
    assert (code, said.splitlines()[1:]) == (
        1,
        ["- the update gate has not passed for these files: ./invoke test --gate"],
    )
    kept = made.folder / ".cache" / "gate" / "passed"
    kept.parent.mkdir(parents=True, exist_ok=True)
    readme = made.folder / "README.md"
    readme.write_text(f"{readme.read_text('utf-8')}\nMore.\n", "utf-8")
    remember(made.folder, kept)
    made.git("commit", "--quiet", "--all", "--message=More")
    code, said = release(made, "--version=0.1.0")
    assert (code, said) == (0, "Tagged v0.1.0. Publish it: git push origin v0.1.0\n")
    assert made.git("tag", "--list", "--format=%(refname:short) %(objecttype)") == "v0.1.0 tag"
    assert "- " in made.git("tag", "--list", "--format=%(contents)")

    readme.write_text(f"{readme.read_text('utf-8')}\nYet more.\n", "utf-8")
    made.git("commit", "--quiet", "--all", "--message=Yet more")
    code, said = release(made, "--version=0.1.0", "--check")
    assert code == 1
    assert "v0.1.0 is not above the last version, v0.1.0" in said
    assert "the update gate has not passed for these files" in said


def test_all_that_is_missing_is_told(repository: Repository) -> None:
    """Wheels of other sources, too."""
    repository.git("tag", "v0.2.0-rc.1")
    code_file = repository.folder / "chassis" / "src" / "flask_chassis" / "project.py"
    code_file.write_text(f"{code_file.read_text('utf-8')}\n# planted\n", "utf-8")
    questions = repository.folder / "cookiecutter.json"
    edit(questions, '"gitlab", "none"]', '"none"]')
    code, said = release(repository, "--version=0.1")
    assert code == 1
    for what in (
        "v0.1 is not a semantic version",
        "there are changes that are in no commit: M chassis/src/flask_chassis/project.py",
        "are not what chassis/ and tools/ give: ./invoke wheels",
        "- pyproject.toml has the version 0.1.0",
        "- chassis/pyproject.toml has the version 0.1.0",
        "- tools/pyproject.toml has the version 0.1.0",
        "- templates/pyproject.toml has the version 0.1.0",
        "CHANGELOG.md has no section for 0.1",
        "the update gate has not passed for these files: ./invoke test --gate",
        "gitlab, a choice of ci_system in v0.2.0-rc.1, is gone",
    ):
        assert what in said
    assert repository.git("tag", "--list") == "v0.2.0-rc.1"


def test_a_version_is_written_wherever_it_stands(repository: Repository) -> None:
    code, said = release(repository, "--version=0.2.0", "--write")
    assert code == 0, said
    assert "v0.2.0 is written. Commit it, and run the update gate" in said
    vendor = repository.folder / SERVICE / "vendor"
    assert {path.name for path in vendor.iterdir()} == {
        "flask_chassis-0.2.0-py3-none-any.whl",
        "flask_chassis_tools-0.2.0-py3-none-any.whl",
    }
    for lock in (repository.folder / SERVICE).glob("parts/*/poetry.lock"):
        versions = versions_of(lock.read_text("utf-8"))
        assert (versions["flask-chassis"], versions["flask-chassis-tools"]) == ("0.2.0", "0.2.0")
    assert repository.git("tag", "--list") == ""
    code, said = release(repository, "--version=0.2.0", "--check")
    assert code == 1
    assert "has the version" not in said
    assert "wheels" not in said


@pytest.mark.usefixtures("passed")
def test_a_downgrade_needs_a_reason(repository: Repository) -> None:
    """A service's update would not take it over either."""
    lock = repository.folder / SERVICE / "parts" / "frontend" / "poetry.lock"
    now = versions_of(lock.read_text("utf-8"))["idna"]
    edit(lock, f'name = "idna"\nversion = "{now}"', 'name = "idna"\nversion = "99.0"')
    repository.git("commit", "--quiet", "--all", "--message=Newer")
    repository.git("tag", "v0.0.9")
    repository.git("revert", "--no-edit", "HEAD")
    remember(repository.folder, repository.folder / ".cache" / "gate" / "passed")
    code, said = release(repository, "--version=0.1.0", "--check")
    assert code == 1
    assert f"frontend locks idna {now}, and v0.0.9 has 99.0: lock a newer one, or say why" in said
    news = repository.folder / "CHANGELOG.md"
    edit(news, "- All of it.\n", f"- All of it.\n- Downgrade of idna to {now}: 99.0 is made up.\n")
    repository.git("commit", "--quiet", "--all", "--message=Say why")
    remember(repository.folder, repository.folder / ".cache" / "gate" / "passed")
    code, said = release(repository, "--version=0.1.0", "--check")
    assert code == 0, said
