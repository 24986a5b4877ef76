"""Tasks for the production image: build it, push it, and see that it still is what was pushed."""

import json
import os
import re
import tomllib
from pathlib import Path

from invoke import Context, Exit, task

from ..chassis import project_files
from . import ci, docker, service

TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
RELEASED = re.compile(r"v?\d+(\.\d+)+([.-][A-Za-z0-9.-]+)?")
"""What a tag of git or what `git describe` makes of one looks like: v1.2.3, v1.2.3-4-g0123abc."""


@task(help={"tag": "Its tag and its version; by default what `git describe` says of this checkout"})
def build(context: Context, tag: str = "") -> None:
    """Build the production image, which says at /admin/version/ which version it is."""
    name, commit = image_name(), service.git("rev-parse", "HEAD")
    version = tag or service.git(*service.DESCRIBE)
    _require(TAG.fullmatch(version), f"{version!r} cannot be the tag of an image.")
    docker.show(
        *("build", "--file=infra/docker/Dockerfile", "--target=production"),
        *(f"--build-arg=VERSION_NAME={version}", f"--build-arg=VERSION_SHA={commit}"),
        *_secrets(),
        *(f"--tag={name}:{version}", "."),
    )
    ci.report("image.name", f"{name}:{version}")
    ci.report("image.tag", version)


@task(help={"tag": "Which one: a tag of git, or what `git describe` makes of one"})
def push(context: Context, tag: str) -> None:
    """Push an image that was built here; what no tag of git leads to is refused."""
    _require(
        RELEASED.fullmatch(tag) and not tag.endswith("-dirty"),
        f"{tag!r} is no version: commit everything, tag a commit (git tag v0.1.0), fetch the tags "
        "(git fetch --tags --unshallow) and build again. What is deployed can be told by its tag.",
    )
    name = f"{image_name()}:{tag}"
    pushed = _digest_here(name)
    there = _digest_in_registry(name)
    _require(
        there in ("", pushed),
        f"The registry has another {name} already, {there}: a tag is pushed once. Deploy that one, "
        "or tag another commit.",
    )
    docker.show("push", name)
    ci.report("image.digest", _digest_here(name))


@task(help={"tag": "Which one", "digest": "What `image.push` has reported: sha256:…"})
def verify(context: Context, tag: str, digest: str) -> None:
    """See that the registry has under a tag what was pushed: the image that all tests have seen."""
    _require(re.fullmatch("sha256:[0-9a-f]{64}", digest), f"{digest!r} is no digest: sha256:…")
    name = f"{image_name()}:{tag}"
    there = _digest_in_registry(name)
    _require(there, f"The registry has no {name}, or does not let it be seen.")
    _require(there == digest, f"The registry's {name} is {there} now, and was {digest}.")
    print(f"{name} is {digest}.")


@task
def login(context: Context) -> None:
    """Log in to the registry, with REGISTRY_USER and REGISTRY_PASSWORD of the environment."""
    user, password = (os.environ.get(f"REGISTRY_{what}", "") for what in ("USER", "PASSWORD"))
    _require(user and password, "Set REGISTRY_USER and REGISTRY_PASSWORD.")
    registry = image_name().partition("/")[0]
    done = docker.ask("login", "--username", user, "--password-stdin", registry, given=password)
    _require(not done.returncode, f"{registry} does not let {user} in: {done.stderr.strip()}")
    print(f"Logged in to {registry} as {user}.")


def image_name() -> str:
    """Return the name of the service's image, without a tag."""
    pyproject = project_files.working_folder() / "pyproject.toml"
    _require(pyproject.is_file(), "This needs a checkout of the service: no pyproject.toml here.")
    return str(tomllib.loads(pyproject.read_text(encoding="utf-8"))["tool"]["image"]["name"])


def _secrets() -> list[str]:
    """Hand pip's own files to the build, where there are some: for indexes that ask who one is."""
    files = {
        "netrc": Path(os.environ.get("NETRC") or Path.home() / ".netrc"),
        "pip.conf": Path(os.environ.get("PIP_CONFIG_FILE") or os.devnull),
    }
    return [f"--secret=id={key},src={file}" for key, file in files.items() if file.is_file()]


def _digest_here(name: str) -> str:
    """Return what the registry called the image when it was pushed from here; nothing if never."""
    done = docker.ask("image", "inspect", name)
    _require(not done.returncode, f"There is no image {name} here: `image.build` builds it.")
    [known] = json.loads(done.stdout)
    start = f"{name.rpartition(':')[0]}@"
    digests: list[str] = known["RepoDigests"] or []
    return next((each.removeprefix(start) for each in digests if each.startswith(start)), "")


def _digest_in_registry(name: str) -> str:
    """Return the digest that the registry has under a tag; nothing where it has none."""
    done = docker.ask("buildx", "imagetools", "inspect", name)
    found = re.search(r"^Digest:\s+(sha256:[0-9a-f]{64})$", done.stdout, re.MULTILINE)
    if done.returncode == 0 and found:
        return found[1]
    _require(
        re.search("not found|unknown", done.stderr),
        f"The registry does not say what {name} is: {done.stderr.strip()}",
    )
    return ""


def _require(holds: object, otherwise: str) -> None:
    if not holds:
        raise Exit(otherwise, 1)
