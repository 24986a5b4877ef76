"""Writes a secret from an environment variable to a file, for programs that need a file."""

import binascii
import os
from base64 import b64decode
from pathlib import Path

from invoke import Context, Exit, task


@task(
    help={
        "variable": "The environment variable with the secret",
        "file": "The file",
        "base64": "The variable has the secret in base64, as a field of one line needs it",
    }
)
def write_secret(context: Context, variable: str, file: str, base64: bool = False) -> None:
    """Write a secret, such as a kubeconfig, from a variable to a file with mode 0600."""
    secret = os.environ.get(variable, "")
    if not secret:
        raise Exit(f"{variable} is not set or empty. No file was written.", 1)
    if base64:
        secret = _decoded(variable, secret)
    path = Path(file)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)  # an existing file may be readable for others
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
        opened.write(f"{secret.rstrip()}\n")
    print(f"Wrote {path}, readable only for this user.")


def _decoded(variable: str, secret: str) -> str:
    try:
        # Without line breaks, which `base64` adds.
        return b64decode("".join(secret.split()), validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        raise Exit(
            f"{variable} is not text in base64. Make it with `base64 --wrap=0 FILE`. "
            "No file was written.",
            1,
        ) from None
