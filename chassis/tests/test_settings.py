"""Where the settings come from, which source wins, and what is said of what is wrong."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from flask_chassis import project, settings, settings_variables
from flask_chassis.exceptions import ConfigurationError

from .conftest import use_checkout

PREFIX = "BILLING"

SETTINGS = """
default:
  service: {name: probe, ratio: 0.5, loud: false, hosts: [one, two]}
  storage: &storage
    host: __required__
    port: 5432
    password: __required__

development.local:
  storage: &local
    <<: *storage
    host: 127.0.0.1
    password: development

tests.local:
  storage:
    <<: *local
    port: 5433

staging.kubernetes:
  storage:
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
    use_checkout(tmp_path, monkeypatch)
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
    with pytest.raises(ConfigurationError) as refused:
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
    assert settings.load("development.local")["storage.port"] == 5432
    assert settings.load("tests.local")["storage.port"] == 5433
    write_local("default: {storage: {port: 5434}}")
    assert settings.load("tests.local")["storage.port"] == 5434
    write_local("default: {storage: {port: 5434}}\ntests.local: {storage: {port: 5435}}")
    assert settings.load("tests.local")["storage.port"] == 5435
    monkeypatch.setenv(f"{PREFIX}_STORAGE__PORT", "5436")
    assert settings.load("tests.local")["storage.port"] == 5436


def test_an_override_keeps_its_siblings(
    monkeypatch: pytest.MonkeyPatch, write_local: Write
) -> None:
    write_local("tests.local: {storage: {host: elsewhere}}")
    monkeypatch.setenv(f"{PREFIX}_STORAGE__PASSWORD", "mine")
    found = settings.load("tests.local")
    assert found["storage.host"] == "elsewhere"
    assert found["storage.port"] == 5433
    assert found["storage.password"] == "mine"
    assert found["service.name"] == "probe"


def test_a_merge_key_brings_what_its_anchor_has() -> None:
    found = settings.load("tests.local")
    assert (found["storage.host"], found["storage.password"]) == ("127.0.0.1", "development")


def test_two_underscores_in_a_file_stand_for_a_dot(write_local: Write) -> None:
    """As in Vault, whose agent writes such a file."""
    write_local("default: {storage__password: s, storage: {port: 7}}")
    found = settings.load("tests.local")
    assert found["storage.port"] == 7
    assert settings.load("development.local")["storage.password"] == "s"


def test_a_section_is_loaded_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"{PREFIX}_STORAGE", "5")
    found = settings.load("production.kubernetes", section="logs")
    assert {key.partition(".")[0] for key in found.values} == {"logs", "service"}
    with pytest.raises(ConfigurationError) as refused:
        settings.load("production.kubernetes", section="storage")
    assert "storage is a part with settings" in str(refused.value)
    assert "storage.host is missing" in str(refused.value)


def test_another_environments_section_does_not_matter(write_local: Write) -> None:
    write_local("staging.kubernetes: {storage: {port: 1}}")
    assert settings.load("tests.local")["storage.port"] == 5433


def test_what_is_not_declared_is_no_setting(
    monkeypatch: pytest.MonkeyPatch, write_local: Write
) -> None:
    write_local("default: {more: 1}")
    # As Kubernetes does for a service that is called like the package.
    monkeypatch.setenv(f"{PREFIX}_PORT", "tcp://10.0.0.1:80")
    monkeypatch.setenv(f"{PREFIX}_STORAGE_PORT", "tcp://10.0.0.1:80")
    found = settings.load("tests.local")
    assert found["storage.port"] == 5433
    for key in ("more", "port", "storage_port"):
        with pytest.raises(KeyError, match=key):
            found[key]


def test_settings_stay_as_they_were_resolved(monkeypatch: pytest.MonkeyPatch) -> None:
    found = settings.load("tests.local")
    monkeypatch.setenv(f"{PREFIX}_STORAGE__PORT", "1")
    assert found["storage.port"] == 5433
    with pytest.raises(TypeError):
        found.values["storage.port"] = 1  # type: ignore[index]  # that is the test


# What is required.


