"""What the template itself takes: rendering, the demo, the tests of a service, its image."""

import gzip
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tarfile
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from invoke import Exit

from benchmarks.circumstances import RESULTS, commit, machine
from benchmarks.sidebyside import say
from tasks.folders import PROGRAMS, ROOT
from tasks.render import example, render, render_anew
from tasks.service_folder import ServiceFolder

KEPT = ROOT / ".cache" / "bench"
EXAMPLE = "thoughts-backend"

BARS = {
    "render a service": 1,
    "./invoke demo in a fresh clone, until it serves": 40,
    "./invoke demo again": 10,
    "./invoke test --quick": 120,
    "tests of a service": 10,
}
"""Seconds."""

ROUNDS = 3
"""Of what takes less than a minute: a machine that others use is now slower and now faster."""

SERVING = "serving after"
"""What the demo says when all of its services have answered."""


def run() -> Path:
    """Measure, write the results, and return the file to read."""
    # Known first: what comes takes minutes.
    builds = has_engine()
    if not builds:
        say("no Docker engine answers: the image is left out")
    found: dict[str, Any] = {"commit": commit(), "machine": machine(), "seconds": seconds()}
    found["image"] = image() if builds else None
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "template.json").write_text(json.dumps(found, indent=2) + "\n", "utf-8")
    readable = RESULTS / "template.md"
    readable.write_text(as_markdown(found), "utf-8")
    return readable


def has_engine() -> bool:
    """Whether images can be built here."""
    words = ["docker", "info"]
    return (
        bool(shutil.which(words[0])) and not subprocess.run(words, capture_output=True).returncode
    )


def seconds() -> dict[str, list[float]]:
    """Return how long each of what has a bar takes, each time that it was done."""
    service = render_anew(KEPT, example(EXAMPLE))
    ServiceFolder(service).install()
    tests = [str(service / ".venv" / "bin" / "acme-tasks"), "tests"]
    cold, *warm = demos()
    values = [
        [rendering() for _ in range(ROUNDS)],
        [cold],
        warm,
        [timed_command([str(ROOT / "invoke"), "test", "--quick"], ROOT)],
        [timed_command(tests, service) for _ in range(ROUNDS)],
    ]
    return dict(zip(BARS, values, strict=True))


def rendering() -> float:
    """Render a service as its developer does, with nobody's own configuration."""
    with TemporaryDirectory(prefix="bench-") as folder:
        words = [str(PROGRAMS / "cookiecutter"), "--no-input", "--default-config"]
        return timed_command([*words, "--output-dir", folder, str(ROOT)], Path(folder))


def demos() -> list[float]:
    """Return how long the demo takes until it serves: of a newcomer, and then whenever again."""
    with TemporaryDirectory(prefix="bench-") as folder:
        clone = Path(folder) / "template"
        subprocess.run(["git", "clone", "--quiet", ROOT, clone], check=True)
        return [until_it_serves(clone) for _ in range(1 + ROUNDS)]


def until_it_serves(template: Path) -> float:
    """Start the demo, wait until it serves, and stop it again."""
    say("./invoke demo")
    begun = time.monotonic()
    words = [str(template / "invoke"), "demo"]
    with subprocess.Popen(words, cwd=template, stderr=subprocess.PIPE, text=True) as demo:
        assert demo.stderr  # noqa: S101 - a pipe
        serves = any(SERVING in line for line in demo.stderr)
        taken = time.monotonic() - begun
        demo.send_signal(signal.SIGINT)
        demo.communicate()
    if not serves:
        raise Exit("The demo ended before it served.", 1)
    return taken


