"""Test advisories with a local service that has the OSV API."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, ClassVar

import pytest

from flask_chassis_tools.scanning import advisories
from flask_chassis_tools.scanning.advisories import NoAnswerError, Package
from flask_chassis_tools.scanning.image_contents import debian

OPENSSL = Package("openssl", "3.0.1-1", "Debian:12")
FLASK = Package("flask", "3.1.3", "PyPI")


def advisory(package: Package, *events: dict[str, str]) -> dict[str, Any]:
    """Return an advisory for a package."""
    known = {"name": package.name, "ecosystem": package.ecosystem}
    ranges = [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, *events]}]
    return {"affected": [{"package": known, "ranges": ranges}]}


ADVISORIES = {
    "DSA-1": advisory(OPENSSL, {"fixed": "3.0.2-1"}),
    "CVE-2": advisory(OPENSSL),  # not fixed yet
}


class Osv(BaseHTTPRequestHandler):
    """A service with two advisories for openssl, which accepts 1000 packages in a request."""

    asked: ClassVar[list[str]] = []

    def do_POST(self) -> None:
        """Return the ids of the advisories for packages."""
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["queries"]
        assert len(asked) <= 1000
        known = {"vulns": [{"id": name} for name in ADVISORIES]}
        hits = [known if each["package"]["name"] == "openssl" else {} for each in asked]
        self._answer({"results": hits})

    def do_GET(self) -> None:
        """Return an advisory."""
        self.asked.append(self.path)
        self._answer(ADVISORIES[self.path.rpartition("/")[2]])

    def _answer(self, body: object) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing."""


@pytest.fixture(scope="module")
def service() -> Iterator[str]:
    """The address of the service."""
    with HTTPServer(("127.0.0.1", 0), Osv) as server:
        thread = threading.Thread(target=server.serve_forever, args=[0.05])
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/v1"
        server.shutdown()
        thread.join()


def test_a_vulnerability_with_a_fix_is_found(service: str) -> None:
    [found] = advisories.vulnerable([FLASK, OPENSSL], service)
    assert (found.id, found.where) == ("DSA-1", "openssl")
    assert found.what == "3.0.1-1 is installed, fixed in 3.0.2-1"


def test_many_packages_are_asked_about_in_parts_and_each_advisory_once(service: str) -> None:
    many = [Package("openssl", f"3.0.1-{number}", "Debian:12") for number in range(2001)]
    Osv.asked.clear()
    found = advisories.vulnerable(many, service)
    assert [each.what.split()[0] for each in found] == [each.version for each in many]
    assert Osv.asked == ["/v1/vulns/DSA-1", "/v1/vulns/CVE-2"]


def test_a_package_without_advisories_has_no_findings(service: str) -> None:
    assert advisories.vulnerable([FLASK], service) == []


def test_an_advisory_service_that_does_not_respond_is_an_error() -> None:
    for address in ("http://127.0.0.1:1/v1", "http://osv.example/v1", "file:///etc"):
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


def test_debian_packages_have_their_source_names() -> None:
    found = debian(STATUS, 'ID=debian\nVERSION_ID="12"\n')
    assert found == [Package("bash", "5.2-2", "Debian:12"), OPENSSL]
