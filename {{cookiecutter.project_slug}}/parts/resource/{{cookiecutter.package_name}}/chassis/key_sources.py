"""Chooses where the public keys come from: the issuer's JWKS, or a folder."""

from functools import partial
from urllib.parse import urlsplit

from . import jwks_client, project_files
from .failures import StartError
from .keys import KeySource, PublicKeys
from .remote_keys import Bounds, RemoteKeys
from .settings import Settings

THIS_MACHINE = frozenset({"127.0.0.1", "::1", "localhost"})
"""Nobody is between here and there: what browsers take for as safe as https."""


def from_settings(settings: Settings) -> KeySource:
    """Return the keys that the settings name; StartError where they cannot be had ever.

    A folder without keys is such a case. An issuer that does not answer is none: it may be starting
    itself. The service starts and is not ready until it has keys.
    """
    url = settings["tokens.keys_url"]
    if not url:
        return PublicKeys(project_files.working_folder() / settings["tokens.public_keys_folder"])
    _check(url, settings)
    bounds = Bounds(cache=settings["tokens.keys_cache_seconds"])
    if bounds.cache < bounds.again:
        raise StartError(
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
    except ValueError:  # the port is no number, or the host no host
        fits = False
    # Whoever answers in the issuer's place can sign tokens. Names and passwords would be logged.
    if not fits or "@" in parts.netloc:
        raise StartError(
            "tokens.keys_url must be the address of the issuer's JWKS, "
            "https://<host>/.well-known/jwks.json without a password (http on this machine and in "
            "development alone), or empty: then the keys are those in tokens.public_keys_folder."
        )
