"""Resolves the settings once, at start.

The sources, each overriding the one before: the sections of `settings.yaml` for the environment
(`default`, then `developers` for the stages development and tests, then that of the environment),
the same ones of an untracked `settings.local.yaml`, HashiCorp Vault if enabled, and environment
variables: `BILLING_DATABASE__PASSWORD` is `database.password` of a package called `billing`.

`settings.yaml` is also the schema, together with the `defaults.yaml` of the chassis: only what they
declare is a setting, and the type of its value is the setting's type. A value of `__required__` is
a text that one of the other sources must supply. A list replaces that of the source before.
"""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType
from typing import Any

from dynaconf import Dynaconf

from flask_chassis import project, vault
from flask_chassis.exceptions import ConfigurationError
from flask_chassis.setting_types import typed
from flask_chassis.settings_files import (
    DEFAULT,
    DEVELOPERS,
    STAGES_FOR_DEVELOPERS,
    Values,
    fitting,
    flat,
    layers,
    parts_of,
    read,
    stage_of,
)

DEFAULT_ENVIRONMENT = "development.local"
REQUIRED = "__required__"
ALWAYS_USED = frozenset({"service", "logs", "http", "sentry"})
"""The parts of the chassis's defaults that every service has; others follow its settings.yaml."""

LIBRARIES = {"database": "sqlalchemy", "tokens": "jwt", "upstream": "requests"}
"""Optional parts of the settings, and a library that a service with that part has."""


@dataclass(frozen=True)
class Settings:
    """The resolved settings of one environment, read by dotted key: `settings["database.host"]`."""

    environment: str
    values: Mapping[str, Any]

    def __getitem__(self, key: str) -> Any:
        """Return a value; KeyError names the key that `settings.yaml` does not declare."""
        return self.values[key]

    @property
    def stage(self) -> str:
        """The first half of the environment: `development`, `tests`, `staging`, `production`."""
        return stage_of(self.environment)

    @property
    def is_for_developers(self) -> bool:
        """Whether this environment runs on a developer's machine or in CI, not for users."""
        return self.stage in STAGES_FOR_DEVELOPERS

    @property
    def is_local(self) -> bool:
        """Whether this environment is for developers and outside containers: `….local`."""
        return self.is_for_developers and self.environment.endswith(".local")


def load(environment: str | None = None, section: str = "") -> Settings:
    """Resolve the settings of an environment; by default, of the one the variable names.

    A `section` is loaded alone, with `service`, for a task that needs no other:
    `load(section="tokens")`. Whatever else is required may then be missing.
    Raises ConfigurationError, which lists all required values that are missing and all values of a
    wrong type.
    """
    environment = environment or os.environ.get(environment_variable()) or DEFAULT_ENVIRONMENT
    declared, faults = _declared(environment)
    supplied, examples = dict(declared), declared | _examples()
    for source in (_local(environment), _outside(environment, declared)):
        values, misfits = fitting(source, declared)
        supplied |= values
        faults += misfits
    wanted = {section, "service"} if section else {key.partition(".")[0] for key in declared}
    # A fault begins with its key, or with its part.
    faults = [fault for fault in faults if re.split(r"[. ]", fault)[0] in wanted or not section]
    resolved: dict[str, Any] = {}
    for key in declared:
        if key.partition(".")[0] not in wanted:
            continue
        value, example = supplied[key], examples[key]
        if value == REQUIRED or (value == "" and declared[key] == REQUIRED):
            faults.append(f"{key} is missing: {how_to_supply(key, environment)}")
            continue
        try:
            resolved[key] = typed(key, example, value)
        except (TypeError, ValueError) as error:
            faults.append(str(error))
    if faults:
        raise ConfigurationError(
            f"Settings of {environment}:\n" + "\n".join(f"  {f}" for f in faults)
        )
    return Settings(environment, MappingProxyType(resolved))


def environment_variable() -> str:
    """Return the variable that names the environment: `BILLING_ENVIRONMENT`."""
    return f"{project.current().prefix}_ENVIRONMENT"


def environments() -> list[str]:
    """Return the environments that `settings.yaml` has a section for."""
    return sorted(set(_sections()) - {DEFAULT, DEVELOPERS})


def parts() -> frozenset[str]:
    """Return the parts that the service's `settings.yaml` declares: `database`, `tokens`.

    For a file that cannot be read, returns the parts whose libraries are installed: the code
    that uses one of them meets the error, from `load`.
    """
    try:
        return frozenset(_sections().get("default") or {})
    except ConfigurationError:
        return frozenset(part for part, library in LIBRARIES.items() if find_spec(library))


def declared_in(environment: str) -> Values:
    """Return what `settings.yaml` alone says of an environment, as dotted key -> value."""
    return _declared(environment)[0]


def declared_by_service() -> list[str]:
    """Return the keys that the service's own `settings.yaml` declares, in its default section."""
    return [key for key, _ in flat(_sections().get(DEFAULT))]


