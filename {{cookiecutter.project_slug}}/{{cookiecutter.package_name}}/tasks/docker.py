"""Calls Docker, in the service's folder."""

import shutil
import subprocess

from invoke import Exit

from ..chassis import project_files

HOW_TO_GET_IT = "Install Docker with Compose, and start it: https://docs.docker.com/get-docker/."


def ask(*words: str, given: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command of `docker` and return what it says, whether it succeeds or not.

    `given` is what it reads from its standard input: a password stands in no list of processes.
    """
    return subprocess.run(
        [_program(), *words],
        cwd=project_files.working_folder(),
        input=given,
        capture_output=True,
        text=True,
    )


def show(*words: str) -> None:
    """Run a command of `docker` before the user's eyes; it has to succeed."""
    print(f"$ docker {' '.join(words)}", flush=True)
    done = subprocess.run([_program(), *words], cwd=project_files.working_folder())
    if done.returncode:
        raise Exit(f"docker {' '.join(words)} failed, as it says above.", 1)


def require_engine() -> None:
    """Stop with a sentence where no engine answers."""
    done = ask("version")
    if done.returncode:
        raise Exit(f"No Docker engine answers: {done.stderr.strip()}\n{HOW_TO_GET_IT}", 1)


def _program() -> str:
    program = shutil.which("docker")
    if not program:
        raise Exit(f"There is no Docker here. {HOW_TO_GET_IT}", 1)
    return program
