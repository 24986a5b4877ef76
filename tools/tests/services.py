"""Renders the services that the tools are tested on, one of each kind."""

import fcntl
from pathlib import Path

from cookiecutter.main import cookiecutter
from flask_chassis.project import Project

ROOT = Path(__file__).resolve().parents[2]
"""The template's repository."""

KINDS = ("resource", "issuer", "frontend")
WITH_DATABASE = ("resource", "issuer")


def rendered(kind: str, into: Path) -> Project:
    """Return a service of a kind, rendered into a folder that several processes may share."""
    name = f"planted-{kind}"
    into.mkdir(exist_ok=True)
    with (into / f"{kind}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (into / name).exists():
            answers = {"kind": kind, "project_name": f"Planted {kind}", "project_slug": name}
            options = {"no_input": True, "default_config": True}
            cookiecutter(str(ROOT), extra_context=answers, output_dir=str(into), **options)
    package = name.replace("-", "_")
    return Project(package, into / name / package)
