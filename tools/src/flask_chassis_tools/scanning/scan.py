"""Tasks that scan the code, the dependencies and the image for security problems.

A scan fails if it has findings that infra/scan-ignores.toml does not list, and if an advisory
service does not respond.
"""

import json
import tempfile
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flask_chassis import project
from invoke import Context, Exit, task

from flask_chassis_tools import environments
from flask_chassis_tools.docker import engine
from flask_chassis_tools.scanning import (
    advisories,
    findings,
    image_contents,
    own_packages,
    scanners,
)
from flask_chassis_tools.scanning.findings import Finding

IGNORES = "infra/scan-ignores.toml"
SBOM = "sbom.cdx.json"

HELP = {
    "advisories": "URL of a service with the OSV API, instead of the public services",
    "without-advisories": "Continue if no advisory service responds",
}


@task(help=HELP)
def code(context: Context, advisories: str = "", without_advisories: bool = False) -> None:
    """Scan the code, secrets in the repository, and vulnerabilities of the locked packages."""
    ignored = _ignored()
    environments.install(environments.SCANNERS)
    requirements = _requirements()
    own = own_packages.names(project.working_folder())
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
        "image": "The image; by default the production image, which is built first",
        "sbom": f"File for the bill of materials (CycloneDX); by default {SBOM}",
    }
)
def image(
    context: Context,
    image: str = "",
    sbom: str = SBOM,
    advisories: str = "",
    without_advisories: bool = False,
) -> None:
    """Scan the image: its contents, their vulnerabilities, and its configuration."""
    ignored = _ignored()
    engine.require_engine()
    environments.install(environments.SCANNERS)
    name = image or _build()
    contents = image_contents.read(name)
    _write_bill(Path(sbom), contents)
    found = [*scanners.dockerfile(), *image_contents.misconfigured(name)]
    found += _known_against(contents.packages, advisories)
    print(f"{name}: {len(contents.packages)} packages, listed in {sbom}")
    findings.judge(_but_unreachable(found, without_advisories), ignored)


@task(
    help={
        "database": "A folder with a copy of Safety's database, instead of the online one",
        "without-advisories": HELP["without-advisories"],
    }
)
def safety(context: Context, database: str = "", without_advisories: bool = False) -> None:
    """Check the locked packages with Safety; SAFETY_API_KEY enables the commercial database.

    It is not a part of scan.code, because Safety contacts its vendor in any case.
    """
    ignored = _ignored()
    environments.install(environments.SAFETY)
    known = scanners.safety(_requirements(), database)
    found = [_unknown("Safety", known)] if isinstance(known, str) else known
    findings.judge(_but_unreachable(found, without_advisories), ignored)


UNREACHABLE = "unreachable"


def _requirements() -> Path:
    """Return the requirements file that ./bootstrap exported from the lock."""
    return project.working_folder() / ".venv" / "requirements.txt"


def _known_against(packages: Iterable[advisories.Package], service: str) -> list[Finding]:
    service = service or advisories.PUBLIC
    try:
        return advisories.vulnerable(packages, service)
    except advisories.NoAnswerError as error:
        return [_unknown(service, str(error))]


def _unknown(service: str, reason: str) -> Finding:
    return Finding("vulnerabilities", UNREACHABLE, service, reason[:300])


def _but_unreachable(found: Iterable[Finding], is_to_pass: bool) -> list[Finding]:
    """Return findings; `is_to_pass` drops those about services that do not respond."""
    left = []
    for finding in found:
        if is_to_pass and finding.id == UNREACHABLE:
            print(f"NOT SCANNED for known vulnerabilities: {finding.where}: {finding.what}")
        else:
            left.append(finding)
    return left


def _ignored() -> list[findings.Ignored]:
    today = datetime.now(UTC).date()
    return findings.read_ignored(project.working_folder() / IGNORES, today)


def _build() -> str:
    """Build the production image, and return its name."""
    name = f"{project.package()}:scanned"
    where = ("--file=infra/docker/Dockerfile", "--target=production")
    engine.show("build", "--quiet", *where, f"--tag={name}", ".")
    return name


def _write_bill(path: Path, contents: image_contents.Contents) -> None:
    """Write a bill of materials with the Python and Debian packages."""
    with tempfile.TemporaryDirectory() as folder:
        requirements = Path(folder) / "requirements.txt"
        requirements.write_text(contents.requirements(), encoding="utf-8")
        document: dict[str, Any] = scanners.bill_of_materials(requirements)
    document["components"] += contents.debian_components()
    if not document["components"]:
        raise Exit("The image has no packages, so it is not the image of a service.", 1)
    path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
