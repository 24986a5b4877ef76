"""Tasks for the production image: build it, push and sign it, verify its digest and signature."""

import json
import os
import re
import tomllib
from pathlib import Path

from flask_chassis import project
from flask_chassis.tasks import service
from invoke import Context, Exit, task

from flask_chassis_tools.docker import engine, provenance, signatures
from flask_chassis_tools.pipeline import ci

TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
REVISION = "org.opencontainers.image.revision"
"""The label with the commit, which the Dockerfile sets."""
RELEASED = re.compile(r"v?\d+(\.\d+)+([.-][A-Za-z0-9.-]+)?")
"""The form of a version tag and of `git describe`: v1.2.3, v1.2.3-4-g0123abc."""


@task(
    help={
        "tag": "The tag and version; by default the output of `git describe`",
        "reuse": "Pull the image instead if the registry has it, built from the same commit",
    }
)
def build(context: Context, tag: str = "", reuse: bool = False) -> None:
    """Build the production image with its version, which it serves at /admin/version/."""
    name, commit = image_name(), service.git("rev-parse", "HEAD")
    version = tag or service.git(*service.DESCRIBE)
    _require(TAG.fullmatch(version), f"{version!r} cannot be the tag of an image.")
    # A second build of a commit has another digest, and a tag is pushed only once.
    if not (reuse and _is_pulled(f"{name}:{version}", commit)):
        engine.show(
            *("build", "--file=infra/docker/Dockerfile", "--target=production"),
            *(f"--build-arg=VERSION_NAME={version}", f"--build-arg=VERSION_SHA={commit}"),
            *_secrets(),
            *(f"--tag={name}:{version}", "."),
        )
    ci.report("image.name", f"{name}:{version}")
    ci.report("image.tag", version)


def _is_pulled(name: str, commit: str) -> bool:
    """Pull an image that the registry has already, and return whether it has.

    A build without access to the registry, of a pull request for instance, has nothing to reuse.
    """
    try:
        digest = _digest_in_registry(name)
    except Exit as error:
        print(f"{error.message}\nBuilding it.")
        return False
    if not digest:
        return False
    # It will be signed as built here: a client that can push must not be able to plant one.
    reason = signatures.keys() and signatures.fault(_at(digest))
    _require(
        not reason,
        f"The registry already has {name}, which is not signed with a key of {signatures.FOLDER}: "
        f"{reason}\nIt is of a run that has ended before the signature, or of somebody else. "
        "Delete this tag in the registry, and run this again.",
    )
    engine.show("pull", name)
    _require(
        _digest_here(name) == digest,
        f"{name} was {digest} a moment ago, and is another image now. Run this again.",
    )
    built_from = _revision(name) or "an unknown commit"
    _require(
        built_from == commit,
        f"The registry already has {name}, built from {built_from}; this is {commit}. A tag is "
        "pushed only once: tag this commit with another version.",
    )
    return True


@task(
    help={
        "tag": "The tag: a git tag, or the output of `git describe`",
        "sbom": "A bill of materials (CycloneDX), attached if the service signs its images",
    }
)
def push(context: Context, tag: str, sbom: str = "") -> None:
    """Push an image that was built here; refuse tags that do not identify a commit.

    If infra/signing-keys has a public key, the image and its provenance are signed.
    """
    _require(
        RELEASED.fullmatch(tag) and not tag.endswith("-dirty"),
        f"{tag!r} is not a version. A tag must identify a commit: commit all changes, tag a commit "
        "(git tag v0.1.0), fetch the tags (git fetch --tags --unshallow) and build again.",
    )
    signatures.require_settings()
    name = f"{image_name()}:{tag}"
    pushed = _digest_here(name)
    there = _digest_in_registry(name)
    _require(
        there in ("", pushed),
        f"The registry already has another {name} with the digest {there}. A tag is pushed only "
        "once: deploy that image, or tag another commit.",
    )
    engine.show("push", name)
    digest = _digest_here(name)
    # A second run takes the image of the first one, and its signature.
    if signatures.keys() and signatures.fault(_at(digest)):
        builder, run = provenance.pipeline()
        _sign(name, tag, digest, builder, run, Path(sbom) if sbom else None)
    ci.report("image.digest", digest)


@task(
    help={
        "tag": "The tag",
        "digest": "Its digest: sha256:…",
        "sbom": "A bill of materials (CycloneDX), to attach",
    }
)
def sign(context: Context, tag: str, digest: str, sbom: str = "") -> None:
    """Sign an image in the registry that its pipeline has not signed: an earlier version.

    Its provenance names the commit in the image's label, and no builder.
    """
    _require(
        signatures.keys(),
        f"{signatures.FOLDER} has no public key, so that nothing is verified: see "
        "docs/how-to/signed-images.md of the template.",
    )
    signatures.require_settings()
    _require_digest(tag, digest)
    engine.show("pull", _at(digest))
    file = Path(sbom) if sbom else None
    _sign(_at(digest), tag, digest, provenance.ELSEWHERE, "", file)