def test_everything_that_is_missing_is_listed_with_the_ways_to_supply_it() -> None:
    with pytest.raises(ConfigurationError) as refused:
        settings.load("production.kubernetes")
    title, *faults = str(refused.value).splitlines()
    assert title == "Settings of production.kubernetes:"
    assert [fault.split()[:3] for fault in faults] == [
        ["storage.host", "is", "missing:"],
        ["storage.password", "is", "missing:"],
    ]
    slug = project.package().replace("_", "-")
    assert faults[1].split(": ")[1] == (
        f"set {PREFIX}_STORAGE__PASSWORD, or storage.password under production.kubernetes in "
        f"settings.local.yaml, or storage__password in Vault at {slug}/production.kubernetes"
    )


def test_what_is_required_can_be_supplied_either_way(
    monkeypatch: pytest.MonkeyPatch, write_local: Write
) -> None:
    monkeypatch.setenv(settings.variable_for("storage.host"), "db")
    write_local("production.kubernetes: {storage: {password: x}}")
    assert settings.load("production.kubernetes")["storage.host"] == "db"


def test_nothing_is_not_enough_for_what_is_required(monkeypatch: pytest.MonkeyPatch) -> None:
    """A container's description makes an unset variable an empty one."""
    monkeypatch.setenv(f"{PREFIX}_STORAGE__HOST", "db")
    monkeypatch.setenv(f"{PREFIX}_STORAGE__PASSWORD", "")
    with pytest.raises(ConfigurationError, match=r"storage\.password is missing"):
        settings.load("production.kubernetes")


def test_what_is_required_is_known_without_supplying_it() -> None:
    assert settings.required_in("production.kubernetes") == ["storage.host", "storage.password"]
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
    monkeypatch.setenv(f"{PREFIX}_STORAGE__PASSWORD", text)
    found = settings.load("tests.local")
    assert found["storage.password"] == text
    assert found["service.name"] == text


@pytest.mark.parametrize("unquoted", ["0123", "true", "12.5", "null", "[a]"])
def test_a_text_that_yaml_takes_for_something_else_is_refused(
    write_local: Write, unquoted: str
) -> None:
    write_local("tests.local:\n  storage:\n    password: " + unquoted)
    with pytest.raises(ConfigurationError) as refused:
        settings.load("tests.local")
    assert "storage.password is not a text: put it in quotes" in str(refused.value)
    assert "83" not in str(refused.value)


@pytest.mark.parametrize(
    ("key", "given", "value"),
    [
        ("storage.port", "6543", 6543),
        ("storage.port", "-1", -1),
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
        ("service.hosts", '["three"]', ["three"]),
        ("service.hosts", "[three, four]", ["three", "four"]),
        ("service.hosts", "[]", []),
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
        ("storage.port", "abc", "not a whole number"),
        ("storage.port", "", "not a whole number"),
        ("storage.port", "0.5", "not a whole number"),
        ("storage.port", "1e3", "not a whole number"),
        ("storage.port", "true", "not a whole number"),
        ("service.ratio", "half", "not a number"),
        ("service.loud", "maybe", "neither true nor false"),
        ("service.loud", "2", "neither true nor false"),
    ],
)
def test_a_value_of_a_wrong_type_is_refused(
    monkeypatch: pytest.MonkeyPatch, key: str, given: str, kind: str
) -> None:
    monkeypatch.setenv(settings.variable_for(key), given)
    with pytest.raises(ConfigurationError, match=f"{key} is .*, which is {kind}"):
        settings.load("tests.local")


def test_all_that_is_wrong_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"{PREFIX}_STORAGE__PORT", "abc")
    monkeypatch.setenv(f"{PREFIX}_SERVICE__LOUD", "maybe")
    with pytest.raises(ConfigurationError) as refused:
        settings.load("production.kubernetes")
    assert len(str(refused.value).splitlines()) == 1 + 4


# Lists.

SOURCES = ["settings.yaml", "settings.local.yaml", "a variable"]


@pytest.fixture
def supply(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str, str], None]:
    """Supply a value of `tests.local` in a source: `supply(source, "service.hosts", "[a]")`."""
    for name in ("HOST", "PASSWORD"):
        monkeypatch.setenv(f"{PREFIX}_STORAGE__{name}", "x")

    def supplies(source: str, key: str, value: str) -> None:
        if source == "a variable":
            monkeypatch.setenv(settings.variable_for(key), value)
            return
        part, _, name = key.partition(".")
        section = (
            f"tests.local:\n  {part}:\n    {name}: {value}\n"
            if name
            else (f"tests.local:\n  {part}: {value}\n")
        )
        file = checkout / source
        before = SETTINGS.partition("tests.local:")[0] if source == "settings.yaml" else ""
        file.write_text(before + section)

    return supplies


