"""Finds misspelt settings: environment variables, and keys of `settings.local.yaml`."""

import os
import re
from collections.abc import Collection, Mapping
from difflib import get_close_matches

from flask_chassis import project, settings, settings_files

_SERVICE_LINK = re.compile(r"(_SERVICE_HOST|_SERVICE_PORT(_\w+)?|_PORT_\d+_\w+)$")
"""Variables that Kubernetes and Docker set for a service that is called like the package."""

_LINK_VALUE = re.compile(r"(tcp|udp|sctp)://")

NOT_SETTINGS = ("_FOR_DYNACONF",)
"""Suffixes of the variables of Dynaconf's own."""


def unknown(variables: Mapping[str, str] | None = None) -> list[str]:
    """Return a sentence for each variable or local key that is not a setting of the service.

    `variables` are those of the environment, if not given. Only those with the service's prefix are
    looked at. Values are not part of the sentences.
    """
    keys = {key for name in settings.environments() for key in settings.declared_in(name)}
    known = {settings.variable_for(key): key for key in keys}
    known[settings.environment_variable()] = "the environment"
    prefix = f"{project.current().prefix}_"
    found = os.environ if variables is None else variables
    return [
        f"the variable {name} is not a setting of this service: {_advice(name, known)}"
        for name in sorted(found)
        if name.startswith(prefix) and name not in known and not _is_foreign(name, found[name])
    ] + [
        f"settings.local.yaml, {section}: {key} is not a setting of this service: "
        f"{_advice(key, keys)}"
        for section, key in settings.local_keys()
        if key not in keys and key not in settings_files.parts_of(keys)
    ]


def _is_foreign(name: str, value: str) -> bool:
    return bool(
        name.endswith(NOT_SETTINGS) or _SERVICE_LINK.search(name) or _LINK_VALUE.match(value)
    )


def _advice(name: str, known: Collection[str]) -> str:
    close = get_close_matches(name, sorted(known), n=3, cutoff=0.7)
    if not close:
        return "remove it, or declare the setting in the default section of settings.yaml"
    return f"did you mean {' or '.join(close)}?"
