"""The network policies of a service are what its task would write from its flows."""

import importlib
import re
import shutil
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.quick.conftest import PAIRS


def module_of(service: Path, name: str) -> Any:
    """Load a module of a service's tasks that needs nothing else of the service."""
    [folder] = [path.parent for path in service.glob("*/tasks/flows.py")]
    package = ModuleType("tasks_of_a_service")
    package.__path__ = [str(folder)]
    sys.modules[package.__name__] = package
    for loaded in [each for each in sys.modules if each.startswith(f"{package.__name__}.")]:
        del sys.modules[loaded]
    return importlib.import_module(f"{package.__name__}.{name}")


def different(service: Path, answers: dict[str, str]) -> list[Path]:
    """Return the files of policies that are not what the flows say."""
    policies, flows = module_of(service, "network_policies"), module_of(service, "flows")
    uwsgi = (service / "infra" / "uwsgi.yaml").read_text("utf-8")
    [metrics] = re.findall(r"metrics-port=(\d+)", uwsgi)
    ports = {"http": int(answers.get("port", "8080")), "metrics": int(metrics)}
    found = flows.read(service / flows.FILE, service.name, ports)
    files: list[Path] = policies.different(service, found)
    return files


@pytest.mark.parametrize("number", range(len(PAIRS)))
def test_the_policies_are_as_the_flows_say(number: int, rendered_pairs: list[Path]) -> None:
    assert different(rendered_pairs[number], PAIRS[number]) == []


def test_policies_that_drift_from_the_flows_are_seen(plain: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(plain, tmp_path / plain.name)
    file = copy / "infra" / "flows.yaml"
    file.write_text(file.read_text("utf-8").replace("5432/TCP", "5433/TCP"), "utf-8")
    names = {str(path.relative_to("infra/kubernetes").parent) for path in different(copy, {})}
    assert names == {"base", "components/pgbouncer", "overlays/development"}