Supply = Callable[[str, str, str], None]


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("given", [["three"], [], ["one"], ["two", "one"]])
def test_a_list_replaces_the_list_of_the_source_before(
    supply: Supply, source: str, given: list[str]
) -> None:
    supply(source, "service.hosts", json.dumps(given))
    assert settings.load("tests.local")["service.hosts"] == given


def test_each_source_replaces_the_list(supply: Supply) -> None:
    for number, source in enumerate(SOURCES):
        supply(source, "service.hosts", f"[host{number}]")
        assert settings.load("tests.local")["service.hosts"] == [f"host{number}"]


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ("three", "service.hosts is not a list"),
        ("5", "service.hosts is not a list"),
        ("'a, b'", "service.hosts is not a list"),
        ("{a: 1}", "service.hosts is "),
        ("[[a]]", "service.hosts[0] is not a text"),
        ("[a, 5]", "service.hosts[1] is not a text"),
        ("[a, 0123]", "service.hosts[1] is not a text"),
        ("[a, null]", "service.hosts[1] is not a text"),
        ("[a, {b: c}]", "service.hosts[1] is not a text"),
    ],
)
def test_a_list_is_of_the_type_of_the_default(
    supply: Supply, source: str, given: str, fault: str
) -> None:
    supply(source, "service.hosts", given)
    with pytest.raises(ConfigurationError) as refused:
        settings.load("tests.local")
    assert fault in str(refused.value)


@pytest.mark.parametrize("source", SOURCES[:2])
@pytest.mark.parametrize("key", ["storage.port", "service.ratio", "service.loud", "service.name"])
def test_a_list_is_no_single_value(supply: Supply, source: str, key: str) -> None:
    supply(source, key, "[1]")
    with pytest.raises(ConfigurationError, match=f"{key} is (a list|not a text)"):
        settings.load("tests.local")


@pytest.mark.parametrize(
    ("default", "given", "found"),
    [
        ("[1, 2]", '["3"]', [3]),
        ("[1, 2]", "[x]", "lists.some[0] is 'x', which is not a whole number"),
        ("[true]", "[yes, 'no']", [True, False]),
        ("[true]", "[maybe]", "neither true nor false"),
        ("[{a: 1}]", "[{b: 2}]", [{"b": 2}]),
        ("[{a: 1}]", "[b]", "lists.some is not a list of mappings"),
        ("[a, 1]", "[2.5, [x]]", [2.5, ["x"]]),
        ("[]", "[2, x]", [2, "x"]),
    ],
)
def test_elements_are_of_the_type_of_those_of_the_default(
    checkout: Path, default: str, given: str, found: object
) -> None:
    (checkout / "settings.yaml").write_text(
        f"default:\n  lists:\n    some: {default}\ntests.local:\n  lists:\n    some: {given}\n"
    )
    faults = settings.faults_in("tests.local")
    if isinstance(found, str):
        assert len(faults) == 1
        assert found in faults[0]
    else:
        assert faults == []
        assert settings.load("tests.local")["lists.some"] == found


# Parts.


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("given", ["5", "x", "[1]", "true"])
def test_a_part_is_not_one_value(supply: Supply, source: str, given: str) -> None:
    supply(source, "storage", given)
    with pytest.raises(ConfigurationError, match=r"storage is a part with settings, such as stor"):
        settings.load("tests.local")


@pytest.mark.parametrize("source", SOURCES[:2])
def test_a_part_whose_lines_are_commented_out_changes_nothing(supply: Supply, source: str) -> None:
    supply(source, "storage", "# nothing")
    assert settings.load("tests.local")["storage.port"] in (5432, 5433)


@pytest.mark.parametrize("source", SOURCES[:2])
def test_a_setting_is_not_a_part(supply: Supply, source: str) -> None:
    supply(source, "storage.port", "{a: 1}")
    with pytest.raises(ConfigurationError, match=r"storage\.port is a setting with one value, but"):
        settings.load("tests.local")


