"""What the status, the update and the bump of a fleet cost: of services that are rendered for it.

`.venv/bin/python -m benchmarks.fleet` takes six minutes and writes the results. With fewer
services, as in `--services 20`, it only says them.
"""

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.circumstances import RESULTS, commit, machine
from tasks.engine import engine
from tasks.fleet import updating
from tasks.fleet.status import states, table
from tasks.folders import ROOT
from tasks.render import kinds, render
from tasks.wheels import build, put, set_version, version

SERVICES = 200
STATUS_BAR, UPDATE_BAR, BUMP_BAR = 2.0, 2.0, 1.0
"""Seconds: for the status of all, for the update of each, and for the bump of each."""

ADDRESS = "https://templates.acme.example/flask-microservice.git"
OLD, NEW, LATER = "v0.0.1", "v0.0.2", "v0.0.3"
"""The release of the services, the one that they are updated to, and one with later wheels."""


def main() -> None:
    """Render, measure, and write the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--services", type=int, default=SERVICES, help="how many to render")
    wanted = parser.parse_args().services
    with tempfile.TemporaryDirectory(prefix="fleet-") as name:
        folder = Path(name)
        template = three_releases(folder / "template")
        made = partial(service, folder / "fleet", commit_of(template, OLD))
        with ProcessPoolExecutor() as pool:
            services = list(pool.map(made, range(wanted)))
        load = os.getloadavg()[0]
        status = status_of(folder / "fleet", template, wanted)
        bumps, _ = made_of(services, template, LATER, updating.bump)
        updates, processor = made_of(services, template, NEW, updating.prepare)
    result = {
        "measured": f"{datetime.now(UTC):%Y-%m-%d}, commit {commit()}",
        "machine": "{processor}, {cores} cores, {memory_gib} GiB".format(**machine()),
        "python": platform.python_version(),
        "services": wanted,
        "status of all, seconds": round(status, 2),
        "status of all, bar": STATUS_BAR,
        "update, seconds for each service": round(updates / wanted, 2),
        "update, seconds for each service, bar": UPDATE_BAR,
        "update, seconds of processor for each service": round(processor / wanted, 2),
        "bump, seconds for each service": round(bumps / wanted, 2),
        "bump, seconds for each service, bar": BUMP_BAR,
        "updates at a time": jobs(),
        "load of the machine when the rendering was done": round(load, 1),
    }
    print(as_markdown(result))
    if wanted >= SERVICES:
        (RESULTS / "fleet.json").write_text(json.dumps(result, indent=2) + "\n", "utf-8")
        (RESULTS / "fleet.md").write_text(as_markdown(result), "utf-8")
    if status > STATUS_BAR or updates / wanted > UPDATE_BAR or bumps / wanted > BUMP_BAR:
        sys.exit("A bar is missed.")


def status_of(fleet: Path, template: Path, number: int) -> float:
    """Return the seconds that the status takes, with its table."""
    began = time.perf_counter()
    told = table(states(str(fleet), "", template))
    seconds = time.perf_counter() - began
    if f"{number} services, 0 at the newest release, " not in told:
        sys.exit(told)
    return seconds


def made_of(
    services: list[Path], template: Path, tag: str, work: Callable[..., updating.Result]
) -> tuple[float, float]:
    """Return the seconds that all updates take, by the clock and of all processors."""
    began, before = time.perf_counter(), processor_seconds()
    done = updating.at_a_time(services, template / ".git", tag, work, jobs(), silent=True)
    if {result.outcome for result in done} != {"updated"}:
        sys.exit(updating.summary(done))
    return time.perf_counter() - began, processor_seconds() - before


def jobs() -> int:
    """Return how many updates are made at a time."""
    return os.cpu_count() or 1


def processor_seconds() -> float:
    """Return what this process and those that it has started have used so far."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def three_releases(folder: Path) -> Path:
    """Clone this repository as it was committed last, with a release before and one after it."""
    git(ROOT, "clone", "--quiet", str(ROOT), str(folder))
    for name in ("{{cookiecutter.project_slug}}/.editorconfig", "templates/README.md"):
        file = folder / name
        file.write_text(f"{file.read_text('utf-8')}# Older\n", "utf-8")
    git(folder, "commit", "--quiet", "--all", "--message", OLD)
    git(folder, "tag", OLD)
    git(folder, "revert", "--no-edit", "HEAD")
    git(folder, "tag", NEW)
    major, minor, patch = version("flask-chassis", folder).split(".")
    set_version(f"{major}.{minor}.{int(patch) + 1}", folder)
    with tempfile.TemporaryDirectory() as built:
        put(build(Path(built), folder), folder)
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", LATER)
    git(folder, "tag", LATER)
    return folder


def service(into: Path, commit: str, number: int) -> Path:
    """Render one, as the older release does, and commit it."""
    kind = kinds()[number % 3]
    answers = {"project_name": f"Service {number}", "kind": kind, "port": str(2000 + 2 * number)}
    made = render(into, answers)
    record = engine("record")
    written = {"template": ADDRESS, "commit": commit, "checkout": OLD}
    context: dict[str, Any] = {"context": {"cookiecutter": answers}, "directory": None}
    (made / record.FILE).write_text(record.formatted(written | context), "utf-8")
    for file in (made / ".editorconfig", made / "README.md"):
        file.write_text(f"{file.read_text('utf-8')}# Older\n", "utf-8")
    git(made, "init", "--quiet")
    git(made, "add", "--all")
    git(made, "commit", "--quiet", "--message=All")
    return made


def commit_of(template: Path, tag: str) -> str:
    """Return the commit of a tag."""
    return git(template, "rev-parse", f"{tag}^0")


def git(folder: Path, *words: str) -> str:
    """Run git with a name and an address of its own."""
    person = ("-c", "user.name=Bench", "-c", "user.email=bench@acme.example")
    done = subprocess.run(
        ["git", *person, *words], cwd=folder, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def as_markdown(result: dict[str, Any]) -> str:
    """Return the result for people."""
    rows = [f"| {what} | {value} |" for what, value in result.items()]
    return "\n".join(["# A fleet", "", "| what | value |", "|---|---|", *rows, ""])


if __name__ == "__main__":
    main()
