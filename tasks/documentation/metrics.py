"""Lists the metrics of the chassis: name, kind, labels and meaning, from where they are made."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tasks.folders import ROOT

from .tables import code
from .tables import table as table_of

SOURCES = ROOT / "chassis" / "src" / "flask_chassis"

KINDS = {
    "Counter": "counter",
    "CounterMetricFamily": "counter",
    "Gauge": "gauge",
    "GaugeMetricFamily": "gauge",
    "Histogram": "histogram",
    "Summary": "summary",
}
"""The classes of prometheus-client that make a metric."""


@dataclass(frozen=True)
class Metric:
    """A metric, as Prometheus shows it."""

    name: str
    kind: str
    labels: tuple[str, ...]
    meaning: str


def read(folder: Path = SOURCES) -> list[Metric]:
    """Return all metrics that the code in a folder makes, by name."""
    found = [each for path in folder.rglob("*.py") for each in _metrics(path)]
    return sorted(found, key=lambda each: each.name)


def _metrics(path: Path) -> Iterator[Metric]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
            continue
        texts = [each.value for each in node.args[:2] if isinstance(each, ast.Constant)]
        if node.func.id not in KINDS or len(texts) != 2 or not isinstance(texts[0], str):
            continue  # such as collections.Counter
        kind = KINDS[node.func.id]
        lists = [*node.args[2:3], *(each.value for each in node.keywords if each.arg == "labels")]
        labels = [name for each in lists for name in ast.literal_eval(each)]
        # The client adds the suffix.
        name = f"{texts[0]}_total" if kind == "counter" else texts[0]
        yield Metric(name, kind, tuple(labels), str(texts[1]))


def table() -> str:
    """Return the table of all metrics."""
    rows = [
        (code(each.name), each.kind, ", ".join(map(code, each.labels)), each.meaning)
        for each in read()
    ]
    return table_of(("metric", "kind", "labels", "meaning"), rows)
