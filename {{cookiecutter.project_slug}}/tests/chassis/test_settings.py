"""Where the settings come from, which source wins, and what is said of what is wrong."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from {{ cookiecutter.package_name }}.chassis import project_files, settings
from {{ cookiecutter.package_name }}.chassis.failures import StartError

PREFIX = settings.PREFIX

SETTINGS = """
default:
  service: {name: probe, ratio: 0.5, loud: false, hosts: [one, two]}
  database: &database
    host: __required__
    port: 5432
    password: __required__

development.local:
  database: &local
    <<: *database
    host: 127.0.0.1
    password: development

tests.local:
  database:
    <<: *local
    port: 5433

staging.kubernetes:
  database:
    port: 6000

production.kubernetes:
"""

Write = Callable[[str], None]


@pytest.fixture(autouse=True)
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout with the settings above, and no variable set."""
    for name in list(os.environ):
        if name.startswith(f"{PREFIX}_") or name.endswith("_FOR_DYNACONF"):
            monkeypatch.delenv(name)
    monkeypatch.setattr(project_files, "PACKAGE", tmp_path / project_files.PACKAGE.name)
    (tmp_path / "settings.yaml").write_text(SETTINGS)
    return tmp_path


@pytest.fixture
def write_local(checkout: Path) -> Write:
    """Write a `settings.local.yaml`."""

    def writes(content: str) -> None:
        (checkout / "settings.local.yaml").write_text(content)

    return writes


# Which environment.


def test_the_variable_picks_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert settings.load().environment == "development.local"
    monkeypatch.setenv(f"{PREFIX}_ENVIRONMENT", "tests.local")
    assert settings.load().environment == "tests.local"
    assert settings.load("development.local").environment == "development.local"


@pytest.mark.parametrize("unknown", ["production", "tests.locl", "default", "Tests.Local", "x y"])
def test_an_unknown_environment_is_told_the_known_ones(
    monkeypatch: pytest.MonkeyPatch, unknown: str
) -> None:
    monkeypatch.setenv(f"{PREFIX}_ENVIRONMENT", unknown)
    with pytest.raises(StartError) as refused:
        settings.load()
    assert str(refused.value) == (
        f"{PREFIX}_ENVIRONMENT is {unknown!r}, which settings.yaml has no section for. Known "
        "environments: development.local, production.kubernetes, staging.kubernetes, tests.local."
    )


@pytest.mark.parametrize(
    ("environment", "stage", "for_developers"),
    [
        ("development.local", "development", True),
        ("tests.compose", "tests", True),
        ("staging.kubernetes", "staging", False),
        ("production.kubernetes", "production", False),
    ],
)
def test_an_environment_has_a_stage(environment: str, stage: str, for_developers: bool) -> None:
    found = settings.Settings(environment, {})
    assert (found.stage, found.is_for_developers) == (stage, for_developers)


# Which source wins.


def test_a_later_source_wins(monkeypatch: pytest.MonkeyPatch, write_local: Write) -> None:
    """Each source after `default` is added in turn (Vault: see test_vault.py)."""
    assert settings.load("development.local")["database.port"] == 5432
    assert settings.load("tests.local")["database.port"] == 5433
    write_local("default: {database: {port: 5434}}")
    assert settings.load("tests.local")["database.port"] == 5434
    write_local("default: {database: {port: 5434}}\ntests.local: {database: {port: 5435}}")
    assert settings.load("tests.local")["database.port"] == 5435
    monkeypatch.setenv(f"{PREFIX}_DATABASE__PORT", "5436")
    assert settings.load("tests.local")["database.port"] == 5436


def test_an_override_keeps_its_siblings(
    monkeypatch: pytest.MonkeyPatch, write_local: Write
) -> None:
    write_local("tests.local: {database: {host: elsewhere}}")
    monkeypatch.setenv(f"{PREFIX}_DATABASE__PASSWORD", "mine")
    found = settings.load("tests.local")
    assert found["database.host"] == "elsewhere"
    assert found["database.port"] == 5433
    assert found["database.password"] == "mine"
    assert found["service.name"] == "probe"


def test_a_merge_key_brings_what_its_anchor_has() -> None:
    found = settings.load("tests.local")
    assert (found["database.host"], found["database.password"]) == ("127.0.0.1", "development")


