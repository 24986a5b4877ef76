"""Runs the tests of this repository."""

import os
import subprocess
from collections.abc import Sequence

from invoke import Context, Exit, task

from . import passed
from .folders import PROGRAMS, ROOT

PROCESSES = min((os.cpu_count() or 1) + 1, 4)
"""One more than there are processors: many tests wait for a server, a page or an image."""

IN_PARALLEL = (f"--numprocesses={PROCESSES}", "--dist=loadfile", "--no-loadscope-reorder")
"""The tests of a file share what they have started, and stay together. pytest-xdist would start the
files with the most tests first, which are the short ones: tests/longest_first.py sorts them."""

TIERS = {
    "quick": ("tests/hooks", "tests/quick"),
    "packages": ("tests/packages",),
    "full": ("tests/full",),
    "kubernetes": ("tests/kubernetes",),
    "pipelines": ("tests/pipelines",),
    "docker": ("tests/docker",),
    "system": ("tests/system",),
}
"""The parts of the suite, which CI runs side by side."""

GATE = ("tests/updates",)
"""What every release has to pass, besides."""

ALL = ("tests", "--ignore=tests/cluster")
"""All but what needs a cluster: see cluster_test.py."""

TOOLS = ROOT / ".cache" / "kubernetes" / "bin"
"""Where `.ci/install-kubernetes-tools` puts kubectl and kustomize."""


@task(
    help={
        "quick": "Only the tier quick, which needs no installed service: under two minutes",
        "gate": "Only the update gate: services from earlier releases are updated",
        "select": "Only the tests whose name matches, as pytest's -k",
        "tier": f"Only one part of them: {', '.join(TIERS)}",
    }
)
def test(
    context: Context, quick: bool = False, gate: bool = False, select: str = "", tier: str = ""
) -> None:
    """Run the tests. What this machine cannot run is listed at the end, each with the reason."""
    tier = "quick" if quick else tier
    if tier and tier not in TIERS:
        raise Exit(f"There is no tier {tier}; there are {', '.join(TIERS)}.", 2)
    install_tools()
    folders = GATE if gate else TIERS.get(tier, ALL)
    chosen = ["-k", select] if select else []
    words = ["-rs", *IN_PARALLEL, *chosen, *folders]
    if code := _run(["pytest", *words]):
        raise Exit(code=code)
    if folders in (GATE, ALL) and not select:
        passed.remember()


def install_tools() -> None:
    """Install the requirements of tests and locking, with hashes, unless they are installed."""
    wanted = (ROOT / "requirements-dev.txt").read_text("utf-8")
    installed = ROOT / ".venv" / "dev-made-for"
    if installed.is_file() and installed.read_text("utf-8") == wanted:
        return
    print("Installing the test tools, once", flush=True)
    subprocess.run([ROOT / "tasks" / "install", "requirements-dev.txt"], check=True)
    installed.write_text(wanted, "utf-8")


def _run(words: Sequence[str]) -> int:
    """Run a program of .venv in the repository's folder; what is brought for tests is found."""
    path = os.pathsep.join([str(PROGRAMS), str(TOOLS), os.environ["PATH"]])
    command = [str(PROGRAMS / words[0]), *words[1:]]
    environment = os.environ | {"PATH": path}
    # Hundreds of processes import the same libraries, which are compiled once.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    return subprocess.run(command, cwd=ROOT, env=environment).returncode
