"""What the benchmarks make of what they measure: nothing here measures anything."""

import json
import os
import random
import subprocess
import sys
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from benchmarks import chart, commits, load, processes, ratios, readme, report, rounds
from benchmarks.circumstances import RESULTS
from benchmarks.environments import VARIANTS as FOLDERS
from benchmarks.growth import SMALL
from benchmarks.load import Answered
from benchmarks.ratios import BARS, Bar
from benchmarks.servers import VARIANTS
from benchmarks.work import BARRED
from tasks.lock import are_locked

ROUNDS = 9


def series(
    server: str, work: str, cpu_us: list[float], per_second: list[float] | None = None
) -> dict[str, Any]:
    found = rounds.Series(server, work, 8, SMALL)
    for cpu, speed in zip(cpu_us, per_second or cpu_us, strict=True):
        found.add(Answered(1.0, round(speed), 0, 0, 2.0, 5.0), cpu * round(speed) / 1e6)
    return found.as_json()


def noisy(middle: float, spread: float, seed: int) -> list[float]:
    chance = random.Random(seed)  # noqa: S311 - no secret
    return [middle * chance.uniform(1 - spread, 1 + spread) for _ in range(ROUNDS)]


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize(
    ("times", "verdict"), [(1.0, "the same"), (1.3, "slower"), (0.7, "faster")]
)
def test_a_slower_commit_is_told_from_noise(seed: int, times: float, verdict: str) -> None:
    before = series("before", "list", noisy(400, 0.05, seed))
    after = series("after", "list", noisy(400 * times, 0.05, seed + 1000))
    assert ratios.change(before, after).verdict == verdict


def test_a_busy_machine_is_no_slower_commit() -> None:
    # Each round is twice as slow as the one before; both meet that.
    machine = [2.0**number for number in range(ROUNDS)]
    before = series("before", "list", [100 * busy for busy in machine])
    after = series("after", "list", [102 * busy for busy in machine])
    found = ratios.change(before, after)
    assert found.verdict == "the same"
    assert found.cost == pytest.approx(1.02, abs=0.001)


def test_where_rounds_contradict_each_other_nothing_is_told() -> None:
    before = series("before", "list", [100.0] * ROUNDS)
    after = series("after", "list", [60, 200, 70, 190, 120, 60, 210, 125, 65])
    found = ratios.change(before, after)
    assert found.verdict == "the same"
    assert found.noise > 0.5


def test_the_report_on_two_commits_names_what_got_slower() -> None:
    machine = {"processor": "A", "cores": 2, "memory_gib": 4}
    found: dict[str, Any] = {"commit": "b", "against": "a", "measured": "2026-01-01T00:00:00"}
    found |= {"machine": machine, "versions": {"Python": "3.11"}}
    changes = [("list", "slower"), ("insert", "the same")]
    found["changes"] = [
        {"work": work, "cost": 1.2, "noise": 0.05, "verdict": verdict} for work, verdict in changes
    ]
    assert commits.as_markdown(found).endswith("\nSlower: list.\n")
    found["changes"] = found["changes"][1:]
    assert commits.as_markdown(found).endswith("\nNothing got slower.\n")


def test_ratios_are_of_rounds_and_not_of_medians() -> None:
    one = series("rendered", "list", [1.0] * 3, [100, 400, 900])
    other = series("raw", "list", [1.0] * 3, [200, 800, 900])
    assert ratios.ratio(one, other) == 0.5


def test_a_bar_of_one_wants_to_be_exceeded() -> None:
    assert not Bar("fastapi_asyncpg", 1).is_met(1.0)
    assert Bar("fastapi_asyncpg", 1).is_met(1.01)
    assert Bar("raw", 0.65).is_met(0.65)
    assert not Bar("raw", 0.65).is_met(0.649)


