"""Test that results are printed, and passed to the CI system."""

import subprocess
from pathlib import Path

import pytest
from invoke import Exit

from flask_chassis_tools.pipeline import ci


@pytest.fixture(autouse=True)
def _by_a_developer(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("TEAMCITY_VERSION", "GITHUB_OUTPUT", "GITLAB_CI"):
        monkeypatch.delenv(variable, raising=False)


def test_a_result_is_printed_for_a_developer(capsys: pytest.CaptureFixture[str]) -> None:
    ci.report("image.tag", "v1.0.0")
    ci.statistic("CodeCoverageL", "97.5")
    assert capsys.readouterr().out == "image.tag: v1.0.0\n"


def test_a_result_is_a_parameter_on_teamcity(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TEAMCITY_VERSION", "2025.11")
    ci.report("image.tag", "it's [v1]|")
    ci.statistic("CodeCoverageL", "97.5")
    assert capsys.readouterr().out.splitlines()[1:] == [
        "##teamcity[setParameter name='image.tag' value='it|'s |[v1|]||']",
        "##teamcity[buildStatisticValue key='CodeCoverageL' value='97.5']",
    ]


def test_a_result_is_an_output_of_the_step_on_github(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    outputs = tmp_path / "outputs"
    outputs.write_text("earlier=1\n")
    monkeypatch.setenv("GITHUB_OUTPUT", str(outputs))
    ci.report("image.tag", "v1.0.0")
    assert outputs.read_text() == "earlier=1\nimage-tag=v1.0.0\n"


def test_a_result_is_a_variable_of_the_next_jobs_on_gitlab(
    monkeypatch: pytest.MonkeyPatch, checkout: Path
) -> None:
    monkeypatch.setenv("GITLAB_CI", "true")
    ci.report("image.name", "registry.acme.example:5000/a/b:v1.0.0-2-g0123abc")
    ci.report("image.digest", "sha256:00")
    # A second task that reports the same replaces it.
    ci.report("image.digest", "sha256:0f")
    assert (checkout / ci.REPORTED).read_text() == (
        "IMAGE_NAME=registry.acme.example:5000/a/b:v1.0.0-2-g0123abc\nIMAGE_DIGEST=sha256:0f\n"
    )
    # The next lines of a script read it.
    script = f'. ./{ci.REPORTED}; echo "$IMAGE_NAME $IMAGE_DIGEST"'
    done = subprocess.run(["sh", "-euc", script], cwd=checkout, capture_output=True, text=True)
    assert done.stdout == "registry.acme.example:5000/a/b:v1.0.0-2-g0123abc sha256:0f\n"


@pytest.mark.parametrize("value", ["v1; id", "v1\nPATH=.", "$(id)", "`id`", "'", "a b"])
def test_what_a_shell_would_run_is_not_reported_on_gitlab(
    monkeypatch: pytest.MonkeyPatch, checkout: Path, value: str
) -> None:
    monkeypatch.setenv("GITLAB_CI", "true")
    with pytest.raises(Exit, match="IMAGE_TAG cannot be passed"):
        ci.report("image.tag", value)
    assert not (checkout / ci.REPORTED).exists()