def image() -> dict[str, Any]:
    """Build the image of a service: from nothing, and after an edit of the source."""
    with TemporaryDirectory(prefix="bench-") as folder:
        service = render(Path(folder), example(EXAMPLE))
        name = "benchmark-of-the-template"
        build = ["docker", "build", "--quiet", "--tag", name, "--target", "production"]
        build += ["--build-arg", "VERSION_NAME=v1.0", "--build-arg", "VERSION_SHA=benchmark"]
        build += ["--file", "infra/docker/Dockerfile", "."]
        cold = timed_command([*build[:2], "--no-cache", *build[2:]], service)
        routes = next((service).glob("*/*/routes.py"))
        # Another one each time: what was built before, the engine has kept.
        edit = f"\n# edited {time.time_ns()}\n"
        routes.write_text(routes.read_text("utf-8") + edit, "utf-8")
        edited = timed_command(build, service)
        layers = layers_of(name)
        subprocess.run(["docker", "image", "rm", name], check=True, capture_output=True)
    return {
        "cold_seconds": cold,
        "after_edit_seconds": edited,
        "pull_mb": sum(layer["pull_mb"] for layer in layers),
        "layers": layers,
    }


def layers_of(image: str) -> list[dict[str, Any]]:
    """Return what each layer of an image has: its size, and what a registry would send of it."""
    with TemporaryDirectory(prefix="bench-") as folder:
        saved = Path(folder) / "image.tar"
        subprocess.run(["docker", "save", "--output", saved, image], check=True)
        with tarfile.open(saved) as tar:
            [manifest] = json.loads(_member(tar, "manifest.json"))
            config = json.loads(_member(tar, manifest["Config"]))
            made = [each for each in config["history"] if not each.get("empty_layer")]
            return [
                _layer(each.get("created_by", "imported"), _member(tar, name))
                for each, name in zip(made, manifest["Layers"], strict=True)
            ]


def _member(tar: tarfile.TarFile, name: str) -> bytes:
    file = tar.extractfile(name)
    assert file  # noqa: S101 - no folder
    return file.read()


def _layer(made_by: str, files: bytes) -> dict[str, Any]:
    # How an engine stores them is its own affair.
    plain = gzip.decompress(files) if files.startswith(b"\x1f\x8b") else files
    return {
        "made_by": made_by.removeprefix("/bin/sh -c ").removeprefix("#(nop) ").strip()[:100],
        "mb": len(plain) / 1e6,
        "pull_mb": len(gzip.compress(plain, 6)) / 1e6,
    }


def timed_command(words: Sequence[str], folder: Path) -> float:
    """Return how long a program takes that must succeed."""
    say(" ".join(words))
    environment = os.environ | {"PATH": f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}"}
    begun = time.monotonic()
    subprocess.run(words, cwd=folder, env=environment, check=True, stdout=sys.stderr)
    return time.monotonic() - begun


def as_markdown(found: dict[str, Any]) -> str:
    """Return the page to read."""
    machine, image = found["machine"], found["image"]
    lines = [
        "# What the template takes",
        "",
        f"Commit {found['commit']}; {machine['processor']}, {machine['cores']} cores.",
        "",
        "Medians where it was done more than once.",
        "",
        "| | seconds | least to most | bar |",
        "|---|--:|--:|--:|",
        *(_row(name, taken) for name, taken in found["seconds"].items()),
    ]
    if image:
        text = (
            f"The image of a service: built in {image['cold_seconds']:.0f} s from nothing, in "
            f"{image['after_edit_seconds']:.1f} s after an edit; {image['pull_mb']:.0f} MB to pull "
            "in all, its base included."
        )
        lines += ["", text, "", "| layer | MB | MB to pull |", "|---|--:|--:|"]
        for layer in image["layers"]:
            made_by = " ".join(layer["made_by"].replace("|", " ").split())
            lines.append(f"| `{made_by}` | {layer['mb']:.1f} | {layer['pull_mb']:.1f} |")
    return "\n".join(lines) + "\n"


def _row(name: str, taken: Sequence[float]) -> str:
    median = statistics.median(taken)
    missed = "" if median < BARS[name] else " ✗"
    spread = f"{min(taken):.1f} to {max(taken):.1f}" if len(taken) > 1 else ""
    return f"| {name} | {median:.1f}{missed} | {spread} | {BARS[name]} |"
