"""Service dependencies: the other services that a service calls, declared in `settings.yaml`.

upstream:
  thoughts:
    url: http://thoughts-backend:8080
    minimum_version: v1.6

`upstream.service("thoughts")` in the code refers to this name. If `minimum_version` is empty or
missing, any version is accepted. All other settings are optional:

upstream:
  payments:
    url: https://api.payments.example
    foreign: true                 # not made from the template: no version, no request id, no check
    authorization: __required__   # the header Authorization, unless a call passes a token
    proxy: http://proxy:3128      # the only way out; HTTPS_PROXY is not read
    read_timeout_seconds: 20.0    # and any other limit of `calls`, for this service alone
"""

from dataclasses import dataclass
from urllib.parse import urlsplit

from flask_chassis.clients.versions import BadVersionError, Version, parse
from flask_chassis.exceptions import ConfigurationError
from flask_chassis.settings import Settings

SECTION = "upstream"
PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Dependency:
    """A service that this service calls."""

    name: str
    url: str
    address: tuple[str, int]
    """Where connections go: the service, or its proxy."""
    minimum: Version | None
    is_foreign: bool = False
    authorization: str = ""
    proxy: str = ""


def declared(settings: Settings) -> list[Dependency]:
    """Return the declared dependencies, ordered by name.

    Raises ConfigurationError if a URL or a minimum version is missing or not valid.
    """
    keys = [key.split(".") for key in settings.values]
    names = {name for section, name, *_ in keys if section == SECTION}
    return [_dependency(settings, name) for name in sorted(names)]


def _dependency(settings: Settings, name: str) -> Dependency:
    try:
        url = settings[f"{SECTION}.{name}.url"].rstrip("/")
    except KeyError as error:
        raise ConfigurationError(
            f"settings.yaml declares {SECTION}.{name} without {error}. Add this setting."
        ) from None
    optional = {
        key: settings.values.get(f"{SECTION}.{name}.{key}", "")
        for key in ("minimum_version", "foreign", "authorization", "proxy")
    }
    minimum, is_foreign = optional["minimum_version"], bool(optional["foreign"])
    if minimum and is_foreign:
        raise ConfigurationError(
            f"{SECTION}.{name} is foreign and has a minimum_version: a foreign API has no "
            "/admin/version/. Remove one of the two."
        )
    try:
        version = parse(minimum) if minimum else None
    except BadVersionError as error:
        raise ConfigurationError(
            f"{SECTION}.{name}.minimum_version: {error}. Set a version such as v1.6."
        ) from error
    address = _address(f"{SECTION}.{name}.url", url)
    if optional["proxy"]:
        address = _address(f"{SECTION}.{name}.proxy", optional["proxy"].rstrip("/"))
    return Dependency(
        name, url, address, version, is_foreign, optional["authorization"], optional["proxy"]
    )


def _address(key: str, url: str) -> tuple[str, int]:
    # The message does not contain the URL: it may contain a password.
    invalid = ConfigurationError(
        f"{key} is not a valid URL of a service. Set http://host:port or https://host:port, "
        "without user, password, query and fragment."
    )
    try:
        parts = urlsplit(url)
        port = parts.port or PORTS[parts.scheme]
    except (ValueError, KeyError):
        raise invalid from None
    if not parts.hostname or parts.scheme not in PORTS or "@" in parts.netloc:
        raise invalid
    if parts.query or parts.fragment or not url.isprintable() or " " in url:
        raise invalid
    return parts.hostname, port
