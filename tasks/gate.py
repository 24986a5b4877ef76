"""What has to hold for every render, or no service could be updated: the release goes by it."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from .engine import engine
from .folders import ROOT
from .render import EXAMPLE_NAMES, example

ownership = engine("ownership")

RENDER = """
import json, sys
from cookiecutter.main import cookiecutter
cookiecutter(sys.argv[1], no_input=True, default_config=True, output_dir=sys.argv[2],
             extra_context=json.loads(sys.argv[3]))
"""

NO_NETWORK = """
import socket
def refuse(*of):
    raise SystemExit("a hook asks the network")
socket.socket.connect = socket.socket.connect_ex = socket.getaddrinfo = refuse
"""
"""What Python loads first, in the processes that render."""

LOOKED_FOR = ("git", "poetry", "pip", "curl", "wget", "sh", "bash")
"""Programs that a hook might run, and must not."""


def faults(template: Path = ROOT, names: Sequence[str] = EXAMPLE_NAMES) -> Iterator[str]:
    """Yield what is wrong with the renders of the examples."""
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            yield from _faults_of(template, example(name), Path(folder), name)


def _faults_of(
    template: Path, answers: Mapping[str, str], folder: Path, name: str
) -> Iterator[str]:
    first, second = folder / "first", folder / "second"
    for into in (first, second):
        into.mkdir()
        if said := _render(template, answers, into, folder):
            yield f"{name} cannot be rendered without programs and network: {said}"
            return
    ran = folder / "ran"
    if ran.exists():
        yield f"{name}: a hook runs {', '.join(sorted(set(ran.read_text('utf-8').split())))}"
    found, again = _contents(first), _contents(second)
    differing = sorted(path for path in {*found, *again} if found.get(path) != again.get(path))
    if differing:
        yield f"{name}: rendered twice, these differ: {', '.join(differing)}"
    service = next(first.iterdir())
    lists = ownership.read((service / ownership.FILE).read_bytes())
    nobodys = sorted(path for path in found if ownership.owner(lists, path) is None)
    if nobodys:
        yield f"{name}: template-ownership.toml does not say whose these are: {', '.join(nobodys)}"


def _render(template: Path, answers: Mapping[str, str], into: Path, folder: Path) -> str:
    """Render where each program that might be run only notes that it was."""
    programs, site = folder / "programs", folder / "site"
    for made in (programs, site):
        made.mkdir(exist_ok=True)
    for program in LOOKED_FOR:
        file = programs / program
        file.write_text(f"#!/bin/sh\necho {program} >>{folder / 'ran'}\n", "utf-8")
        file.chmod(0o755)
    (site / "sitecustomize.py").write_text(NO_NETWORK, "utf-8")
    done = subprocess.run(
        [sys.executable, "-c", RENDER, template, into, json.dumps(dict(answers))],
        env=os.environ | {"PATH": str(programs), "PYTHONPATH": str(site), "TMPDIR": str(folder)},
        capture_output=True,
        text=True,
    )
    # What a hook says comes first, and then where that was.
    return done.stderr.strip().split("\n")[0] if done.returncode else ""


def _contents(into: Path) -> dict[str, bytes]:
    [service] = into.iterdir()
    return {
        path.relative_to(service).as_posix(): path.read_bytes()
        for path in service.rglob("*")
        if path.is_file()
    }
