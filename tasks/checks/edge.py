"""What the edge does in front of the services, over HTTP."""

from dataclasses import dataclass

import requests

from ..edge import host
from ..system import Served, Together
from .caller import TIMEOUT_SECONDS
from .verdict import Check

INTERNAL = ("/health/live", "/health/ready", "/metrics", "/admin/version/", "/admin/users/")


@dataclass(frozen=True)
class Fronted:
    """A system, and the address of the edge in front of it."""

    system: Together
    address: str

    def get(self, service: Served, path: str, **headers: str) -> requests.Response:
        """Return the answer to a request that names the service's host."""
        return requests.get(
            f"{self.address}{path}",
            headers={"Host": host(service.name)} | headers,
            allow_redirects=False,
            timeout=TIMEOUT_SECONDS,
        )


def leads_to_each_service(fronted: Fronted) -> None:
    """the edge leads to each service by its host, and to none by another host"""
    system = fronted.system
    assert "/static/style." in fronted.get(system.frontend, "/").text
    for service in (system.users, system.thoughts):
        document = fronted.get(service, "/openapi.json")
        assert document.ok, document.text
        assert document.json()["openapi"].startswith("3.1")
    unknown = requests.get(fronted.address, timeout=TIMEOUT_SECONDS)
    assert (unknown.status_code, unknown.json()) == (404, {"message": "Not found."})


def hides_what_is_not_public(fronted: Fronted) -> None:
    """health, metrics and administration are not reached through the edge"""
    for service in fronted.system.services:
        for path in INTERNAL:
            answer = fronted.get(service, path)
            assert answer.status_code == 404, f"{service.name}{path}: {answer.status_code}"
            assert answer.json() == {"message": "Not found."}, answer.text


def keeps_static_files(fronted: Fronted) -> None:
    """the style has a name with a hash, and browsers keep it for a year"""
    frontend = fronted.system.frontend
    page = fronted.get(frontend, "/").text
    path = page.partition('rel="stylesheet" href="')[2].partition('"')[0]
    control = fronted.get(frontend, path).headers["Cache-Control"]
    assert "max-age=31536000" in control, control
    assert "immutable" in control, control


CHECKS: tuple[Check[Fronted], ...] = (
    leads_to_each_service,
    hides_what_is_not_public,
    keeps_static_files,
)
