"""Chooses where the public keys come from: the issuer's JWKS, or a folder."""

from functools import partial
from urllib.parse import urlsplit

from flask_chassis import project
from flask_chassis.auth import jwks_client
from flask_chassis.auth.public_keys import KeySource, PublicKeys
from flask_chassis.auth.remote_keys import Bounds, RemoteKeys
from flask_chassis.exceptions import ConfigurationError
from flask_chassis.settings import Settings

THIS_MACHINE = frozenset({"127.0.0.1", "::1", "localhost"})
"""Hosts that plain http is allowed for, as in browsers."""


def from_settings(settings: Settings) -> KeySource:
    """Return the public keys of the issuer's JWKS if `tokens.keys_url` is set, else of a folder.

    Raises ConfigurationError for a folder without keys and for a wrong address. An issuer that
    does not answer may be starting itself: the service starts, and is not ready without keys.
    """
    url = settings["tokens.keys_url"]
    if not url:
        return PublicKeys(project.working_folder() / settings["tokens.public_keys_folder"])
    _check(url, settings)
    bounds = Bounds(cache=settings["tokens.keys_cache_seconds"])
    if bounds.cache < bounds.again:
        raise ConfigurationError(
            f"tokens.keys_cache_seconds must be {bounds.again:.0f} or more: the issuer is asked no "
            "more often, and rotations of keys rely on it."
        )
    keys = RemoteKeys(partial(jwks_client.fetch, url), bounds)
    keys.warm_up()
    return keys


def _check(url: str, settings: Settings) -> None:
    try:
        parts = urlsplit(url)
        is_safe = settings.is_for_developers or parts.hostname in THIS_MACHINE
        schemes = {"https", "http"} if is_safe else {"https"}
        fits = parts.scheme in schemes and parts.hostname and parts.port != 0
    except ValueError:  # the port is not a number, or the host no host
        fits = False
    # Anyone who answers in the issuer's place can sign tokens. Names and passwords would be logged.
    if not fits or "@" in parts.netloc:
        raise ConfigurationError(
            "tokens.keys_url must be the address of the issuer's JWKS, "
            "https://<host>/.well-known/jwks.json without a password (http on this machine and in "
            "development alone), or empty: then the keys are those in tokens.public_keys_folder."
        )
