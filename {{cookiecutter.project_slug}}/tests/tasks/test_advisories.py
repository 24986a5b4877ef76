"""Advisories, from a service of the tests that speaks OSV's protocol."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from {{ cookiecutter.package_name }}.tasks import advisories
from {{ cookiecutter.package_name }}.tasks.advisories import NoAnswerError, Package
from {{ cookiecutter.package_name }}.tasks.image_contents import debian

from ..ports import free_port

OPENSSL = Package("openssl", "3.0.1-1", "Debian:12")
FLASK = Package("flask", "3.1.3", "PyPI")


def advisory(package: Package, *events: dict[str, str]) -> dict[str, Any]:
    """Return an advisory against a package."""
    known = {"name": package.name, "ecosystem": package.ecosystem}
    ranges = [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, *events]}]
    return {"affected": [{"package": known, "ranges": ranges}]}


ADVISORIES = {
    "DSA-1": advisory(OPENSSL, {"fixed": "3.0.2-1"}),
    "CVE-2": advisory(OPENSSL),  # not mended yet
}


class Osv(BaseHTTPRequestHandler):
    """Knows two advisories against openssl."""

    def do_POST(self) -> None:
        """Answer which advisories there are against packages."""
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["queries"]
        known = {"vulns": [{"id": name} for name in ADVISORIES]}
        hits = [known if each["package"]["name"] == "openssl" else {} for each in asked]
        self._answer({"results": hits})

    def do_GET(self) -> None:
        """Answer with an advisory."""
        self._answer(ADVISORIES[self.path.rpartition("/")[2]])

    def _answer(self, body: object) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def service() -> Iterator[str]:
    """The address of the service."""
    with HTTPServer(("127.0.0.1", 0), Osv) as server:
        thread = threading.Thread(target=server.serve_forever, args=[0.05])
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/v1"
        server.shutdown()
        thread.join()


def test_what_is_mended_in_a_later_version_is_found(service: str) -> None:
    [found] = advisories.vulnerable([FLASK, OPENSSL], service)
    assert (found.id, found.where) == ("DSA-1", "openssl")
    assert found.what == "3.0.1-1 is installed, mended in 3.0.2-1"


def test_a_package_without_advisories_is_not_found(service: str) -> None:
    assert advisories.vulnerable([FLASK], service) == []


def test_a_service_that_cannot_be_asked_is_no_good_news() -> None:
    for address in (f"http://127.0.0.1:{free_port()}/v1", "http://osv.example/v1", "file:///etc"):
        with pytest.raises(NoAnswerError, match=address):
            advisories.vulnerable([FLASK], address)


STATUS = """\
Package: libssl3
Status: install ok installed
Source: openssl
Version: 3.0.1-1

Package: bash
Status: install ok installed
Version: 5.2-2+b7
Source: bash (5.2-2)
Description: shell
 Package: none

Package: gone
Status: deinstall ok config-files
Version: 1
"""


def test_debians_packages_are_known_by_their_sources() -> None:
    found = debian(STATUS, 'ID=debian\nVERSION_ID="12"\n')
    assert found == [Package("bash", "5.2-2", "Debian:12"), OPENSSL]
