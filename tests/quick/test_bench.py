"""What the benchmarks make of what they measure: nothing here measures anything."""

import json
import os
import platform
import random
import subprocess
import sys
from pathlib import Path
from typing import Any, ClassVar
from xml.etree import ElementTree as ET

import pytest
from invoke import Context, Exit

from benchmarks import (
    chart,
    commits,
    interpreter,
    load,
    pages,
    parts,
    processes,
    proxy,
    ratios,
    readme,
    report,
    rounds,
    verdicts,
)
from benchmarks.circumstances import RESULTS
from benchmarks.environments import VARIANTS as FOLDERS
from benchmarks.growth import SMALL
from benchmarks.load import Answered
from benchmarks.ratios import BARS, CPU_BARS, Bar
from benchmarks.servers import VARIANTS
from benchmarks.work import BARRED
from tasks.bench import bench
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


def test_a_bar_is_met_at_its_limit() -> None:
    assert Bar("raw", least=0.5).is_met(0.5)
    assert not Bar("raw", least=0.5).is_met(0.499)
    assert Bar("fastapi_asyncpg", most=0.9).is_met(0.9)
    assert not Bar("fastapi_asyncpg", most=0.9).is_met(0.901)


@pytest.fixture
def all_series() -> list[dict[str, Any]]:
    """Series in which the rendered service does 100 a second, and the others less and less."""
    return [
        series(name, work, [1.0] * 3, [100 / 2**number] * 3)
        for variants, works in report.GROUPS
        for number, name in enumerate(["rendered", *(variant.name for variant in variants)])
        for work in works
    ]


def test_the_report_puts_the_service_beside_each_variant(all_series: list[dict[str, Any]]) -> None:
    found = report.beside_all(all_series)
    assert list(found) == [variant.name for variant in (*VARIANTS, *pages.VARIANTS)]
    assert [found[variant.name]["page"] for variant in pages.VARIANTS] == pytest.approx(
        [2**number for number in range(1, 4)], rel=0.1
    )
    assert [found[variant.name]["list"] for variant in VARIANTS] == pytest.approx(
        [2**number for number in range(1, 6)], rel=0.1
    )


def test_the_report_marks_what_misses_its_bar(all_series: list[dict[str, Any]]) -> None:
    found = report.beside_all(all_series)
    found["raw"]["insert"] = 0.4
    row = next(line for line in report.ratio_tables(found, BARS) if "raw" in line)
    assert "| 0.40 ✗ | ≥ 0.5 |" in row
    assert row.count("✗") == 1
    found["fastapi_asyncpg"] = {"list": 0.8, "own list": 0.9, "insert": 1.0}
    row = next(line for line in report.ratio_tables(found, CPU_BARS) if "asyncpg" in line)
    assert row.endswith("| 0.80 | 0.90 | 1.00 ✗ | ≤ 0.9 |")


def test_what_nginx_and_postgresql_take_is_beside_what_the_server_takes() -> None:
    found = rounds.Series("rendered", "list", 8, SMALL)
    for seconds in (0.1, 0.3, 0.2):
        others = {"nginx": seconds / 10, "PostgreSQL": seconds / 2}
        found.add(Answered(1.0, 1000, 0, 0, 2.0, 5.0), seconds, others)
    [row] = [line for line in report._series([found.as_json()]) if "rendered" in line]
    assert "| 1000 | 200 | 20 | 100 | 2.00 | 5.00 | 0 |" in row


def test_the_report_shows_the_tail_of_the_limit_beside_the_services(
    all_series: list[dict[str, Any]],
) -> None:
    [raw] = [each for each in all_series if (each["server"], each["work"]) == ("raw", "list")]
    raw["rounds"] |= {"p50_ms": [1.0, 2.0, 4.0], "p99_ms": [7.0, 14.0, 4.0]}
    [row] = [line for line in report.as_tails(all_series) if "| 8 | list |" in line]
    assert row.split(" | ")[5] == "7.0"