def test_another_environments_section_does_not_matter(write_local: Write) -> None:
    write_local("staging.kubernetes: {database: {port: 1}}")
    assert settings.load("tests.local")["database.port"] == 5433


def test_what_is_not_declared_is_no_setting(
    monkeypatch: pytest.MonkeyPatch, write_local: Write
) -> None:
    write_local("default: {more: 1}")
    # As Kubernetes does for a service that is called like the package.
    monkeypatch.setenv(f"{PREFIX}_PORT", "tcp://10.0.0.1:80")
    monkeypatch.setenv(f"{PREFIX}_DATABASE_PORT", "tcp://10.0.0.1:80")
    found = settings.load("tests.local")
    assert found["database.port"] == 5433
    for key in ("more", "port", "database_port"):
        with pytest.raises(KeyError, match=key):
            found[key]


def test_settings_stay_as_they_were_resolved(monkeypatch: pytest.MonkeyPatch) -> None:
    found = settings.load("tests.local")
    monkeypatch.setenv(f"{PREFIX}_DATABASE__PORT", "1")
    assert found["database.port"] == 5433
    with pytest.raises(TypeError):
        found.values["database.port"] = 1  # type: ignore[index]  # that is the test


# What is required.


def test_everything_that_is_missing_is_listed_with_the_ways_to_supply_it() -> None:
    with pytest.raises(StartError) as refused:
        settings.load("production.kubernetes")
    title, *faults = str(refused.value).splitlines()
    assert title == "Settings of production.kubernetes:"
    assert [fault.split()[:3] for fault in faults] == [
        ["database.host", "is", "missing:"],
        ["database.password", "is", "missing:"],
    ]
    slug = project_files.PACKAGE.name.replace("_", "-")
    assert faults[1].split(": ")[1] == (
        f"set {PREFIX}_DATABASE__PASSWORD, or database.password under production.kubernetes in "
        f"settings.local.yaml, or database__password in Vault at {slug}/production.kubernetes"
    )


def test_what_is_required_can_be_supplied_either_way(
    monkeypatch: pytest.MonkeyPatch, write_local: Write
) -> None:
    monkeypatch.setenv(settings.variable_for("database.host"), "db")
    write_local("production.kubernetes: {database: {password: x}}")
    assert settings.load("production.kubernetes")["database.host"] == "db"


def test_nothing_is_not_enough_for_what_is_required(monkeypatch: pytest.MonkeyPatch) -> None:
    """A container's description makes an unset variable an empty one."""
    monkeypatch.setenv(f"{PREFIX}_DATABASE__HOST", "db")
    monkeypatch.setenv(f"{PREFIX}_DATABASE__PASSWORD", "")
    with pytest.raises(StartError, match=r"database\.password is missing"):
        settings.load("production.kubernetes")


def test_what_is_required_is_known_without_supplying_it() -> None:
    assert settings.required_in("production.kubernetes") == ["database.host", "database.password"]
    assert settings.required_in("tests.local") == []


# Types.


@pytest.mark.parametrize(
    "text",
    [
        *("0123", "1e5", "true", "null", "", " x ", "{a=1}", "[1", "'quoted'", '"quoted"', "a=b"),
        *(
            "@int 5",
            "@int x",
            "@format {x",
            "@jinja x",
            "@none",
            "dynaconf_merge",
            "$HOME",
            "ünï #",
        ),
    ],
)
def test_a_text_stays_what_was_typed(
    monkeypatch: pytest.MonkeyPatch, write_local: Write, text: str
) -> None:
    write_local(json.dumps({"tests.local": {"service": {"name": text}}}))
    monkeypatch.setenv(f"{PREFIX}_DATABASE__PASSWORD", text)
    found = settings.load("tests.local")
    assert found["database.password"] == text
    assert found["service.name"] == text


@pytest.mark.parametrize("unquoted", ["0123", "true", "12.5", "null", "[a]"])
def test_a_text_that_yaml_takes_for_something_else_is_refused(
    write_local: Write, unquoted: str
) -> None:
    write_local("tests.local:\n  database:\n    password: " + unquoted)
    with pytest.raises(StartError) as refused:
        settings.load("tests.local")
    assert "database.password is not a text: put it in quotes" in str(refused.value)
    assert "83" not in str(refused.value)


