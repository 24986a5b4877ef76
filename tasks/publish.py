"""Publishes the wheels of chassis and tools, for services that get them from an index."""

import os
import subprocess
import tomllib
from collections.abc import Iterator

from invoke import Context, Exit, task

from . import versions
from .folders import PROGRAMS, ROOT
from .wheels import VENDOR
from .wheels import faults as faults_of_wheels


@task(
    help={
        "index": "Where to: an address that takes uploads, or a name out of uv's configuration",
        "tag": "The release's tag, such as v1.2.0; without one, this commit has to have it",
        "existing": "Simple-API address of the index: what it has already is not sent again",
        "check": "Only look; publish nothing",
    }
)
def publish(
    context: Context, index: str, tag: str = "", existing: str = "", check: bool = False
) -> None:
    """Publish chassis and tools of this version on an index.

    User and password are in UV_PUBLISH_USERNAME and UV_PUBLISH_PASSWORD, a token in
    UV_PUBLISH_TOKEN.
    """
    if "@" in index:
        raise Exit("Leave user and password out of the address: they are in UV_PUBLISH_...", 2)
    version = written()
    if found := list(faults(version, [tag] if tag else tags())):
        lines = (f"- {each}" for each in found)
        raise Exit("\n".join([f"Version {version} cannot be published:", *lines]), 1)
    files = sorted(str(path) for path in VENDOR.iterdir())
    if check:
        print(f"Version {version} can be published.")
        return
    where = f"--publish-url={index}" if "://" in index else f"--index={index}"
    words = [
        where,
        "--trusted-publishing=never",
        *([f"--check-url={existing}"] if existing else []),
    ]
    # Use the system's certificates, which may include those of the company.
    environment = os.environ | {"UV_SYSTEM_CERTS": "1"}
    command = [str(PROGRAMS / "uv"), "publish", *words, *files]
    if code := subprocess.run(command, cwd=ROOT, env=environment).returncode:
        raise Exit(code=code)


def faults(version: str, tags: list[str]) -> Iterator[str]:
    """Yield why the wheels in vendor/ are not those of a release."""
    if f"v{version}" not in tags:
        yield f"its tag is v{version}, not {' or '.join(tags) or 'none'}"
    yield from versions.faults(version)
    yield from faults_of_wheels()


def written() -> str:
    """Return the version in pyproject.toml."""
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    return str(pyproject["project"]["version"])


def tags() -> list[str]:
    """Return the tags of this commit."""
    words = ["git", "tag", "--points-at", "HEAD"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True)
    return done.stdout.split()
