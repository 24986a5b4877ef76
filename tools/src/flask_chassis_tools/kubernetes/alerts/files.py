"""The files that are generated from infra/slo.yaml: the rules, and the runbooks of the alerts."""

from importlib import resources
from pathlib import Path

from flask_chassis_tools.kubernetes.alerts import objectives, rules
from flask_chassis_tools.kubernetes.alerts.objectives import Objectives, ObjectivesError

RULES = Path("infra/kubernetes/components/prometheus-rule/prometheus-rule.yaml")
RUNBOOKS = Path("docs/runbooks.md")

PAGES = resources.files(__package__) / "runbooks"
"""A page for each alert, and `head.md`."""


def files(service: str, declared: Objectives) -> dict[Path, str]:
    """Return the text of each file, by its path in the service's folder."""
    return {
        RULES: rules.text(service, declared),
        RUNBOOKS: runbooks(service, declared),
    }


def runbooks(service: str, declared: Objectives) -> str:
    """Return the runbooks: a section for each alert, under the heading that its link names."""
    alerts = [name for name, *_ in rules.alerts(service, declared)]
    texts = [_page("head"), *(f"## {name}\n\n{_page(name)}" for name in alerts)]
    values = {
        "SERVICE": service,
        "AVAILABILITY": f"{declared.availability_percent:g}",
        "LATENCY": f"{declared.latency_percent:g}",
        "SECONDS": f"{declared.latency_seconds:g}",
        "QUEUE": str(rules.FULL_QUEUE),
        "FAILING": f"{rules.FAILING:.0%}",
        "WORKERS": str(rules.REPLACED_WORKERS),
    }
    joined = "\n".join(texts)
    for name, value in values.items():
        joined = joined.replace(f"@{name}@", value)
    return joined


def _page(name: str) -> str:
    try:
        return (PAGES / f"{name}.md").read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise ObjectivesError(
            f"The alert {name} has no runbook: write {name}.md in "
            "flask_chassis_tools/kubernetes/alerts/runbooks."
        ) from error


def different(folder: Path, service: str) -> list[Path]:
    """Return the files in a service's folder that its objectives give otherwise.

    A service that was rendered before it had objectives has none of these files to keep.
    """
    if not (folder / objectives.FILE).is_file():
        return []
    declared = objectives.read(folder / objectives.FILE)
    generated = files(service, declared)
    return [path for path, text in generated.items() if _read(folder / path) != text]


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""
