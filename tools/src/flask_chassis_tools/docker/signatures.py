"""Signs images with cosign, and verifies signatures before a deployment.

A service signs its images if infra/signing-keys has a public key; docs/how-to/signed-images.md of
the template says how to begin. Nothing is sent to a public transparency log.
"""

import binascii
import json
import os
import re
import shutil
import subprocess
import tempfile
from base64 import b64decode
from pathlib import Path
from typing import Any

from flask_chassis import project
from invoke import Exit

FOLDER = "infra/signing-keys"
"""Public keys, NAME.pub. A signature by any of them counts, so that keys can be replaced."""

PRIVATE_KEY = "COSIGN_PRIVATE_KEY"
PASSWORD = "COSIGN_PASSWORD"  # noqa: S105 - the variable's name

PROVENANCE = "slsaprovenance1"
"""What cosign calls https://slsa.dev/provenance/v1."""
SBOM = "cyclonedx"

VERSION = 2
"""The major version of cosign. Later ones need a configuration to work without public services."""

PRIVATELY = "--private-infrastructure=true"


def keys() -> list[Path]:
    """Return the public keys; none if the service does not sign its images."""
    return sorted((project.working_folder() / FOLDER).glob("*.pub"))


def require_settings() -> None:
    """Exit if only one of the two keys is there."""
    has_private = bool(os.environ.get(PRIVATE_KEY))
    if keys() and not has_private:
        raise Exit(
            f"{FOLDER} has a public key, so that images are signed: set {PRIVATE_KEY}, the private "
            f"key in base64, and {PASSWORD}.",
            1,
        )
    if has_private and not keys():
        raise Exit(
            f"{PRIVATE_KEY} is set, but {FOLDER} has no public key: nothing would be verified. "
            f"Commit the key to {FOLDER}/NAME.pub, or unset the variable.",
            1,
        )
    if keys():
        _require_version()


def sign(image: str, provenance: dict[str, Any], sbom: Path | None) -> None:
    """Attach the provenance and the bill of materials to an image, and sign all three.

    `image` has a digest, and no tag. The signature comes last: what has one, has the others.
    """
    # Without a password, cosign would ask for one.
    variables = {PASSWORD: "", **os.environ, PRIVATE_KEY: private_key()}
    key = f"--key=env://{PRIVATE_KEY}"
    common = ("--yes", "--tlog-upload=false", key)
    with tempfile.TemporaryDirectory() as folder:
        statement = Path(folder) / "provenance.json"
        statement.write_text(json.dumps(provenance), encoding="utf-8")
        predicates = {PROVENANCE: statement} | ({SBOM: sbom} if sbom else {})
        for kind, file in predicates.items():
            words = ("--replace", f"--type={kind}", f"--predicate={file}")
            _run("attest", *common, *words, image, variables=variables)
    _run("sign", *common, image, variables=variables)
    if reason := fault(image):
        raise Exit(
            f"{image} was signed with a key whose public key is not in {FOLDER}: {reason}\n"
            f"Commit it there: cosign public-key --key cosign.key >{FOLDER}/NAME.pub",
            1,
        )
    print(f"Signed: {image}")


def verify(image: str) -> dict[str, Any]:
    """Return the provenance of an image; Exit if one of them is not signed with a key here."""
    if reason := fault(image):
        raise Exit(
            f"{image} is not signed with a key of {FOLDER}: {reason}\nDeploy a version that its "
            "pipeline has signed; or sign this one, if you trust it, with the task image.sign.",
            1,
        )
    for key in keys():
        words = (f"--key={key}", PRIVATELY, f"--type={PROVENANCE}", image)
        done = _ask("verify-attestation", *words)
        if done.returncode == 0:
            return _predicate(done.stdout)
    raise Exit(
        f"{image} is signed, but has no provenance (SLSA) that a key of {FOLDER} has signed: "
        f"{_reason(done.stderr)}\nDeploy a version that its pipeline has signed, or sign this one, "
        "if you trust it, with the task image.sign.",
        1,
    )


def fault(image: str) -> str:
    """Return why an image has no signature by a key of the service; empty if it has one."""
    reasons = []
    for key in keys():
        done = _ask("verify", f"--key={key}", PRIVATELY, image)
        if done.returncode == 0:
            return ""
        reasons.append(f"{key.name}: {_reason(done.stderr)}")
    return "; ".join(reasons)


def _predicate(said: str) -> dict[str, Any]:
    """Return what the newest statement says; there is one on each line."""
    envelope = json.loads(said.strip().splitlines()[-1])
    predicate: dict[str, Any] = json.loads(b64decode(envelope["payload"]))["predicate"]
    return predicate


def _reason(said: str) -> str:
    """Return the error in the output of cosign."""
    errors = [line for line in said.splitlines() if line.startswith("Error: ")]
    return (errors[-1] if errors else said.strip()).removeprefix("Error: ")


def private_key() -> str:
    """Return the private key: PEM, or PEM in base64, as a field of one line needs it."""
    given = os.environ[PRIVATE_KEY].strip()
    if given.startswith("-----BEGIN "):
        return given
    try:
        return b64decode("".join(given.split()), validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        raise Exit(
            f"{PRIVATE_KEY} is not a private key in base64. Make it with "
            "`base64 --wrap=0 cosign.key`.",
            1,
        ) from None


def _require_version() -> None:
    said = json.loads(_run("version", "--json"))["gitVersion"]
    found = re.match(r"v?(\d+)\.", said)
    if found and int(found[1]) != VERSION:
        raise Exit(f"cosign {said} is installed; version {VERSION} is required.", 1)


def _run(*words: str, variables: dict[str, str] | None = None) -> str:
    done = _ask(*words, variables=variables)
    if done.returncode:
        raise Exit(f"cosign {words[0]} failed: {_reason(done.stderr)}", 1)
    return done.stdout


def _ask(*words: str, variables: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    program = shutil.which("cosign")
    if not program:
        raise Exit(
            f"cosign not found, which signs and verifies images: {FOLDER} has a public key. "
            "Install version 2: https://docs.sigstore.dev/cosign/system_config/installation/.",
            1,
        )
    return subprocess.run(
        [program, *words],
        cwd=project.working_folder(),
        env=variables,
        # Nothing asks for the password of a key.
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