@pytest.mark.parametrize(
    ("planted", "fault"),
    [
        ("http: 5", "http is a part with settings"),
        ("http: {max_body_bytes: many}", "http.max_body_bytes is 'many', which is not a whole"),
        ("http: {max_body_bytes: {a: 1}}", "http.max_body_bytes is a setting with one value"),
        ("logs: {level: [a]}", "logs.level is not a text"),
    ],
)
def test_a_default_of_the_service_is_of_the_type_that_the_chassis_declares(
    checkout: Path, planted: str, fault: str
) -> None:
    (checkout / "settings.yaml").write_text(f"default:\n  {planted}\ntests.local:\n")
    with pytest.raises(ConfigurationError) as refused:
        settings.load("tests.local")
    assert fault in str(refused.value)
    assert fault in settings.faults_in("tests.local")[0]


# A setting of one's own: required for users, with one value for developers.


def test_developers_share_a_section(checkout: Path, write_local: Write) -> None:
    own = "default:\n  payments: {address: __required__, key: __required__}\n"
    shared = "developers:\n  payments: {address: 'http://127.0.0.1:9', key: development}\n"
    rest = SETTINGS.replace("\ndefault:\n", own)
    (checkout / "settings.yaml").write_text(f"{rest}\n{shared}")
    assert "developers" not in settings.environments()
    for environment in ("development.local", "tests.local"):
        assert settings.load(environment)["payments.key"] == "development"
    with pytest.raises(ConfigurationError, match=r"payments\.key is missing: set"):
        settings.load("production.kubernetes")
    write_local("developers: {payments: {key: mine}}\ntests.local: {payments: {address: x}}")
    assert settings.load("development.local")["payments.key"] == "mine"
    assert settings.load("tests.local")["payments.address"] == "x"
    (checkout / "settings.yaml").write_text(rest)
    (checkout / "settings.local.yaml").unlink()
    with pytest.raises(ConfigurationError, match=r"key under developers in settings\.yaml"):
        settings.load("tests.local")
    with pytest.raises(ConfigurationError, match="has no section for"):
        settings.load("developers")


# Misspelt settings.


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("BILLING_STOARGE__PASSWORD", "did you mean BILLING_STORAGE__PASSWORD"),
        ("BILLING_STORAGE_PASSWORD", "did you mean BILLING_STORAGE__PASSWORD"),
        ("BILLING_STORAGE__PORTS", "did you mean BILLING_STORAGE__PORT"),
        ("BILLING_STORAGE_PORT", "did you mean BILLING_STORAGE__PORT"),
        ("BILLING_ENVIROMENT", "did you mean BILLING_ENVIRONMENT"),
        ("BILLING_XYZZY", "remove it, or declare the setting"),
    ],
)
def test_a_misspelt_variable_is_found(name: str, advice: str) -> None:
    [sentence] = settings_variables.unknown({name: "s3cret", "PATH": "/bin"})
    assert sentence.startswith(f"the variable {name} is not a setting of this service: {advice}")
    assert "s3cret" not in sentence


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BILLING_STORAGE__PASSWORD", "x"),
        ("BILLING_ENVIRONMENT", "tests.local"),
        ("BILLING_PORT", "tcp://10.0.0.1:80"),
        ("BILLING_STORAGE_PORT", "tcp://10.0.0.1:80"),
        ("BILLING_SERVICE_HOST", "10.0.0.1"),
        ("BILLING_SERVICE_PORT", "80"),
        ("BILLING_SERVICE_PORT_HTTP", "80"),
        ("BILLING_PORT_80_TCP_ADDR", "10.0.0.1"),
        ("BILLING_VAULT_ENABLED_FOR_DYNACONF", "true"),
        ("BILLINGS_STORAGE__PASSWORD", "of another service"),
        ("VAULT_ENABLED_FOR_DYNACONF", "true"),
    ],
)
def test_other_variables_are_left_alone(name: str, value: str) -> None:
    assert settings_variables.unknown({name: value}) == []


