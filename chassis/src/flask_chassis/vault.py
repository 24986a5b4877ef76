"""Reads the settings that HashiCorp Vault holds, where VAULT_ENABLED_FOR_DYNACONF is true.

    vault kv put -mount=secret billing/production.kubernetes database__password=...

The address, the ways to log in and the mount are Dynaconf's: VAULT_URL_FOR_DYNACONF,
VAULT_TOKEN_FOR_DYNACONF, VAULT_ROLE_ID_FOR_DYNACONF, VAULT_MOUNT_POINT_FOR_DYNACONF and so on. Its
own loader does not do: it takes a password 1e5 for a number, finds only secrets that Dynaconf wrote
where the KV engine is of version 2, and ends in a traceback when Vault does not answer.
"""

from typing import Any

from dynaconf import constants

from flask_chassis.exceptions import ConfigurationError


def init_dynaconf() -> None:
    """Have Dynaconf call this module where it would call its own loader."""
    constants.EXTERNAL_LOADERS["VAULT"] = __name__


def load(settings: Any, *_: object, **__: object) -> None:
    """Add what Vault holds to Dynaconf's settings, after the files and before the variables."""
    # Imported here, as few services need it and it takes a while.
    from dynaconf.loaders.vault_loader import get_client
    from hvac.exceptions import InvalidPath, VaultError  # type: ignore[import-untyped]
    from requests import RequestException

    path, mount = settings.VAULT_PATH_FOR_DYNACONF, settings.VAULT_MOUNT_POINT_FOR_DYNACONF
    try:
        kv = get_client(settings).secrets.kv.v2
        found = kv.read_secret_version(path, mount_point=mount, raise_on_deleted_version=True)
    except InvalidPath:
        return  # Vault holds nothing: what is required and missing is listed with all the rest.
    except (AssertionError, VaultError, RequestException) as error:
        url = settings.VAULT_FOR_DYNACONF["url"]
        raise ConfigurationError(
            f"Vault at {url} does not give {mount}/{path}: {str(error) or type(error).__name__}. "
            "Correct VAULT_…_FOR_DYNACONF, or switch Vault off: VAULT_ENABLED_FOR_DYNACONF=false."
        ) from error
    settings.update(found["data"]["data"])