@pytest.fixture
def all_series() -> list[dict[str, Any]]:
    """Series in which the rendered service does 100 a second, and the others less and less."""
    names = ["rendered", *(variant.name for variant in VARIANTS)]
    return [
        series(name, work, [1.0] * 3, [100 / 2**number] * 3)
        for number, name in enumerate(names)
        for work in BARRED
    ]


def test_the_report_puts_the_service_beside_each_variant(all_series: list[dict[str, Any]]) -> None:
    found = report.beside_all(all_series)
    assert list(found) == [variant.name for variant in VARIANTS]
    assert [found[variant.name]["list"] for variant in VARIANTS] == pytest.approx(
        [2**number for number in range(1, 6)], rel=0.1
    )


def test_the_report_marks_what_misses_its_bar(all_series: list[dict[str, Any]]) -> None:
    found = report.beside_all(all_series)
    found["raw"]["insert"] = 0.5
    [row] = [line for line in report.ratio_lines(found) if "raw" in line]
    assert "| 0.50 ✗ |" in row
    assert row.count("✗") == 1


def test_every_bar_is_beside_a_variant() -> None:
    assert {bar.beside for bar in BARS} <= {variant.name for variant in VARIANTS}


def test_the_chart_is_svg_with_a_bar_for_each_ratio(all_series: list[dict[str, Any]]) -> None:
    drawn = ET.fromstring(report.as_chart(report.beside_all(all_series)))  # noqa: S314
    bars = [
        element
        for element in drawn.iter("{http://www.w3.org/2000/svg}rect")
        if element.get("x") == str(chart.LABEL) and element.get("width") != "12"
    ]
    assert len(bars) == len(VARIANTS) * len(BARRED)


def test_the_readme_shows_what_was_measured_last() -> None:
    shown = readme.between_marks(readme.README.read_text("utf-8"))
    results = RESULTS / "sidebyside.json"
    if results.is_file():
        found = json.loads(results.read_text("utf-8"))["ratios"]
        assert shown == "\n".join(report.readme_lines(found))
    else:
        assert shown == "Not measured yet."


def test_the_readme_gets_new_ratios_in_the_place_of_old_ones() -> None:
    text = f"before\n{readme.BEGIN}\nold\n{readme.END}\nafter\n"
    changed = readme.with_ratios(text, ["new"])
    assert readme.between_marks(changed) == "new"
    assert (changed.startswith("before\n"), changed.endswith("\nafter\n")) == (True, True)
    with pytest.raises(ValueError, match="lacks"):
        readme.with_ratios("no marks", ["new"])


def test_what_wrk_prints_is_read() -> None:
    printed = 'Running\n{"microseconds": 2000000, "answers": 100, "refused": 10, "bad": 15, '
    printed += '"broken": 3, "p50": 1500, "p99": 4000}\n'
    found = load.read(printed)
    assert (found.good, found.refused, found.failed) == (85, 10, 8)
    assert (found.per_second, found.p50_ms, found.p99_ms) == (42.5, 1.5, 4.0)


def test_cpu_time_is_of_a_whole_session() -> None:
    burn = "import subprocess, sys, time\n"
    burn += "while time.process_time() < 0.3: pass\n"
    burn += "print('done', flush=True); sys.stdin.read()"
    nested = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {burn!r}])"
    process = subprocess.Popen(
        [sys.executable, "-c", nested],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"done\n"
        pids = processes.of_session(process.pid)
        assert len(pids) == 2
        assert processes.cpu_seconds(pids) >= 0.25
        assert processes.cpu_seconds([os.getppid() + 10**7]) == 0
        assert processes.unique_bytes(process.pid) > 2**20
        process.communicate()


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: variant.name)
def test_every_variant_is_locked(variant: Any) -> None:
    folder = FOLDERS / variant.name
    assert are_locked(folder)
    locked = (folder / "requirements.txt").read_text("utf-8")
    assert locked.count("--hash=sha256:") > locked.count(" ; ")