def whole_run(all_series: list[dict[str, Any]]) -> dict[str, Any]:
    """A run in which all bars are met: what is in it of the strains that have one."""
    many = [each | {"connections": 64} for each in all_series]
    met = {"is_met": True}
    cost = {"share": 0.1, "least": 0.08, "most": 0.123}
    spread = {"least": 0.9, "most": 1.0}
    refused = {"refused_per_second": 100, "failed": 0}
    return {
        "series": all_series + many,
        "direct": all_series,
        "ratios": {bar.beside: dict.fromkeys(BARRED, 9.0) for bar in BARS},
        "cpu_ratios": {bar.beside: dict.fromkeys(BARRED, 0.5) for bar in CPU_BARS},
        "parts": {"each": {"logs": cost}, "together": cost, "bar": 0.15} | met,
        "starvation": {"idle": 200, "still_open": 2, "slowest_seconds": 0.1} | met,
        "overload": {"clients": 16, "times": 4, "ratio": 0.95, "bar": 0.9} | refused | spread | met,
        "growth": [{"ratio": 1.1, "bar": 1.3}, {"ratio": 99, "bar": None}],
        "start": {"uwsgi_median": 0.3, "median": 0.5, "bar": 0.4} | met,
        "memory": {"first_mb": 40, "last_mb": 41, "requests": 1000, "bar_mb": 60} | met,
        "modes": {"clients": 64, "modes": [series("gevent", "page", [900.0] * 3)]},
    }


def test_a_run_in_which_all_bars_are_met_says_so(all_series: list[dict[str, Any]]) -> None:
    found = verdicts.as_lines(whole_run(all_series), report.TITLES)
    assert sum(line.endswith("| met |") for line in found) == len(BARS) + len(CPU_BARS) + 8
    assert "missed" not in "".join(found)


