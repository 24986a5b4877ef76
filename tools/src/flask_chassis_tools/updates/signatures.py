"""Verifies the signatures of the template's releases, if an organisation signs them.

`trusted_keys` in [tool.template] of pyproject.toml names a file with the keys: git's list of
allowed SSH signers, or exported OpenPGP keys. The variable TEMPLATE_TRUSTED_KEYS names one instead,
for a job that updates services of others.
"""

import os
import tempfile
import tomllib
from pathlib import Path

from . import git, processes
from .faults import UpdateError

VARIABLE = "TEMPLATE_TRUSTED_KEYS"

_OPENPGP = "-----BEGIN PGP PUBLIC KEY BLOCK-----"


def trusted_keys(folder: Path) -> str:
    """Return the keys that sign the releases; empty if none are configured."""
    where = os.environ.get(VARIABLE, "")
    if not where:
        file = folder / "pyproject.toml"
        pyproject = tomllib.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
        where = pyproject.get("tool", {}).get("template", {}).get("trusted_keys", "")
    if not where:
        return ""
    try:
        keys = (folder / where).read_text(encoding="utf-8")
    except OSError as error:
        raise UpdateError(f"The trusted keys of the template cannot be read: {error}") from None
    if not keys.strip():
        raise UpdateError(f"{where} has no keys: it has to list who signs the template's releases.")
    return keys


def is_signed(template: Path, tag: str, keys: str) -> bool:
    """Return whether one of the keys has signed a tag, and under this name."""
    with tempfile.TemporaryDirectory(prefix="signatures-") as made:
        signers, home = Path(made) / "signers", Path(made) / "gnupg"
        home.mkdir(mode=0o700)
        # Each kind of signature is verified with the given keys, or with none.
        signers.write_text("" if _OPENPGP in keys else keys, encoding="utf-8")
        variables = {"GNUPGHOME": str(home)}
        if _OPENPGP in keys:
            _import(keys, variables)
        options = ("-c", f"gpg.ssh.allowedSignersFile={signers}", "-c", "gpg.program=gpg")
        words = (*options, "verify-tag", "--format=%(tag)", f"refs/tags/{tag}")
        done = git.tries(template, *words, variables=variables)
    # An older release that is signed can be published under a newer name.
    return done.returncode == 0 and done.stdout.decode().strip() == tag


def _import(keys: str, variables: dict[str, str]) -> None:
    words = ["gpg", "--batch", "--quiet", "--import"]
    try:
        done = processes.run(words, given=keys.encode(), env=os.environ | variables)
    except FileNotFoundError:
        raise UpdateError("gpg not found. Verifying OpenPGP signatures requires it.") from None
    if done.returncode:
        raise UpdateError("gpg cannot import the trusted keys of the template. See above.")
