"""Fixtures: the service whose manifests are checked, and a cluster that it is deployed to."""

from pathlib import Path

import pytest
from flask_chassis.project import Project

from flask_chassis_tools.kubernetes import deployment, watch

from .cluster import Cluster


@pytest.fixture(autouse=True)
def _service(service: Project) -> None:
    """Work on a rendered service."""


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cluster:
    """A cluster, and nothing but its kubectl on the PATH."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(watch, "PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(watch, "LASTING_SECONDS", 0.1)
    monkeypatch.setattr(watch, "SIGN_OF_LIFE_SECONDS", 0.05)
    monkeypatch.setattr(deployment, "MINIMUM_SECONDS", 0.1)
    return Cluster(tmp_path)
