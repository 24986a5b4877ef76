"""A job of the pipeline that updates a fleet, run as CI runs it."""

import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from tasks.fleet import matrix
from tasks.folders import PROGRAMS
from tasks.render import example
from tests.conftest import EXAMPLES
from tests.full.programs import Finished, run
from tests.updates import history, services
from tests.updates.history import ADDRESS, Repository, edit
from tests.updates.test_fleet import NOT_INSTALLED

SECONDS = 400

PLANTED = "planted-credential"

CURIOUS = """\
\"\"\"A test that looks at what is there for it.\"\"\"

import os
from pathlib import Path


def test_what_a_test_can_see() -> None:
    seen = {name: os.environ[name] for name in os.environ if name != "PYTEST_CURRENT_TEST"}
    seen["gitconfig"] = str((Path.home() / ".gitconfig").exists())
    Path(Path(__file__).with_name("seen.txt").read_text()).write_text(repr(seen))
"""


@pytest.fixture
def template(tmp_path: Path) -> Repository:
    """A template of two releases, whose locks can be installed."""
    made = history.repository(tmp_path / "history")
    readme = made.folder / "templates" / "README.md"
    made.release("v1.0.0", "The first.", lambda _: edit(readme, "## Change it", "## Work on it"))
    made.release("v1.1.0", "A heading.")
    return made


@pytest.fixture
def origin(template: Repository, tmp_path: Path) -> Path:
    """Where a service of the first release is cloned from and pushed to."""
    answers = example(EXAMPLES["frontend"])
    made = services.create(template, tmp_path / "made", "v1.0.0", answers, NOT_INSTALLED)
    # Its own tests are few: that all of them pass after an update is for the gate to show.
    made.git("rm", "-r", "--quiet", "tests/pages")
    curious = made.path / "tests" / "test_curious.py"
    curious.write_text(CURIOUS, "utf-8")
    curious.with_name("seen.txt").write_text(str(tmp_path / "seen"), "utf-8")
    made.commits()
    bare = tmp_path / "origin.git"
    subprocess.run(["git", "clone", "--quiet", "--bare", made.path, bare], check=True)
    return bare


def job(template: Repository, origin: Path, folder: Path) -> Finished:
    """Run the one job of a matrix, as its workflow says."""
    text = matrix.github([f"file://{origin}"], matrix.Work("v1.1.0", bump=False, template=ADDRESS))
    steps = yaml.safe_load(text)["jobs"]["update"]["steps"]
    [step] = [step for step in steps if "run" in step]
    folder.mkdir()
    variables = {
        "SERVICE": f"file://{origin}",
        "BRANCH": step["env"]["BRANCH"],
        "TEMPLATE": step["env"]["TEMPLATE"],
        # What a job has, and a service must not get.
        "FLEET_TOKEN": PLANTED,
        # With Poetry and uv, which bootstrap would fetch for each clone.
        "PATH": f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}",
    }
    words: list[str | Path] = ["sh", "-ec", step["run"]]
    return run(words, folder, template.variables | variables, seconds=SECONDS)


def test_the_branch_is_pushed_once_all_is_tested_and_somebodys_work_on_it_is_kept(
    template: Repository, origin: Path, tmp_path: Path
) -> None:
    first = job(template, origin, tmp_path / "first")
    assert first.returncode == 0, first.stdout + first.stderr
    assert "All checks passed." in first.stdout
    assert re.search(r"^\d+ passed in ", first.stdout, re.MULTILINE)
    seen = (tmp_path / "seen").read_text("utf-8")
    assert PLANTED not in seen
    assert "'GIT_CONFIG_GLOBAL'" not in seen
    assert "'gitconfig': 'False'" in seen
    assert "'PATH'" in seen
    branch = "template/v1.1.0"
    said = template.git("log", "-1", "--format=%s", branch, folder=origin)
    assert said == "Update to v1.1.0 of the template"
    assert template.git("rev-parse", f"{branch}~1", folder=origin) == template.git(
        "rev-parse", "main", folder=origin
    )

    other = tmp_path / "other"
    words = ["git", "clone", "--quiet", f"--branch={branch}", str(origin), str(other)]
    subprocess.run(words, check=True)
    (other / "mended.txt").write_text("mended\n")
    template.git("add", "--all", folder=other)
    template.git("commit", "--quiet", "--message=Mend", folder=other)
    template.git("push", "--quiet", "origin", branch, folder=other)

    again = job(template, origin, tmp_path / "again")
    assert again.returncode == 0, again.stdout + again.stderr
    assert "has this update and other commits. It was not changed." in again.stdout
    assert template.git("log", "-1", "--format=%s", branch, folder=origin) == "Mend"