def test_a_misspelt_key_of_the_local_file_is_found(write_local: Write) -> None:
    write_local("tests.local: {storage: {pasword: x}, http: }\ndefault: {storage: {port: 1}}")
    [sentence] = settings_variables.unknown({})
    assert sentence.startswith(
        "settings.local.yaml, tests.local: storage.pasword is not a setting of this service: did "
        "you mean storage.password"
    )


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
    with pytest.raises(ConfigurationError, match=f"^{name} {fault}"):
        settings.load("tests.local")


def test_an_empty_local_file_changes_nothing(write_local: Write) -> None:
    write_local("# nothing yet\n")
    assert settings.load("tests.local")["storage.port"] == 5433


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
        ("storage: {port: abc}", "storage.port is 'abc', which is not a whole number"),
        ("storage: {hots: x}", "storage.hots is not a setting: the default section lacks it"),
        ("service: {name: 5}", "service.name is not a text: put it in quotes"),
        ("service: {loud: 7}", "service.loud is 7, which is neither true nor false"),
    ],
)
def test_a_fault_in_a_section_is_found(checkout: Path, planted: str, fault: str) -> None:
    (checkout / "settings.yaml").write_text(f"{SETTINGS}  {planted}\n")
    assert settings.faults_in("production.kubernetes") == [f"production.kubernetes: {fault}"]


# The defaults of the chassis.


def test_settings_that_every_service_has_need_not_be_declared() -> None:
    found = settings.load("development.local")
    assert found["logs.level"] == "INFO"
    assert found["http.max_body_bytes"] == 1048576


def test_other_settings_of_the_chassis_are_there_if_the_service_names_their_part(
    checkout: Path,
) -> None:
    assert "tokens.leeway_seconds" not in settings.declared_in("development.local")
    (checkout / "settings.yaml").write_text("default: {tokens: {audience: acme}}\ntests.local:\n")
    declared = settings.declared_in("tests.local")
    assert declared["tokens.leeway_seconds"] == 30
    assert declared["tokens.audience"] == "acme"
    assert settings.required_in("tests.local") == ["tokens.issuer", "tokens.public_keys_folder"]
    assert "database.host" not in declared
    assert settings.declared_by_service() == ["tokens.audience"]


def test_a_service_that_declares_another_has_the_settings_of_calls(checkout: Path) -> None:
    assert "calls.attempts" not in settings.declared_in("development.local")
    (checkout / "settings.yaml").write_text(
        "default: {upstream: {users: {url: http://users}}, calls: {attempts: 1}}\ntests.local:\n"
    )
    found = settings.load("tests.local")
    assert (found["calls.attempts"], found["calls.at_a_time"]) == (1, 6)
    (checkout / "settings.yaml").write_text(
        "default: {upstream: {users: {url: http://users}}}\ntests.local:\n"
    )
    assert settings.load("tests.local")["calls.attempts"] == 3


@pytest.mark.parametrize("section", ["default", "tests.local"])
def test_the_service_overrides_a_default_of_the_chassis(checkout: Path, section: str) -> None:
    sections = {"default": {}, "tests.local": {}} | {section: {"logs": {"level": "DEBUG"}}}
    (checkout / "settings.yaml").write_text(json.dumps(sections))
    assert settings.load("tests.local")["logs.level"] == "DEBUG"
    assert settings.load("tests.local")["logs.syslog"] == ""


def test_a_default_of_the_chassis_has_a_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"{PREFIX}_HTTP__MAX_BODY_BYTES", "7")
    assert settings.load("development.local")["http.max_body_bytes"] == 7


def test_a_service_without_a_name_has_that_of_its_package(checkout: Path) -> None:
    (checkout / "settings.yaml").write_text("default:\ntests.local:\n")
    assert settings.load("tests.local")["service.name"] == "billing"


# From an installed wheel.


def test_a_wheel_has_its_files_inside_and_the_developers_own_where_it_runs(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (checkout / "pyproject.toml").unlink()
    monkeypatch.chdir(checkout)
    inside = checkout / project.package() / "settings.yaml"
    inside.write_text(SETTINGS.replace("5433", "7777"))
    assert settings.load("tests.local")["storage.port"] == 7777
    (checkout / "settings.local.yaml").write_text("tests.local: {storage: {port: 8888}}")
    assert settings.load("tests.local")["storage.port"] == 8888
