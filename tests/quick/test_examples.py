"""What the services of the examples share has one name and one form in all of them."""

from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

from tasks.render import example
from tests.conftest import EXAMPLES

Settings = dict[str, Any]

ENVIRONMENTS = ("default", "development.local", "tests.local", "staging.kubernetes")

OWN = {"database.name", "database.user"}
"""What each service has for itself, under the same name; and so has it all of `service`."""

TOLD_APART = {"tokens.audience", "tokens.issuer"}
"""Short texts that mean something here, wherever else they may stand."""


@pytest.fixture(scope="session")
def settings(examples: dict[str, Path]) -> dict[str, Settings]:
    """The settings of each kind's example."""
    return {
        kind: yaml.safe_load((service / "settings.yaml").read_text("utf-8"))
        for kind, service in examples.items()
    }


def leaves(value: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the dotted keys and what is set there."""
    if not isinstance(value, dict):
        yield key, value
        return
    for name, inner in value.items():
        yield from leaves(inner, f"{key}.{name}" if key else name)


def shared(services: dict[str, Settings], environment: str) -> Iterator[tuple[str, str, Any]]:
    """Yield kind, key and value of all that is not a service's own."""
    for kind, settings in services.items():
        for key, value in leaves(settings.get(environment) or {}):
            if key not in OWN and not key.startswith("service."):
                yield kind, key, value


def two_values(services: dict[str, Settings]) -> set[str]:
    """Return the keys that mean different things in two services."""
    found = set()
    for environment in ENVIRONMENTS:
        values: dict[str, Any] = {}
        for _, key, value in shared(services, environment):
            if values.setdefault(key, value) != value:
                found.add(key)
    return found


def is_telling(key: str, value: Any) -> bool:
    """Whether a value is an address, a path or the like, which stands for one thing."""
    return key in TOLD_APART or (isinstance(value, str) and any(sign in value for sign in ":/."))


def two_names(services: dict[str, Settings]) -> dict[str, set[str]]:
    """Return the values that have one name here and another there."""
    found: dict[str, dict[str, set[str]]] = {}
    for environment in ENVIRONMENTS:
        for kind, key, value in shared(services, environment):
            if is_telling(key, value):
                found.setdefault(value, {}).setdefault(kind, set()).add(key)
    return {
        value: set.union(*keys.values())
        for value, keys in found.items()
        if len({frozenset(names) for names in keys.values()}) > 1
    }


DIFFERENT_ON_PURPOSE = {
    "tokens.public_keys_folder",  # the tests of the issuer have both halves beside each other
}


def test_one_name_means_one_thing(settings: dict[str, Settings]) -> None:
    assert two_values(settings) - DIFFERENT_ON_PURPOSE == set()


def test_one_thing_has_one_name(settings: dict[str, Settings]) -> None:
    assert two_names(settings) == {}


def test_another_value_and_another_name_are_seen(settings: dict[str, Settings]) -> None:
    planted = deepcopy(settings)
    planted["issuer"]["default"]["tokens"]["life_seconds"] = 7
    planted["frontend"]["development.local"]["upstream"]["database_address"] = "127.0.0.1"
    assert two_values(planted) - DIFFERENT_ON_PURPOSE == {"tokens.life_seconds"}
    assert two_names(planted) == {"127.0.0.1": {"database.host", "upstream.database_address"}}


@pytest.mark.parametrize(
    ("environment", "host"),
    [
        ("development.local", None),
        ("staging.kubernetes", "{slug}"),
        ("production.kubernetes", "{slug}"),
    ],
)
@pytest.mark.parametrize(("name", "kind"), [("thoughts", "resource"), ("users", "issuer")])
def test_the_frontend_calls_the_others_where_they_are(
    settings: dict[str, Settings], environment: str, host: str | None, name: str, kind: str
) -> None:
    answers = example(EXAMPLES[kind])
    slug = settings[kind]["default"]["service"]["name"]
    place = host.format(slug=slug) if host else "127.0.0.1"
    url = settings["frontend"][environment]["upstream"][name]["url"]
    assert url == f"http://{place}:{answers['port']}"


def test_no_two_examples_want_one_port() -> None:
    ports = [int(example(name)["port"]) for name in EXAMPLES.values()]
    assert len({*ports, *(port + 1 for port in ports)}) == 2 * len(ports)