@pytest.mark.parametrize(
    ("key", "given", "value"),
    [
        ("database.port", "6543", 6543),
        ("database.port", "-1", -1),
        ("service.ratio", "2", 2.0),
        ("service.ratio", "0.25", 0.25),
        ("service.loud", "true", True),
        ("service.loud", "True", True),
        ("service.loud", "YES", True),
        ("service.loud", "on", True),
        ("service.loud", "1", True),
        ("service.loud", "false", False),
        ("service.loud", "off", False),
        ("service.loud", "0", False),
        ("service.hosts", '["three"]', ["one", "two", "three"]),
    ],
)
def test_a_variable_has_the_type_of_its_setting(
    monkeypatch: pytest.MonkeyPatch, key: str, given: str, value: object
) -> None:
    monkeypatch.setenv(settings.variable_for(key), given)
    found = settings.load("tests.local")[key]
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("key", "given", "kind"),
    [
        ("database.port", "abc", "not a whole number"),
        ("database.port", "", "not a whole number"),
        ("database.port", "0.5", "not a whole number"),
        ("database.port", "1e3", "not a whole number"),
        ("database.port", "true", "not a whole number"),
        ("service.ratio", "half", "not a number"),
        ("service.loud", "maybe", "neither true nor false"),
        ("service.loud", "2", "neither true nor false"),
    ],
)
def test_a_value_of_a_wrong_type_is_refused(
    monkeypatch: pytest.MonkeyPatch, key: str, given: str, kind: str
) -> None:
    monkeypatch.setenv(settings.variable_for(key), given)
    with pytest.raises(StartError, match=f"{key} is .*, which is {kind}"):
        settings.load("tests.local")


def test_all_that_is_wrong_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"{PREFIX}_DATABASE__PORT", "abc")
    monkeypatch.setenv(f"{PREFIX}_SERVICE__LOUD", "maybe")
    with pytest.raises(StartError) as refused:
        settings.load("production.kubernetes")
    assert len(str(refused.value).splitlines()) == 1 + 4


# The files themselves.


@pytest.mark.parametrize("name", ["settings.yaml", "settings.local.yaml"])
@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("a: [", "is not valid YAML"),
        ("a: b", "must have a section"),
        ("- a", "must have a section"),
    ],
)
def test_a_file_that_cannot_be_read_is_told_by_name(
    checkout: Path, name: str, content: str, fault: str
) -> None:
    (checkout / name).write_text(content)
    with pytest.raises(StartError, match=f"^{name} {fault}"):
        settings.load("tests.local")


def test_an_empty_local_file_changes_nothing(write_local: Write) -> None:
    write_local("# nothing yet\n")
    assert settings.load("tests.local")["database.port"] == 5433


def test_the_environments_are_the_sections() -> None:
    assert settings.environments() == [
        "development.local",
        "production.kubernetes",
        "staging.kubernetes",
        "tests.local",
    ]


def test_a_right_section_has_no_faults() -> None:
    assert [settings.faults_in(environment) for environment in settings.environments()] == [[]] * 4


@pytest.mark.parametrize(
    ("planted", "fault"),
    [
        ("database: {port: abc}", "database.port is 'abc', which is not a whole number"),
        ("database: {hots: x}", "database.hots is not a setting: the default section lacks it"),
        ("service: {name: 5}", "service.name is not a text: put it in quotes"),
        ("service: {loud: 7}", "service.loud is 7, which is neither true nor false"),
    ],
)
def test_a_fault_in_a_section_is_found(checkout: Path, planted: str, fault: str) -> None:
    (checkout / "settings.yaml").write_text(f"{SETTINGS}  {planted}\n")
    assert settings.faults_in("production.kubernetes") == [f"production.kubernetes: {fault}"]


# From an installed wheel.


def test_a_wheel_has_its_files_inside_and_the_developers_own_where_it_runs(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(project_files, "IN_CHECKOUT", False)
    monkeypatch.chdir(checkout)
    inside = checkout / project_files.PACKAGE.name / "settings.yaml"
    inside.parent.mkdir()
    inside.write_text(SETTINGS.replace("5433", "7777"))
    assert settings.load("tests.local")["database.port"] == 7777
    (checkout / "settings.local.yaml").write_text("tests.local: {database: {port: 8888}}")
    assert settings.load("tests.local")["database.port"] == 8888