def _sign(name: str, tag: str, digest: str, builder: str, run: str, sbom: Path | None) -> None:
    """Sign an image with the provenance that its label tells."""
    commit = _revision(name)
    _require(commit, f"{name} has no label {REVISION}: what it was built from is unknown.")
    signatures.sign(_at(digest), provenance.predicate(tag, commit, builder, run), sbom)


@task(
    help={
        "tag": "The tag",
        "digest": "The digest that `image.push` reported: sha256:…; by default the registry's",
    }
)
def verify(context: Context, tag: str, digest: str = "") -> None:
    """Verify that a tag in the registry still has the digest of the image that was tested.

    If infra/signing-keys has a public key, the signature and the provenance are verified, too.
    """
    there = _require_digest(tag, digest)
    require_signature(tag, there)
    ci.report("image.digest", there)


def require_signature(tag: str, digest: str) -> None:
    """Exit if the service signs its images, and this one is not signed, or is of another commit."""
    if signatures.keys():
        provenance.require_commit(tag, signatures.verify(_at(digest)))
        print(f"{_at(digest)} is signed.")


def _require_digest(tag: str, digest: str) -> str:
    """Return the digest of a tag in the registry; Exit if it is not the expected one."""
    _require(TAG.fullmatch(tag), f"{tag!r} cannot be the tag of an image. Name the version.")
    _require(
        not digest or re.fullmatch("sha256:[0-9a-f]{64}", digest),
        f"{digest!r} is not a digest such as sha256:…",
    )
    name = f"{image_name()}:{tag}"
    there = _digest_in_registry(name)
    _require(there, f"{name} not found in the registry, or no access.")
    _require(
        there == (digest or there),
        f"{name} has the digest {there} in the registry; expected {digest}.",
    )
    print(f"{name} has the digest {there}.")
    return there


@task
def login(context: Context) -> None:
    """Log in to the registry with REGISTRY_USER and REGISTRY_PASSWORD from the environment."""
    user, password = (os.environ.get(f"REGISTRY_{what}", "") for what in ("USER", "PASSWORD"))
    _require(user and password, f"Set REGISTRY_USER and REGISTRY_PASSWORD.{_unprotected()}")
    registry = image_name().partition("/")[0]
    done = engine.ask("login", "--username", user, "--password-stdin", registry, given=password)
    _require(not done.returncode, f"Login of {user} to {registry} failed: {done.stderr.strip()}")
    print(f"Logged in to {registry} as {user}.")


def _unprotected() -> str:
    """Say why a job of GitLab has no secrets, if its branch or tag is not protected."""
    if os.environ.get("CI_COMMIT_REF_PROTECTED", "true") == "true":
        return ""
    ref = os.environ.get("CI_COMMIT_REF_NAME", "")
    return f" Only protected branches and tags have protected variables: protect {ref} on GitLab."


def image_name() -> str:
    """Return the name of the service's image, without a tag."""
    pyproject = project.working_folder() / "pyproject.toml"
    _require(pyproject.is_file(), "Not a checkout of the service: pyproject.toml not found.")
    return str(tomllib.loads(pyproject.read_text(encoding="utf-8"))["tool"]["image"]["name"])


def _secrets() -> list[str]:
    """Return build secrets with pip's configuration and credentials for private indexes."""
    files = {
        "netrc": Path(os.environ.get("NETRC") or Path.home() / ".netrc"),
        "pip.conf": Path(os.environ.get("PIP_CONFIG_FILE") or os.devnull),
    }
    return [f"--secret=id={key},src={file}" for key, file in files.items() if file.is_file()]


def _at(digest: str) -> str:
    """Return the name of the image with a digest, which nobody can move."""
    return f"{image_name()}@{digest}"


def _revision(name: str) -> str:
    """Return the commit that a local image was built from, as its label tells."""
    [known] = json.loads(engine.ask("image", "inspect", name).stdout)
    return str((known["Config"].get("Labels") or {}).get(REVISION, ""))


def _digest_here(name: str) -> str:
    """Return the registry's digest of a local image; empty if it was never pushed from here."""
    done = engine.ask("image", "inspect", name)
    _require(
        not done.returncode,
        f"Image {name} not found on this machine. Build it with the task image.build.",
    )
    [known] = json.loads(done.stdout)
    start = f"{name.rpartition(':')[0]}@"
    digests: list[str] = known["RepoDigests"] or []
    return next((each.removeprefix(start) for each in digests if each.startswith(start)), "")


def _digest_in_registry(name: str) -> str:
    """Return the digest of a tag in the registry; empty if the tag does not exist."""
    done = engine.ask("buildx", "imagetools", "inspect", name)
    found = re.search(r"^Digest:\s+(sha256:[0-9a-f]{64})$", done.stdout, re.MULTILINE)
    if done.returncode == 0 and found:
        return found[1]
    _require(
        re.search("not found|unknown", done.stderr),
        f"The registry does not return the digest of {name}: {done.stderr.strip()}",
    )
    return ""


def _require(holds: object, otherwise: str) -> None:
    if not holds:
        raise Exit(otherwise, 1)
