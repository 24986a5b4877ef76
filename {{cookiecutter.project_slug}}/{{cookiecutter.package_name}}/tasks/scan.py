"""Tasks that look for what should not be in the code or in the image.

They fail where anything is found that infra/scan-ignores.toml does not let pass, and where an
advisory service cannot be asked: then nothing is known, and that is no good news.
"""

import json
import tempfile
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from invoke import Context, Exit, task

from ..chassis import project_files
from . import advisories, docker, findings, image_contents, own_packages, scanners
from .findings import Finding

IGNORES = "infra/scan-ignores.toml"
SBOM = "sbom.cdx.json"

HELP = {
    "advisories": "Address of a service that speaks OSV's protocol, instead of the public ones",
    "without-advisories": "Go on where no advisory service can be reached",
}


@task(help=HELP)
def code(context: Context, advisories: str = "", without_advisories: bool = False) -> None:
    """Scan the code, the secrets in the tree, and what is known against the locked packages."""
    ignored = _ignored()
    scanners.install()
    requirements = _requirements()
    own = own_packages.names(project_files.working_folder())
    sources = (
        {advisories: ("--vulnerability-service=osv", f"--osv-url={advisories}/query")}
        if advisories
        else {
            "the index's own advisories": ("--vulnerability-service=pypi",),
            "osv.dev": ("--vulnerability-service=osv",),
        }
    )
    found = [*scanners.code(), *scanners.secrets()]
    for name, options in sources.items():
        known = scanners.audit(requirements, own, *options)
        found += [_unknown(name, known)] if isinstance(known, str) else known
    findings.judge(_but_unreachable(found, without_advisories), ignored)


@task(
    help=HELP
    | {
        "image": "The image; by default the production image is built",
        "sbom": f"Where to write the bill of materials (CycloneDX); by default {SBOM}",
    }
)
def image(
    context: Context,
    image: str = "",
    sbom: str = SBOM,
    advisories: str = "",
    without_advisories: bool = False,
) -> None:
    """Scan the image: list what is in it, what is known against that, and how it is set up."""
    ignored = _ignored()
    docker.require_engine()
    scanners.install()
    name = image or _build()
    contents = image_contents.read(name)
    _write_bill(Path(sbom), contents)
    found = [*scanners.dockerfile(), *image_contents.misconfigured(name)]
    found += _known_against(contents.packages, advisories)
    print(f"{name}: {len(contents.packages)} packages, listed in {sbom}")
    findings.judge(_but_unreachable(found, without_advisories), ignored)


@task(
    help={
        "database": "A folder with a copy of Safety's database, in the place of what its host has",
        "without-advisories": HELP["without-advisories"],
    }
)
def safety(context: Context, database: str = "", without_advisories: bool = False) -> None:
    """Ask Safety about the locked packages; SAFETY_API_KEY opens the database that costs money.

    This comes on top of scan.code, as Safety asks its maker's host each time, database or not.
    """
    ignored = _ignored()
    scanners.install("safety")
    known = scanners.safety(_requirements(), database)
    found = [_unknown("Safety", known)] if isinstance(known, str) else known
    findings.judge(_but_unreachable(found, without_advisories), ignored)


UNREACHABLE = "unreachable"


def _requirements() -> Path:
    """Return the file in which ./bootstrap has left what is locked."""
    return project_files.working_folder() / ".venv" / "requirements.txt"


def _known_against(packages: Iterable[advisories.Package], service: str) -> list[Finding]:
    service = service or advisories.PUBLIC
    try:
        return advisories.vulnerable(packages, service)
    except advisories.NoAnswerError as error:
        return [_unknown(service, str(error))]


def _unknown(service: str, reason: str) -> Finding:
    return Finding("vulnerabilities", UNREACHABLE, service, reason[:300])


def _but_unreachable(found: Iterable[Finding], is_to_pass: bool) -> list[Finding]:
    """Return findings, without those that no service could be asked for where that was said."""
    left = []
    for finding in found:
        if is_to_pass and finding.id == UNREACHABLE:
            print(f"NOT SCANNED for known vulnerabilities: {finding.where}: {finding.what}")
        else:
            left.append(finding)
    return left


def _ignored() -> list[findings.Ignored]:
    today = datetime.now(UTC).date()
    return findings.read_ignored(project_files.working_folder() / IGNORES, today)


def _build() -> str:
    """Build the production image as it stands, and return its name."""
    name = f"{project_files.PACKAGE.name}:scanned"
    where = ("--file=infra/docker/Dockerfile", "--target=production")
    docker.show("build", "--quiet", *where, f"--tag={name}", ".")
    return name


def _write_bill(path: Path, contents: image_contents.Contents) -> None:
    """Write a bill of materials: Python's packages, and Debian's beside them."""
    with tempfile.TemporaryDirectory() as folder:
        requirements = Path(folder) / "requirements.txt"
        requirements.write_text(contents.requirements(), encoding="utf-8")
        document: dict[str, Any] = scanners.bill_of_materials(requirements)
    document["components"] += contents.debian_components()
    if not document["components"]:
        raise Exit("The image has no packages: it is no image of a service.", 1)
    path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
