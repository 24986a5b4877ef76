"""The services that this one calls, as `settings.yaml` declares them.

upstream:
  thoughts:
    url: http://thoughts-backend:8080
    minimum_version: v1.6

The name is what the code calls them; an empty minimum takes any version.
"""

from dataclasses import dataclass
from urllib.parse import urlsplit

from .failures import StartError
from .settings import Settings
from .versions import BadVersionError, Version, parse

SECTION = "upstream"
PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Dependency:
    """A service that is called."""

    name: str
    url: str
    address: tuple[str, int]
    minimum: Version | None


def declared(settings: Settings) -> list[Dependency]:
    """Return the services that are called; StartError where one is declared wrongly."""
    keys = [key.split(".") for key in settings.values]
    names = {name for section, name, *_ in keys if section == SECTION}
    return [_dependency(settings, name) for name in sorted(names)]


def _dependency(settings: Settings, name: str) -> Dependency:
    try:
        url = settings[f"{SECTION}.{name}.url"].rstrip("/")
        minimum = settings[f"{SECTION}.{name}.minimum_version"]
    except KeyError as error:
        raise StartError(f"settings.yaml declares {SECTION}.{name} without {error}.") from None
    try:
        version = parse(minimum) if minimum else None
    except BadVersionError as error:
        raise StartError(f"{SECTION}.{name}.minimum_version: {error}; v1.6 is one.") from error
    return Dependency(name, url, _address(f"{SECTION}.{name}.url", url), version)


def _address(key: str, url: str) -> tuple[str, int]:
    fault = StartError(
        f"{key} is not the address of a service: give http://host:port, without user, password, "
        "query and fragment."
    )
    try:
        parts = urlsplit(url)
        port = parts.port or PORTS[parts.scheme]
    except (ValueError, KeyError):
        raise fault from None
    if not parts.hostname or parts.scheme not in PORTS or "@" in parts.netloc:
        raise fault
    if parts.query or parts.fragment or not url.isprintable() or " " in url:
        raise fault
    return parts.hostname, port
