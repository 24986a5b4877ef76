"""`.ci/run` demands what it is to prove, on whatever machine."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tasks.folders import ROOT

STAND_IN = '#!/bin/sh\necho "CI=$CI PYTHON=${PYTHON:-} $*"\n'


def ci_run(folder: Path, **variables: str) -> str:
    """Run `.ci/run quick` with a stand-in for `./invoke`, and return its last line."""
    (folder / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "run", folder / ".ci" / "run")
    program(folder / "invoke", STAND_IN)
    done = subprocess.run(
        [folder / ".ci" / "run", "quick"],
        env={"PATH": "/usr/bin:/bin"} | variables,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[-1]


def program(path: Path, text: str) -> None:
    """Write a program."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


@pytest.mark.parametrize(
    "outside", [{}, {"CI": ""}, {"TEAMCITY_VERSION": "2025.11", "CI": "false"}]
)
def test_nothing_is_skipped_also_where_the_ci_system_does_not_say_that_it_is_one(
    tmp_path: Path, outside: dict[str, str]
) -> None:
    assert ci_run(tmp_path, **outside) == "CI=true PYTHON= test --tier=quick"


@pytest.mark.parametrize("given", ["", "/opt/python"])
def test_debians_python_is_used_and_not_a_slower_one_of_pyenv_unless_one_is_named(
    tmp_path: Path, given: str
) -> None:
    shims = tmp_path / "pyenv" / "shims"
    program(shims / "python3", "#!/bin/sh\nexit 1\n")
    variables = {"PYTHON": given} if given else {}
    found = ci_run(tmp_path, PATH=f"{shims}:/usr/bin:/bin", **variables)
    debians = Path("/usr/bin/python3")
    new = "import sys; sys.exit(sys.version_info < (3, 11))"
    is_there = debians.exists() and subprocess.run([debians, "-c", new]).returncode == 0
    assert f"PYTHON={given or (debians if is_there else '')} " in found
