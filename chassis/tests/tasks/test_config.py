"""`config.validate` and `config.required`."""

import os
from pathlib import Path

import pytest

from flask_chassis import project, settings
from flask_chassis.observability import version

from .conftest import Run


@pytest.fixture
def production_supplied(monkeypatch: pytest.MonkeyPatch) -> str:
    """Supply all that production needs."""
    for key in settings.required_in("production.kubernetes"):
        monkeypatch.setenv(settings.variable_for(key), "supplied")
    for name in (version.VERSION_NAME, version.VERSION_SHA):
        monkeypatch.setenv(name, "supplied")
    return "production.kubernetes"


def test_the_settings_of_every_environment_are_right(run: Run) -> None:
    done = run("config.validate")
    assert done.code == 0
    for environment in settings.environments():
        assert environment in done.out


def test_every_fault_is_told_with_its_environment(
    run: Run, checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in list(os.environ):  # those that the fixture `settings` sets are none of this file's
        if name.startswith("BILLING_"):
            monkeypatch.delenv(name)
    (checkout / "settings.yaml").write_text(
        "default: {a: {number: 1, text: x}}\n"
        "tests.local: {a: {number: abc}}\n"
        "production.kubernetes: {a: {text: 5, txt: y}}\n"
    )
    failed = run("config.validate")
    assert failed.code == 1
    assert failed.error.splitlines() == [
        "production.kubernetes: a.text is not a text: put it in quotes",
        "production.kubernetes: a.txt is not a setting: the default section lacks it",
        "tests.local: a.number is 'abc', which is not a whole number",
    ]


def test_one_environment_is_complete_when_all_is_supplied(
    run: Run, production_supplied: str
) -> None:
    done = run("config.validate", f"--environment={production_supplied}")
    assert done.code == 0
    assert done.out == f"{production_supplied}: complete\n"


def test_one_environment_is_told_what_it_lacks(
    run: Run, production_supplied: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    lacking = settings.required_in(production_supplied)[0]
    monkeypatch.delenv(settings.variable_for(lacking))
    failed = run("config.validate", f"--environment={production_supplied}")
    assert failed.code == 1
    assert f"{lacking} is missing" in failed.error


def test_one_environment_is_told_that_its_version_is_missing(
    run: Run, production_supplied: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(version.VERSION_SHA)
    lacking = settings.required_in(production_supplied)[0]
    monkeypatch.delenv(settings.variable_for(lacking))
    failed = run("config.validate", f"--environment={production_supplied}")
    assert failed.code == 1
    assert "VERSION_SHA not set: production.kubernetes requires the version" in failed.error
    assert f"{lacking} is missing" in failed.error
    assert run("config.validate", "--environment=tests.local").code == 0


@pytest.mark.parametrize("words", [[], ["--environment=tests.local"]])
def test_a_misspelt_variable_is_refused(
    run: Run, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    monkeypatch.setenv("BILLING_DATABSE__PASSWORD", "s3cret")
    failed = run("config.validate", *words)
    assert failed.code == 1
    assert failed.error.startswith(
        "the variable BILLING_DATABSE__PASSWORD is not a setting of this service: did you mean "
        "BILLING_DATABASE__PASSWORD"
    )


def test_what_is_required_is_listed_with_the_ways_to_supply_it(run: Run) -> None:
    done = run("config.required")
    assert done.code == 0
    of_tests, of_production = (
        done.out.partition(f"{environment}:")[2].partition("\n\n")[0].splitlines()
        for environment in ("tests.local", "production.kubernetes")
    )
    assert of_tests[0].strip() == "nothing"
    for key in settings.required_in("production.kubernetes"):
        assert f"  {key}: set {settings.variable_for(key)}" in done.out
    assert "VERSION_NAME and VERSION_SHA" in "".join(of_production)


def test_what_one_environment_requires_can_be_asked(run: Run) -> None:
    done = run("config.required", "--environment=tests.local")
    assert done.out.strip() == "tests.local: nothing"


@pytest.mark.parametrize("task", ["config.validate", "config.required"])
def test_an_unknown_environment_is_told_the_known_ones(run: Run, task: str) -> None:
    failed = run(task, "--environment=nowhere")
    assert failed.code == 1
    assert "Known environments: " in failed.error
    assert project.package().upper() in failed.error
