"""A test that CI skips is a test that fails."""

import sys
from pathlib import Path

from tasks.folders import ROOT
from tests.full.programs import Finished, run

TEST = """
import pytest

@pytest.mark.skipif(True, reason="the moon is full")
def test_by_mark(): ...

def test_by_call():
    pytest.skip("the moon is full")

def test_that_runs(): ...
"""


def verdict_on(folder: Path, **variables: str) -> Finished:
    """Run these tests as this repository's are."""
    (folder / "test_moon.py").write_text(TEST)
    words: list[str | Path] = [sys.executable, "-m", "pytest", "-p", "tests.no_skips", folder]
    return run([*words, "--rootdir", folder], ROOT, {"CI": ""} | variables)


def test_in_ci_a_skipped_test_fails_and_says_why(tmp_path: Path) -> None:
    done = verdict_on(tmp_path, CI="true")
    assert done.returncode == 1, done.stdout
    assert "1 failed, 1 passed, 1 error" in done.stdout
    assert done.stdout.count("Skipped, which nothing may be in CI") >= 2
    assert "the moon is full" in done.stdout


def test_elsewhere_it_is_skipped(tmp_path: Path) -> None:
    done = verdict_on(tmp_path)
    assert done.returncode == 0, done.stdout
    assert "1 passed, 2 skipped" in done.stdout
