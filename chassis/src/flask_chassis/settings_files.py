"""Reads the files with settings, `settings.yaml` and `settings.local.yaml`, and their sections."""

from collections.abc import Collection, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from flask_chassis import safe_yaml
from flask_chassis.exceptions import ConfigurationError

DEFAULT = "default"
"""The section whose settings all environments have."""

DEVELOPERS = "developers"
"""The section whose settings all environments of the stages for developers have."""

STAGES_FOR_DEVELOPERS = frozenset({"development", "tests"})

Values = dict[str, Any]
"""Values by dotted, lower-case key."""


def stage_of(environment: str) -> str:
    """Return the first half of an environment: `production` of `production.kubernetes`."""
    return environment.partition(".")[0]


def layers(environment: str) -> list[str]:
    """Return the sections that an environment has its settings from; a later one wins."""
    shared = [DEFAULT, DEVELOPERS] if stage_of(environment) in STAGES_FOR_DEVELOPERS else [DEFAULT]
    return [*shared, environment]


def read(path: Path) -> dict[str, Any]:
    """Return the sections of a file. Raises ConfigurationError if it has another structure."""
    try:
        sections = _parsed(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}.") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path.name} is not valid YAML: {error}") from error
    if not isinstance(sections, dict) or not all(
        isinstance(section, dict | None) for section in sections.values()
    ):
        raise ConfigurationError(
            f"{path.name} must have a section of settings for each environment."
        )
    return sections


@lru_cache(maxsize=8)
def _parsed(text: str) -> Any:
    """Parse a file, which is asked for several times and takes a while."""
    return safe_yaml.load(text) or {}


def flat(tree: Mapping[str, Any] | None, above: str = "") -> Iterator[tuple[str, Any]]:
    """Yield a nested mapping's leaves as dotted, lower-case key and value. A list is a leaf.

    Two underscores in a name stand for a dot, as in variables and in Vault.
    """
    for name, value in (tree or {}).items():
        key = f"{above}{str(name).lower().replace('__', '.')}"
        if isinstance(value, Mapping):
            yield from flat(value, f"{key}.")
        else:
            yield key, value


def parts_of(keys: Collection[str]) -> frozenset[str]:
    """Return what dotted keys are in: `a` and `a.b` for `a.b.c`."""
    return frozenset(
        key[:place] for key in keys for place, letter in enumerate(key) if letter == "."
    )


def fitting(values: Values, known: Collection[str]) -> tuple[Values, list[str]]:
    """Return the values that fit into the structure of known keys, and a sentence for each other.

    A part (`database`) is not a single value, and a setting is not a part. An empty part, whose
    lines are commented out, is left out.
    """
    parts, fit, faults = parts_of(known), {}, []
    for key, value in values.items():
        above = [part for part in parts_of([key]) if part in known]
        if key in parts:
            if value is not None:
                example = next(name for name in sorted(known) if name.startswith(f"{key}."))
                faults.append(f"{key} is a part with settings, such as {example}, not one value")
        elif above:
            faults.append(f"{above[0]} is a setting with one value, but has {key} below it")
        else:
            fit[key] = value
    return fit, faults
