"""Puts a secret of the environment into a file, for programs that read it from there alone."""

import os
from pathlib import Path

from invoke import Context, Exit, task


@task(help={"variable": "The variable with the secret", "file": "Where it goes"})
def write_secret(context: Context, variable: str, file: str) -> None:
    """Write a secret that CI has in a variable into a file of this user's alone: a kubeconfig."""
    secret = os.environ.get(variable, "")
    if not secret:
        raise Exit(f"{variable} is not set, or is empty: nothing was written.", 1)
    path = Path(file)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)  # one that is there may be for others to read
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
        opened.write(f"{secret.rstrip()}\n")
    print(f"{path}: written, for this user alone.")