def faults_in(environment: str) -> list[str]:
    """Return what is wrong with an environment's sections of `settings.yaml`, a line each."""
    examples = _examples()
    declared, found = _declared(environment)
    for key, value in declared.items():
        if key not in examples:
            found.append(f"{key} is not a setting: the default section lacks it")
        elif value != REQUIRED:
            try:
                typed(key, examples[key], value)
            except (TypeError, ValueError) as error:
                found.append(str(error))
    return [f"{environment}: {fault}" for fault in found]


def local_keys() -> Iterator[tuple[str, str]]:
    """Yield the section and the dotted key of each setting in `settings.local.yaml`."""
    for name, section in _local_sections().items():
        for key, _ in flat(section):
            yield name, key


def required_in(environment: str) -> list[str]:
    """Return the keys that an environment needs from outside `settings.yaml`."""
    return [key for key, value in declared_in(environment).items() if value == REQUIRED]


def variable_for(key: str) -> str:
    """Return the environment variable that sets a key: `database.host` -> `…_DATABASE__HOST`."""
    return f"{project.current().prefix}_{key.replace('.', '__').upper()}"


def how_to_supply(key: str, environment: str) -> str:
    """Return, in a few words, each way to give a key its value in an environment."""
    shared = ""
    if DEVELOPERS in layers(environment):
        shared = f", or {key} under {DEVELOPERS} in settings.yaml"
    return (
        f"set {variable_for(key)}{shared}, or {key} under {environment} in settings.local.yaml, "
        f"or {key.replace('.', '__')} in Vault at {_vault_path(environment)}"
    )


def _sections() -> dict[str, Any]:
    return read(project.find("settings.yaml"))


def _local_sections() -> dict[str, Any]:
    path = project.working_folder() / "settings.local.yaml"
    return read(path) if path.exists() else {}


def _used_defaults() -> Values:
    """Return the chassis's defaults of the parts that the service has."""
    own = _sections().get(DEFAULT) or {}
    parts = _chassis_defaults()
    if "upstream" in own:
        own = {"calls": None} | own
    return dict(flat({name: parts[name] for name in parts if name in ALWAYS_USED or name in own}))


@cache
def _chassis_defaults() -> dict[str, Any]:
    return read(Path(__file__).with_name("defaults.yaml"))


def _schema() -> tuple[Values, list[str]]:
    """Return the defaults of the chassis and over them the service's, and what does not fit."""
    defaults = _used_defaults()
    own, faults = fitting(dict(flat(_sections().get(DEFAULT))), defaults)
    schema = defaults | own
    schema["service.name"] = schema["service.name"] or project.package().replace("_", "-")
    return schema, faults


def _examples() -> Values:
    """Return a value of each setting's type: the chassis's default, or else the service's."""
    return _schema()[0] | _used_defaults()


def _declared(environment: str) -> tuple[Values, list[str]]:
    """Return what `settings.yaml` says of an environment, and what does not fit its structure."""
    sections = _sections()
    if environment not in environments():
        raise ConfigurationError(
            f"{environment_variable()} is {environment!r}, which settings.yaml has no section for. "
            f"Known environments: {', '.join(environments())}."
        )
    declared, faults = _schema()
    for name in layers(environment)[1:]:
        values, misfits = fitting(dict(flat(sections.get(name))), declared)
        declared = declared | values
        faults += misfits
    return declared, faults


def _local(environment: str) -> Values:
    sections = _local_sections()
    values: Values = {}
    for name in layers(environment):
        values |= dict(flat(sections.get(name)))
    return values


def _outside(environment: str, declared: Values) -> Values:
    """Let Dynaconf read Vault and the variables, which override what the files say.

    The files are merged above: Dynaconf would add the elements of lists to those of the default.
    """
    # Dynaconf reads 0123 and 1e5 as numbers, and {a=1} as a mapping: they stay what was typed.
    given = {
        key: os.environ[variable_for(key)] for key in declared if variable_for(key) in os.environ
    }
    # A text may begin with `@int` or `@format`; Dynaconf has no other way to leave it alone.
    os.environ.setdefault("AUTO_CAST_FOR_DYNACONF", "false")
    vault.init_dynaconf()
    found = Dynaconf(
        settings_files=[],
        environments=True,
        env=environment,
        # The loader would otherwise go by ENV_FOR_DYNACONF, a second way to pick the environment.
        env_switcher=environment_variable(),
        force_env=environment,
        envvar_prefix=project.current().prefix,
        merge_enabled=True,
        load_dotenv=False,
        vault_path=_vault_path(environment),
    )
    others = {
        key: value for key, value in flat(found.to_dict()) if not parts_of([key]) & given.keys()
    }
    return others | given


def _vault_path(environment: str) -> str:
    return f"{project.package().replace('_', '-')}/{environment}"
