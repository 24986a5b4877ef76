"""`scan.safety` finds what is planted, and fails where Safety's host does not answer."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.full.programs import Finished, run
from tests.full.scanned import LONGEST_SCAN_SECONDS, Scanned, copy_to_scan, rows
from tests.services import InstalledService
from tests.serving import serving


@pytest.fixture
def scanned(rendered_service: InstalledService, tmp_path: Path) -> Scanned:
    """The example, with nothing planted yet."""
    return copy_to_scan(rendered_service, tmp_path / "service", environment="safety")


@contextmanager
def platform() -> Iterator[str]:
    """Serve what Safety asks of its maker's host before each command, and yield the address."""
    with serving(ThreadingHTTPServer(("127.0.0.1", 0), _Platform)) as address:
        yield address


class _Platform(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        """Answer as OpenID Connect's discovery does, with no keys."""
        address = f"http://{self.headers['Host']}"
        found = {
            "issuer": address,
            "authorization_endpoint": f"{address}/authorize",
            "token_endpoint": f"{address}/token",
            "jwks_uri": f"{address}/jwks.json",
        }
        body = json.dumps({"keys": []} if self.path == "/jwks.json" else found).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    do_HEAD = do_GET  # noqa: N815  (the name that http.server looks for)

    def log_message(self, *of: object) -> None:
        """Say nothing."""


def database(folder: Path, package: str) -> Path:
    """Write a database of Safety's that knows one vulnerability, PLANTED-1."""
    folder.mkdir()
    meta = {"schema_version": "2.0.0", "base_domain": "https://example.com", "timestamp": 1}
    advisory = {
        "advisory": "Planted.",
        "cve": "",
        "id": "PLANTED-1",
        "ids": [{"type": "pyup", "id": "PLANTED-1"}],
        "more_info_path": "/1",
        "specs": ["<999"],
        "v": "<999",
        "transitive": False,
        "affected_versions": [],
        "fixed_versions": ["999"],
    }
    known = {
        "insecure_versions": [],
        "secure_versions": ["999"],
        "latest_version": "999",
        "latest_version_without_known_vulnerabilities": "999",
        "more_info_path": "/1",
    }
    texts = {
        "insecure.json": {"meta": meta, "vulnerable_packages": {package: ["<999"]}},
        "insecure_full.json": {
            "meta": meta,
            "vulnerable_packages": {package: [advisory]},
            "packages": {package: known},
        },
    }
    for name, text in texts.items():
        (folder / name).write_text(json.dumps(text))
    return folder


def scan(scanned: Scanned, home: Path, host: str, *words: str) -> Finished:
    """Run `scan.safety`, for which a host on this machine stands in for Safety's."""
    home.mkdir(exist_ok=True)
    environment = {
        "HOME": str(home),
        "PYTHONPATH": str(scanned.folder),
        "SAFETY_PLATFORM_URL": host,
        "SAFETY_PLATFORM_API_BASE_URL": host,
        "SAFETY_SAFETY_PLATFORM_V2_URL": host,
        "SAFETY_DATA_API_BASE_URL": f"{host}/",
        "SAFETY_AUTH_SERVER_URL": host,
    }
    return run(
        [scanned.command, "scan.safety", *words],
        scanned.folder,
        environment,
        seconds=LONGEST_SCAN_SECONDS,
    )


def test_what_is_planted_is_found(scanned: Scanned, tmp_path: Path) -> None:
    with platform() as host:
        flask = f"--database={database(tmp_path / 'flask', 'flask')}"
        other = f"--database={database(tmp_path / 'other', 'not-installed')}"
        found = scan(scanned, tmp_path / "home", host, flask)
        clean = scan(scanned, tmp_path / "home", host, other)
    assert found.returncode == 1
    assert rows(found) == [["vulnerabilities", "PLANTED-1", "flask"]]
    assert clean.returncode == 0, clean.stdout + clean.stderr
    assert clean.stdout.endswith("No findings.\n")


def test_a_host_that_does_not_answer_fails_unless_that_is_said_to_do(
    scanned: Scanned, tmp_path: Path
) -> None:
    nowhere = (scanned, tmp_path / "home", "http://127.0.0.1:9")
    failed = scan(*nowhere)
    assert failed.returncode == 1
    assert [row[:2] for row in rows(failed)] == [["vulnerabilities", "unreachable"]]
    passed = scan(*nowhere, "--without-advisories")
    assert passed.returncode == 0
    assert "NOT SCANNED for known vulnerabilities: Safety" in passed.stdout
