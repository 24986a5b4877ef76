"""`scan.image` lists what is in an image, finds what is planted, and fails where it cannot know."""

import json
from pathlib import Path

import pytest

from tests.docker.conftest import PREFIX
from tests.docker.engine import docker
from tests.full.osv import advisories_against
from tests.full.scanned import Scanned, copy_to_scan, rows, validated
from tests.services import InstalledService


@pytest.fixture
def scanned(rendered_service: InstalledService, tmp_path: Path) -> Scanned:
    """The example, with nothing planted yet."""
    return copy_to_scan(rendered_service, tmp_path / "service")


def test_the_image_is_listed_and_clean(
    scanned: Scanned, image: str, rendered_service: InstalledService
) -> None:
    with advisories_against("not-installed", "PyPI") as service:
        done = scanned.scan("scan.image", f"--image={image}", f"--advisories={service}")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith("No findings.\n")

    bill = scanned.folder / "sbom.cdx.json"
    components = {each["purl"] for each in json.loads(bill.read_text("utf-8"))["components"]}
    assert "pkg:pypi/flask@3.1.3" in components
    assert any(purl.startswith("pkg:deb/debian/openssl@3.") for purl in components)
    assert len(components) > 80
    checked = validated(bill, rendered_service)
    assert checked.returncode == 0, checked.stderr


def test_what_is_planted_is_found_in_one_table(
    scanned: Scanned, image: str, tmp_path: Path
) -> None:
    (tmp_path / "Dockerfile").write_text(
        f"FROM {image}\nUSER root\nENV API_TOKEN=planted\nHEALTHCHECK NONE\n"
    )
    tag = f"{PREFIX}:misconfigured"
    docker("build", "--tag", tag, tmp_path)
    dockerfile = scanned.folder / "infra" / "docker" / "Dockerfile"
    lines = dockerfile.read_text("utf-8").splitlines()
    dockerfile.write_text("\n".join([*lines, "RUN cd /tmp && sudo ls", ""]), "utf-8")
    with advisories_against("openssl", "Debian:12") as service:
        done = scanned.scan("scan.image", f"--image={tag}", f"--advisories={service}")
    assert done.returncode == 1
    found = {(scan, kind): where for scan, kind, where in rows(done)}
    assert found.keys() >= {
        ("misconfiguration", "user"),
        ("misconfiguration", "secret-in-image"),
        ("misconfiguration", "healthcheck"),
        ("misconfiguration", "DL3004"),  # sudo
        ("vulnerabilities", "PLANTED-1"),
    }
    assert found["misconfiguration", "secret-in-image"] == "API_TOKEN"
    assert found["vulnerabilities", "PLANTED-1"] == "openssl"


def test_a_service_that_does_not_answer_fails_unless_that_is_said_to_do(
    scanned: Scanned, image: str
) -> None:
    words = ("scan.image", f"--image={image}", "--advisories=http://127.0.0.1:9/v1")
    failed = scanned.scan(*words)
    assert failed.returncode == 1
    assert [row[:2] for row in rows(failed)] == [["vulnerabilities", "unreachable"]]
    passed = scanned.scan(*words, "--without-advisories")
    assert passed.returncode == 0
    assert "NOT SCANNED for known vulnerabilities" in passed.stdout


def test_an_image_that_is_not_there_is_said(scanned: Scanned) -> None:
    failed = scanned.scan("scan.image", f"--image={PREFIX}:not-there", "--without-advisories")
    assert failed.returncode == 1
    assert "not-there" in failed.stderr
