"""What the status and the update of a fleet cost: of services that are rendered for it.

.venv/bin/python -m benchmarks.fleet --services 200 --updates 200
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from tasks.engine import engine
from tasks.fleet import updating
from tasks.fleet.status import states, table
from tasks.folders import ROOT
from tasks.render import kinds, render

RESULTS = ROOT / "benchmarks" / "results"
ADDRESS = "https://templates.acme.example/flask-microservice.git"
OLD, NEW = "v0.0.1", "v0.0.2"


def main() -> None:
    """Render, measure, and write the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--services", type=int, default=200)
    parser.add_argument("--updates", type=int, default=200)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="fleet-") as name:
        folder = Path(name)
        template = two_releases(folder / "template")
        made = partial(service, folder / "fleet", commit_of(template, OLD))
        with ProcessPoolExecutor() as pool:
            services = list(pool.map(made, range(wanted.services)))
        began = time.perf_counter()
        told = table(states(str(folder / "fleet"), "", template))
        seconds = time.perf_counter() - began
        if f"{wanted.services} services, 0 at the newest release." not in told:
            sys.exit(told)
        jobs = os.cpu_count() or 1
        chosen = services[: wanted.updates]
        began = time.perf_counter()
        done = updating.at_a_time(
            chosen, template / ".git", NEW, updating.prepare, jobs, silent=True
        )
        each = (time.perf_counter() - began) / len(chosen)
        if {result.outcome for result in done} != {"updated"}:
            sys.exit(updating.summary(done))
    write(
        {
            "services": wanted.services,
            "status, seconds": round(seconds, 2),
            "updates": len(chosen),
            "update, seconds for each service": round(each, 2),
            "cores": jobs,
            "load of the machine before": round(os.getloadavg()[2], 1),
            "python": platform.python_version(),
        }
    )


def two_releases(folder: Path) -> Path:
    """Clone this repository as it was committed last, with a release before it."""
    git(ROOT, "clone", "--quiet", str(ROOT), str(folder))
    [health] = folder.glob("*/*/chassis/health.py")
    readme = folder / "templates" / "README.md"
    for file in (health, readme):
        file.write_text(f"{file.read_text('utf-8')}# Older\n", "utf-8")
    git(folder, "commit", "--quiet", "--all", "--message", OLD)
    git(folder, "tag", OLD)
    git(folder, "revert", "--no-edit", "HEAD")
    git(folder, "tag", NEW)
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
    [health] = made.glob("*/chassis/health.py")
    for file in (health, made / "README.md"):
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


def write(result: dict[str, Any]) -> None:
    """Write the result for programs and for people."""
    (RESULTS / "fleet.json").write_text(json.dumps(result, indent=2) + "\n", "utf-8")
    rows = [f"| {what} | {value} |" for what, value in result.items()]
    text = "\n".join(["# A fleet", "", "| what | value |", "|---|---|", *rows, ""])
    (RESULTS / "fleet.md").write_text(text, "utf-8")
    print(text)


if __name__ == "__main__":
    main()
