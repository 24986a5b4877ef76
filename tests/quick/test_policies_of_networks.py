"""The network policies of a service are what its task would write from its flows."""

import re
import shutil
from pathlib import Path

import pytest

from tasks.engine import engine
from tests.quick.conftest import PAIRS

flows = engine("kubernetes.flows")
network_policies = engine("kubernetes.network_policies")


def different(service: Path, answers: dict[str, str]) -> list[Path]:
    """Return the files of policies that are not what the flows say."""
    uwsgi = (service / "infra" / "uwsgi.yaml").read_text("utf-8")
    [metrics] = re.findall(r"metrics-port=(\d+)", uwsgi)
    [port] = re.findall(r"^  set-placeholder: port=(\d+)$", uwsgi, re.MULTILINE)
    assert port == answers.get("port", port)
    ports = {"http": int(port), "metrics": int(metrics)}
    found = flows.read(service / flows.FILE, service.name, ports)
    files: list[Path] = network_policies.different(service, found)
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
