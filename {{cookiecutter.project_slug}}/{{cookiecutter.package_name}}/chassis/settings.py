"""Resolves the settings once, at start.

The sources, each overriding the one before: the `default` section of `settings.yaml`, the section
of the environment, the same two of an untracked `settings.local.yaml`, HashiCorp Vault where it is
switched on, and environment variables: `BILLING_DATABASE__PASSWORD` is `database.password` of a
package called `billing`.

`settings.yaml` is also the schema: only what it declares is a setting, and the type of its value is
the setting's type. A value of `__required__` is a text that one of the other sources must supply.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml
from dynaconf import Dynaconf

from . import project_files, safe_yaml, vault
from .failures import StartError

PREFIX = project_files.PACKAGE.name.upper()
ENVIRONMENT_VARIABLE = f"{PREFIX}_ENVIRONMENT"
DEFAULT_ENVIRONMENT = "development.local"
REQUIRED = "__required__"

_TRUE = {"true", "yes", "on", "1"}
_FALSE = {"false", "no", "off", "0"}


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
        return self.environment.partition(".")[0]

    @property
    def is_for_developers(self) -> bool:
        """Whether this environment runs on a developer's machine or in CI, not for users."""
        return self.stage in {"development", "tests"}


def load(environment: str | None = None, section: str = "") -> Settings:
    """Resolve the settings of an environment; by default, of the one the variable names.

    A `section` is loaded alone, for a task that needs no other: `load(section="tokens")`.
    Raises StartError listing every required value that is missing and every value of a wrong type.
    """
    environment = environment or os.environ.get(ENVIRONMENT_VARIABLE) or DEFAULT_ENVIRONMENT
    declared = declared_in(environment)
    examples = declared | dict(_flat(_sections()["default"]))
    supplied = declared | dict(_flat(_dynaconf(environment)))
    values: dict[str, Any] = {}
    faults: list[str] = []
    for key in declared:
        if section and not key.startswith(f"{section}."):
            continue
        value, example = supplied[key], examples[key]
        if isinstance(example, str):
            # Dynaconf reads 0123 and 1e5 from a variable as numbers: a text stays what was typed.
            value = os.environ.get(variable_for(key), value)
        if value == REQUIRED or (value == "" and declared[key] == REQUIRED):
            faults.append(f"{key} is missing: {how_to_supply(key, environment)}")
            continue
        try:
            values[key] = _typed(key, example, value)
        except (TypeError, ValueError) as error:
            faults.append(str(error))
    if faults:
        raise StartError(f"Settings of {environment}:\n" + "\n".join(f"  {f}" for f in faults))
    return Settings(environment, MappingProxyType(values))


def environments() -> list[str]:
    """Return the environments that `settings.yaml` has a section for."""
    return sorted(set(_sections()) - {"default"})


def declared_in(environment: str) -> dict[str, Any]:
    """Return what `settings.yaml` alone says of an environment, as dotted key -> value."""
    sections = _sections()
    if environment not in sections or environment == "default":
        known = ", ".join(environments())
        raise StartError(
            f"{ENVIRONMENT_VARIABLE} is {environment!r}, which settings.yaml has no section for. "
            f"Known environments: {known}."
        )
    return dict(_flat(sections["default"])) | dict(_flat(sections[environment] or {}))


def faults_in(environment: str) -> list[str]:
    """Return what is wrong with an environment's section of `settings.yaml`, a line each."""
    schema = dict(_flat(_sections()["default"]))
    faults = []
    for key, value in declared_in(environment).items():
        if key not in schema:
            faults.append(f"{environment}: {key} is not a setting: the default section lacks it")
        elif value != REQUIRED:
            try:
                _typed(key, schema[key], value)
            except (TypeError, ValueError) as error:
                faults.append(f"{environment}: {error}")
    return faults


def required_in(environment: str) -> list[str]:
    """Return the keys that an environment needs from outside `settings.yaml`."""
    return [key for key, value in declared_in(environment).items() if value == REQUIRED]


def variable_for(key: str) -> str:
    """Return the environment variable that sets a key: `database.host` -> `…_DATABASE__HOST`."""
    return f"{PREFIX}_{key.replace('.', '__').upper()}"


def how_to_supply(key: str, environment: str) -> str:
    """Return, in a few words, each way to give a key its value in an environment."""
    return (
        f"set {variable_for(key)}, or {key} under {environment} in settings.local.yaml, "
        f"or {key.replace('.', '__')} in Vault at {_vault_path(environment)}"
    )


def _sections() -> dict[str, Any]:
    return _read(project_files.find("settings.yaml"))


def _read(path: Path) -> dict[str, Any]:
    """Return a file's sections; StartError where it is not made of sections."""
    try:
        sections = safe_yaml.load(path.read_text(encoding="utf-8")) or {}
    except yaml.YAMLError as error:
        raise StartError(f"{path.name} is not valid YAML: {error}") from error
    if not isinstance(sections, dict) or not all(
        isinstance(section, dict | None) for section in sections.values()
    ):
        raise StartError(f"{path.name} must have a section of settings for each environment.")
    return sections


def _dynaconf(environment: str) -> dict[str, Any]:
    """Let Dynaconf read and merge all sources, and return its top-level settings."""
    files = [project_files.find("settings.yaml")]
    local = project_files.working_folder() / "settings.local.yaml"
    if local.exists():
        _read(local)  # Dynaconf ends in a traceback where it cannot be read.
        files.append(local)
    # A text may begin with `@int` or `@format`; Dynaconf has no other way to be told.
    os.environ.setdefault("AUTO_CAST_FOR_DYNACONF", "false")
    vault.init_dynaconf()
    merged = Dynaconf(
        settings_files=[str(path) for path in files],
        environments=True,
        env=environment,
        # The loader would otherwise go by ENV_FOR_DYNACONF, a second way to pick the environment.
        env_switcher=ENVIRONMENT_VARIABLE,
        force_env=environment,
        envvar_prefix=PREFIX,
        merge_enabled=True,
        load_dotenv=False,
        vault_path=_vault_path(environment),
    )
    return dict(merged.to_dict())


def _vault_path(environment: str) -> str:
    return f"{project_files.PACKAGE.name.replace('_', '-')}/{environment}"


def _flat(tree: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """Yield a nested mapping's leaves as dotted, lower-case key and value."""
    for name, value in tree.items():
        key = f"{above}{name.lower()}"
        if isinstance(value, Mapping):
            yield from _flat(value, f"{key}.")
        else:
            yield key, value


def _typed(key: str, example: Any, value: Any) -> Any:
    """Return the value in the type that `settings.yaml` declares, or raise what is wrong."""
    if isinstance(example, str):
        if not isinstance(value, str):
            # What it is stays unsaid: it may be a password, and YAML has turned 0123 into 83.
            raise TypeError(f"{key} is not a text: put it in quotes")
        return value
    if isinstance(example, bool):
        return _boolean(key, value)
    if isinstance(example, int | float):
        kind = "whole number" if isinstance(example, int) else "number"
        try:
            return type(example)(str(value))
        except ValueError:
            raise ValueError(f"{key} is {value!r}, which is not a {kind}") from None
    return value


def _boolean(key: str, value: Any) -> bool:
    word = str(value).lower()
    if word not in _TRUE | _FALSE:
        raise ValueError(f"{key} is {value!r}, which is neither true nor false")
    return word in _TRUE
