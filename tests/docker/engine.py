"""A real Docker engine: its command, images that are built with it, containers that run there."""

import json
import os
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self

SECONDS = 300

HARDENED = (
    "--read-only",
    "--tmpfs=/tmp:size=16m",
    "--cap-drop=ALL",
    "--security-opt=no-new-privileges",
    "--user=23456:34567",  # nobody's
    "--memory=512m",
    "--pids-limit=128",
)
"""What a container may do that has to do no more than serve."""

LABEL = "flask-microservice-template.tests"
"""Marks what the tests have made, so that it can be found if they were killed."""


def ask(*words: str | Path, **more: Any) -> subprocess.CompletedProcess[str]:
    """Run a command of `docker`, whether it succeeds or not."""
    return subprocess.run(
        ["docker", *words], capture_output=True, text=True, timeout=SECONDS, **more
    )


def docker(*words: str | Path, **more: Any) -> str:
    """Run a command of `docker` that must succeed, and return what it prints."""
    done = ask(*words, **more)
    assert done.returncode == 0, f"docker {words}:\n{done.stdout}{done.stderr}"
    return done.stdout.strip()


def inspect(what: str) -> dict[str, Any]:
    """Return all that the engine knows of a container or an image."""
    [found] = json.loads(docker("inspect", what))
    known: dict[str, Any] = found
    return known


def no_engine() -> str | None:
    """Return why there is no engine here, or None where one answers."""
    try:
        done = ask("version")
    except FileNotFoundError:
        return "there is no docker command"
    return done.stderr.strip() if done.returncode else None


def build(
    service: Path,
    tag: str,
    *options: str | Path,
    target: str = "production",
    version: str = "v1.2.3",
) -> None:
    """Build an image of a rendered service."""
    arguments = {"VERSION_NAME": version, "VERSION_SHA": version and "c0ffee"}
    given = [f"--build-arg={name}={value}" for name, value in arguments.items() if value]
    docker(
        *("build", "--file", service / "infra" / "docker" / "Dockerfile", "--target", target),
        *("--tag", tag, *given, *options, service),
    )


class Container:
    """A container, from its start until the end of the `with` block."""

    def __init__(self, image: str, *command: str, options: tuple[str, ...] = ()) -> None:
        """`options` are those of `docker run`."""
        self.words = (f"--label={LABEL}", *options, image, *command)
        self.id = ""

    def __enter__(self) -> Self:
        self.id = docker("run", "--detach", *self.words)
        return self

    def __exit__(self, *of: object) -> None:
        docker("rm", "--force", "--volumes", self.id)

    @property
    def state(self) -> dict[str, Any]:
        """Whether it runs, and with which exit code it ended."""
        state: dict[str, Any] = inspect(self.id)["State"]
        return state

    def until_healthy(self) -> None:
        """Wait until its health check succeeds."""
        until(lambda: self.state["Health"]["Status"] == "healthy", "healthy", otherwise=self.log)

    def run(self, *words: str, user: str = "") -> str:
        """Run a command inside, which must succeed."""
        return docker("exec", *([f"--user={user}"] if user else []), self.id, *words)

    def kill(self, signal: str) -> None:
        """Send a signal to process 1."""
        docker("kill", f"--signal={signal}", self.id)

    def wait(self) -> int:
        """Wait until it ends, and return its exit code."""
        return int(docker("wait", self.id))

    def log(self) -> str:
        """Return all that it has written so far."""
        done = ask("logs", self.id)
        assert done.returncode == 0, done.stderr
        return done.stdout + done.stderr

    def records(self) -> list[dict[str, Any]]:
        """Return its log, of which every line must be JSON."""
        return [json.loads(line) for line in self.log().splitlines()]

    def says(self, text: str) -> bool:
        """Whether a record of its log has a text in its message."""
        return any(text in record["message"] for record in self.records())


def until(
    is_so: Callable[[], object],
    what: str,
    seconds: float = 60,
    otherwise: Callable[[], str] = str,
) -> None:
    """Wait until something is so; `otherwise` returns what to say besides where it never is."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}\n{otherwise()}"
        time.sleep(0.1)


def variables(settings: Mapping[str, object]) -> tuple[str, ...]:
    """Return the options that set environment variables."""
    return tuple(f"--env={name}={value}" for name, value in settings.items())


def in_ci() -> bool:
    """Whether a skipped test would pass unnoticed."""
    return os.environ.get("CI", "").lower() in {"1", "true", "yes"}
