"""Test that the Ingress and the probes match the routes of the service."""

import json
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from flask_chassis import ingress_paths
from flask_chassis.project import Project

from ..services import KINDS
from .manifests import Object, container, one, written

PROGRAM = Path(__file__).with_name("list_routes.py")

pytestmark = pytest.mark.parametrize("kind", KINDS)


Routes = dict[str, str | None]
"""The routes of a service, as addresses that match, and who may call them."""


@pytest.fixture(scope="session")
def routes_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Project], Routes]:
    """Return the routes of a service; each service is started once."""

    @cache
    def routes_of(service: Project) -> Routes:
        words = (PROGRAM, service.package, service.folder, tmp_path_factory.mktemp("keys"))
        done = subprocess.run([sys.executable, *words], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        found: Routes = json.loads(done.stdout.splitlines()[-1])
        return found

    return routes_of


@pytest.fixture
def routes(service: Project, routes_of: Callable[[Project], Routes]) -> Routes:
    """The routes of the service."""
    return routes_of(service)


def is_internal(url: str, who: str | None) -> bool:
    """Return whether a path is internal."""
    return who == "internal" or url.startswith(ingress_paths.INTERNAL)


def wrongly_routed(ingress: Object, found: Routes) -> list[str]:
    """Return the internal paths that are routed, and the public paths that are not."""
    return [
        url
        for url, who in found.items()
        if ingress_paths.is_reached(ingress, url) == is_internal(url, who)
    ]


def test_the_ingress_routes_all_public_paths_and_no_others(
    routes: Routes,
) -> None:
    assert {"/health/ready", "/admin/version/", "/"} <= routes.keys()
    assert wrongly_routed(one(written(), "Ingress"), routes) == []


def test_a_wrongly_routed_path_is_found() -> None:
    ingress = one(written(), "Ingress")
    planted: Routes = {"/new/page/": "public", "/": "internal"}
    assert wrongly_routed(ingress, planted) == ["/new/page/", "/"]


def test_the_probes_request_routes_of_the_service(routes: Routes) -> None:
    serving = container(written())
    asked = {
        serving[f"{name}Probe"]["httpGet"]["path"] for name in ("startup", "liveness", "readiness")
    }
    assert asked <= routes.keys()
    assert len(asked) == 2
