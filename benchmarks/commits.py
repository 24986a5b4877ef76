"""Two commits of the template side by side: whether the services that they render got slower."""

import json
import subprocess
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks import load, ratios
from benchmarks.circumstances import RESULTS, as_line, circumstances
from benchmarks.ratios import Change, Found
from benchmarks.rounds import measure
from benchmarks.servers import Rendered
from benchmarks.sidebyside import say, work_on
from benchmarks.tables import Table
from benchmarks.work import WRITER
from tasks.folders import ROOT
from tasks.render import example, render_anew
from tasks.running_service import RunningService

KEPT = ROOT / ".cache" / "bench" / "commits"
EXAMPLE = "thoughts-backend"

ROWS = 10_000
ROUNDS = 7
WORK = ("list", "own list", "insert")


def run(against: str) -> Path:
    """Compare the files as they are with a commit, and return the report."""
    load.check_wrk()
    with checked_out(against) as template:
        before = render_anew(KEPT / "before", example(EXAMPLE), template)
    after = render_anew(KEPT / "after", example(EXAMPLE))
    with ExitStack() as stack:
        tables = [stack.enter_context(serving(folder)) for folder in (before, after)]
        changes = compare(tables[0], tables[1])
        return write(against, changes, tables[1])


@contextmanager
def checked_out(commit: str) -> Iterator[Path]:
    """Check a commit out, beside the files as they are."""
    with TemporaryDirectory(prefix="bench-") as folder:
        path = Path(folder) / "template"
        git = ["git", "-C", str(ROOT), "worktree"]
        subprocess.run([*git, "add", "--quiet", "--detach", path, commit], check=True)
        try:
            yield path
        finally:
            subprocess.run([*git, "remove", "--force", path], check=True)


@contextmanager
def serving(
    folder: Path, *, install: bool = True, variables: Mapping[str, str] | None = None
) -> Iterator[Table]:
    """Run a service with a PostgreSQL of its own, and rows in it."""
    with ExitStack() as stack:
        private = Path(stack.enter_context(TemporaryDirectory(prefix="bench-")))
        service = RunningService(folder, private, say=say)
        service.more_variables = dict(variables or {})
        stack.callback(service.stop)
        if install:
            service.service.install()
        service.start()
        table = Table(service, ROWS)
        table.fill()
        yield table


def compare(
    before: Table, after: Table, rounds: int = ROUNDS, names: Collection[str] = WORK
) -> list[Change]:
    """Measure two services in turns, and return what became of each kind of work."""
    servers = [Rendered(table.service) for table in (before, after)]
    found = []
    for ours, theirs in zip(work_on(after), work_on(before), strict=True):
        if ours.name not in names:
            continue
        say(ours.name)
        # Each has keys of its own, and so tokens.
        requests = [theirs.request, ours.request]
        series = measure(
            servers,
            ours,
            connections=8,
            rows=ROWS,
            rounds=rounds,
            seconds=1,
            requests=requests,
            after_round=lambda: clean_up((before, after)),
        )
        found.append(ratios.change(*(each.as_json() for each in series)))
    return found


def clean_up(tables: Sequence[Table]) -> None:
    """Remove what was written."""
    for table in tables:
        table.remove_rows_of(WRITER)


def write(against: str, changes: Sequence[Change], table: Table) -> Path:
    """Write the report and return it."""
    found: dict[str, Any] = {
        **circumstances(table),
        "against": against,
        "changes": [
            {"work": each.work, "cost": each.cost, "noise": each.noise, "verdict": each.verdict}
            for each in changes
        ],
    }
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "commits.json").write_text(json.dumps(found, indent=2) + "\n", "utf-8")
    readable = RESULTS / "commits.md"
    readable.write_text(as_markdown(found), "utf-8")
    return readable


def as_markdown(found: Found) -> str:
    """Return the table, with the verdict below it."""
    slower = [each["work"] for each in found["changes"] if each["verdict"] == "slower"]
    verdict = f"Slower: {', '.join(slower)}." if slower else "Nothing got slower."
    lines = [
        f"# {found['commit']} beside {found['against']}",
        "",
        as_line(dict(found)),
        "",
        "CPU time of a request, after / before: the median of the rounds' ratios.",
        "",
        "| work | after / before | noise | |",
        "|---|--:|--:|---|",
        *(
            f"| {each['work']} | {each['cost']:.2f} | ± {each['noise']:.2f} | {each['verdict']} |"
            for each in found["changes"]
        ),
        "",
        verdict,
    ]
    return "\n".join(lines) + "\n"
