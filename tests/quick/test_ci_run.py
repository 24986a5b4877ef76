"""`.ci/run` demands what it is to prove, on whatever machine."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tasks.folders import ROOT


@pytest.mark.parametrize(
    "outside", [{}, {"CI": ""}, {"TEAMCITY_VERSION": "2025.11", "CI": "false"}]
)
def test_nothing_is_skipped_also_where_the_ci_system_does_not_say_that_it_is_one(
    tmp_path: Path, outside: dict[str, str]
) -> None:
    (tmp_path / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "run", tmp_path / ".ci" / "run")
    stand_in = tmp_path / "invoke"
    stand_in.write_text('#!/bin/sh\necho "CI=$CI $*"\n')
    stand_in.chmod(0o755)
    done = subprocess.run(
        [tmp_path / ".ci" / "run", "quick"],
        env={"PATH": "/usr/bin:/bin"} | outside,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "CI=true test --tier=quick"
