"""Test that results are printed, and passed to the CI system."""

from pathlib import Path

import pytest

from flask_chassis_tools.pipeline import ci


@pytest.fixture(autouse=True)
def _by_a_developer(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("TEAMCITY_VERSION", "GITHUB_OUTPUT"):
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
