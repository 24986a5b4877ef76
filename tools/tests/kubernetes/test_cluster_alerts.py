"""Alerts and runbooks are written from the service level objectives."""

import shutil
from pathlib import Path

import pytest
from flask_chassis import project
from flask_chassis.project import Project

from flask_chassis_tools.kubernetes import overlays
from flask_chassis_tools.kubernetes.alerts import files, objectives, rules
from flask_chassis_tools.kubernetes.alerts.objectives import ObjectivesError

from ..conftest import Run

OBJECTIVES = """\
availability_percent: 99.9
latency_percent: 95
latency_seconds: 1
runbooks: https://git.acme.example/acme/billing/blob/main/docs/runbooks.md
"""


@pytest.fixture
def copy(service: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the service, made the current one, whose files a test may change."""
    folder = shutil.copytree(service.folder.parent, tmp_path / service.folder.parent.name)
    monkeypatch.setattr(project, "_current", Project(service.package, folder / service.package))
    return folder


def test_a_service_as_rendered_is_up_to_date(copy: Path, run: Run) -> None:
    done = run("cluster.alerts", "--check")
    assert (done.code, done.out) == (0, "The alerts are up to date.\n")


def test_a_change_of_the_objectives_is_written(copy: Path, run: Run) -> None:
    file = copy / objectives.FILE
    file.write_text(file.read_text("utf-8").replace("99.9", "99.5"), "utf-8")
    checked = run("cluster.alerts", "--check")
    assert checked.code == 1
    assert "does not match infra/slo.yaml. Run the task cluster.alerts." in checked.error
    assert run("cluster.alerts").out == f"Written: {files.RULES}, {files.RUNBOOKS}.\n"
    # 14.4 times the 0.5 % that may fail.
    assert "slo:http_errors:ratio_rate1h > 0.072" in (copy / files.RULES).read_text("utf-8")
    assert "99.5%" in (copy / files.RUNBOOKS).read_text("utf-8")
    assert run("cluster.alerts", "--check").code == 0


def test_a_file_that_was_deleted_is_written(copy: Path, run: Run) -> None:
    (copy / files.RUNBOOKS).unlink()
    assert run("cluster.alerts").out == f"Written: {files.RUNBOOKS}.\n"


def test_objectives_that_are_wrong_are_an_error_of_the_task(copy: Path, run: Run) -> None:
    (copy / objectives.FILE).write_text(OBJECTIVES.replace("99.9", "100"), "utf-8")
    done = run("cluster.alerts")
    assert done.code == 1
    assert "infra/slo.yaml: availability_percent is 100: set more than 93.1" in done.error


def test_a_service_without_objectives_has_nothing_to_compare(copy: Path) -> None:
    """It was rendered before there were any, and keeps the alerts that it has."""
    (copy / objectives.FILE).unlink()
    (copy / files.RULES).write_text("its own", "utf-8")
    assert files.different(copy, overlays.name()) == []


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("99.9", "100", "availability_percent is 100: set more than 93.1, .* less than 100"),
        ("95", "90", "latency_percent is 90: set more than 93.1"),
        ("95", "'95'", "latency_percent is '95': set a number"),
        ("95", "true", "latency_percent is True: set a number"),
        ("latency_seconds: 1", "latency_seconds: 0.7", "0.7: set one of .* 0.5, 1, 2.5"),
        ("https://git.acme.example/", "docs/", "runbooks is 'docs/.*: set an address"),
        ("latency_percent: 95\n", "", "it must have the keys availability_percent, "),
        ("latency_percent", "latency", "it must have the keys .*, and no others"),
        ("latency_percent: 95", "latency_percent: [", "invalid YAML"),
    ],
)
def test_objectives_that_could_not_be_watched_are_refused(old: str, new: str, message: str) -> None:
    assert old in OBJECTIVES
    with pytest.raises(ObjectivesError, match=message):
        objectives.parse(OBJECTIVES.replace(old, new, 1))


def test_an_alert_without_a_runbook_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    declared = objectives.parse(OBJECTIVES)
    alerts = [*rules.alerts("billing", declared), ("ServiceIsTired", "warning", "", "It is.", "1")]
    monkeypatch.setattr(rules, "alerts", lambda service, declared: alerts)
    with pytest.raises(ObjectivesError, match=r"ServiceIsTired has no runbook: write Serv"):
        files.runbooks("billing", declared)


def test_no_runbook_is_left_of_an_alert_that_is_gone() -> None:
    names = {name for name, *_ in rules.alerts("billing", objectives.parse(OBJECTIVES))}
    pages = {Path(page.name).stem for page in files.PAGES.iterdir()}
    assert pages == names | {"head"}


def test_nothing_is_left_to_fill_in() -> None:
    text = files.runbooks("billing", objectives.parse(OBJECTIVES))
    assert "@" not in text
    assert "kubectl get pods -l app.kubernetes.io/name=billing" in text
