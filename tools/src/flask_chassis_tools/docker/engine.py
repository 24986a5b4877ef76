"""Runs the Docker CLI in the service's folder."""

import shutil
import subprocess

from flask_chassis import project
from invoke import Exit

HOW_TO_GET_IT = "Install Docker with Compose and start it: https://docs.docker.com/get-docker/."


def ask(*words: str, given: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run a `docker` command and return its output, whether it succeeds or not.

    `given` is its standard input. Passwords go there: other users see the arguments.
    """
    return subprocess.run(
        [_program(), *words],
        cwd=project.working_folder(),
        input=given,
        capture_output=True,
        text=True,
    )


def show(*words: str) -> None:
    """Run a `docker` command with its output shown; Exit if it fails."""
    print(f"$ docker {' '.join(words)}", flush=True)
    done = subprocess.run([_program(), *words], cwd=project.working_folder())
    if done.returncode:
        raise Exit(f"docker {' '.join(words)} failed. See its output above.", 1)


def require_engine() -> None:
    """Exit if no Docker engine is running."""
    done = ask("version")
    if done.returncode:
        raise Exit(f"The Docker engine does not respond: {done.stderr.strip()}\n{HOW_TO_GET_IT}", 1)


def _program() -> str:
    program = shutil.which("docker")
    if not program:
        raise Exit(f"Docker not found. {HOW_TO_GET_IT}", 1)
    return program