def test_the_report_is_written_and_a_short_run_leaves_the_readme(
    all_series: list[dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = {"processor": "A", "cores": 2, "memory_gib": 4}
    then = {"commit": "b", "measured": "2026-01-01T00:00:00", "versions": {}, "machine": machine}
    # Of a service that runs; what is written of it is what counts here.
    monkeypatch.setattr(report, "circumstances", lambda table: then)
    monkeypatch.setattr(readme, "README", tmp_path / "README.md")
    table: Any = None
    written = report.write(whole_run(all_series), table, tmp_path)
    text = written.read_text("utf-8")
    assert "**3 of 5 rounds" in text
    assert "| logs | 10.0% | 8.0% to 12.3% |" in text
    assert "| FastAPI, httpx, Jinja2 | 4.00 |" in text
    assert "| 64 | insert | 2.00 | 5.00 | 2.5 | 2.5 | 0 |" in text
    assert json.loads((tmp_path / "sidebyside.json").read_text("utf-8"))["cpu_ratios"]["page_raw"]
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "sidebyside.json",
        "sidebyside.md",
        "sidebyside.svg",
    ]


def test_of_a_server_that_answered_nothing_no_times_are_shown() -> None:
    nothing = series("fastapi_sqlmodel", "list", [0.0] * 3)
    assert "| FastAPI, SQLModel | 0 | | | | | | 0 |" in report._series([nothing])[-1]


def test_no_rounds_are_refused() -> None:
    with pytest.raises(Exit, match="--rounds 0: give 1 or more"):
        bench(Context(), rounds=0)


def test_a_python_that_is_not_there_is_refused() -> None:
    with pytest.raises(Exit, match=r"--python /nowhere/python is not a program. Give the path"):
        bench(Context(), python="/nowhere/python")


def test_everything_is_measured_on_the_python_that_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    interpreter.version.cache_clear()
    monkeypatch.setenv(interpreter.VARIABLE, sys.executable)
    assert interpreter.version() == platform.python_version()
    assert interpreter.minor() == ".".join(platform.python_version_tuple()[:2])


def test_nginx_gets_a_server_for_each_that_is_measured() -> None:
    class Measured:
        name, title, port = "one", "One", 1234
        pids: ClassVar[list[int]] = [1]

    text = proxy.configuration([proxy.Behind(Measured(), 4321)])
    assert "server 127.0.0.1:1234;" in text
    assert "listen 127.0.0.1:4321;" in text


@pytest.mark.parametrize("part", ["parts", "starvation", "overload", "start", "memory"])
def test_a_bar_that_is_missed_is_told(all_series: list[dict[str, Any]], part: str) -> None:
    found = whole_run(all_series)
    found[part]["is_met"] = False
    assert "".join(verdicts.as_lines(found, report.TITLES)).count("missed") == 1


def test_ratios_tails_errors_and_growth_have_bars_too(all_series: list[dict[str, Any]]) -> None:
    found = whole_run(all_series)
    found["ratios"]["raw"]["insert"] = 0.4
    found["cpu_ratios"]["fastapi_asyncpg"]["list"] = 0.95
    found["series"][0]["rounds"]["p99_ms"] = [50.0] * 3
    found["series"][len(all_series)]["failed"] = 1
    found["growth"][0]["ratio"] = 1.4
    missed = [one for one in verdicts.of(found, report.TITLES) if not one.is_met]
    assert [one.found for one in missed] == [
        "9.00, 9.00, 0.40",
        "0.95, 0.50, 0.50",
        "10.00, 1.00, 1.00",
        "1",
        "1.40",
    ]


Pair = tuple[rounds.Series, rounds.Series]


def pair_of(name: str, whole: list[float], lacking: list[float], failed: int = 0) -> Pair:
    """Return the service with all parts and without one, which took so many CPU seconds a round."""
    found = rounds.Series(parts.WHOLE, "list", 8, 0), rounds.Series(name, "list", 8, 0)
    for series, values in zip(found, (whole, lacking), strict=True):
        for value in values:
            series.add(Answered(1.0, 1000, 0, failed, 2.0, 5.0), value)
    return found


def test_what_a_part_costs_is_a_share_of_the_whole() -> None:
    whole: list[float] = [100, 200, 100]
    cpu: list[list[float]] = [
        [90, 180, 80],
        [100, 200, 110],
        [100, 200, 100],
        [95, 190, 95],
        [80, 160, 80],
    ]
    names = (*parts.PARTS, "all")
    found = [pair_of(name, whole, values) for name, values in zip(names, cpu, strict=True)]
    costs = parts.costs(found)
    assert costs["each"].keys() == set(parts.PARTS)
    assert costs["each"]["logs"] == pytest.approx({"share": 0.1, "least": 0.1, "most": 0.2})
    assert costs["each"]["metrics"] == pytest.approx({"share": 0, "least": -0.1, "most": 0})
    # Measured, and more than the sum of the four: the parts share what all of them need.
    assert (costs["together"]["share"], costs["is_met"]) == (pytest.approx(0.2), False)


def test_a_service_that_costs_more_without_its_parts_is_not_what_is_meant() -> None:
    costs = parts.costs([pair_of(name, [1], [2]) for name in (*parts.PARTS, "all")])
    assert (costs["together"]["share"], costs["is_met"]) == (-1, False)


def test_no_cost_is_told_of_a_service_that_fails() -> None:
    """As six at a time did, of which the last found no connection of PostgreSQL left."""
    found = [pair_of(name, [1], [1], failed=int(name == "all")) for name in (*parts.PARTS, "all")]
    with pytest.raises(Exit, match="1 requests failed"):
        parts.costs(found)


def test_every_bar_is_beside_a_variant() -> None:
    assert {bar.beside for bar in (*BARS, *CPU_BARS)} <= {variant.name for variant in VARIANTS}


def test_the_chart_is_svg_with_a_bar_for_each_ratio(all_series: list[dict[str, Any]]) -> None:
    drawn = ET.fromstring(report.as_chart(report.beside_all(all_series)))  # noqa: S314
    bars = [
        element
        for element in drawn.iter("{http://www.w3.org/2000/svg}rect")
        if element.get("x") == str(chart.LABEL) and element.get("width") != "12"
    ]
    assert len(bars) == len(VARIANTS) * len(BARRED) + len(pages.VARIANTS)


def test_the_readme_shows_what_was_measured_last() -> None:
    shown = readme.between_marks(readme.README.read_text("utf-8"))
    results = RESULTS / "sidebyside.json"
    if results.is_file():
        found = json.loads(results.read_text("utf-8"))
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


def test_cpu_time_of_children_that_have_ended_counts() -> None:
    burn = "import time\nwhile time.process_time() < 0.3: pass"
    program = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {burn!r}])"
    process = subprocess.Popen(
        [sys.executable, "-c", f"{program}; print('done', flush=True); sys.stdin.read()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"done\n"
        assert processes.of_tree(process.pid) == [process.pid]
        assert processes.cpu_seconds(processes.of_tree(process.pid)) >= 0.25
        process.communicate()


def test_a_tree_has_processes_of_other_sessions_too() -> None:
    program = (
        "import subprocess, sys; "
        "subprocess.run([sys.executable, '-c', 'print(1, flush=True); input()'], "
        "start_new_session=True)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"1\n"
        assert len(processes.of_tree(process.pid)) == 2
        assert len(processes.of_session(process.pid)) <= 1
        process.communicate(b"\n")


@pytest.mark.parametrize("variant", [*VARIANTS, *pages.VARIANTS], ids=lambda variant: variant.name)
def test_every_variant_is_locked(variant: Any) -> None:
    folder = FOLDERS / variant.name
    assert are_locked(folder)
    locked = (folder / "requirements.txt").read_text("utf-8")
    assert locked.count("--hash=sha256:") > locked.count(" ; ")
