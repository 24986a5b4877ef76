"""Passes results of a task to the CI system, and prints them."""

import os
import re
from pathlib import Path

from flask_chassis import project
from invoke import Exit

from flask_chassis_tools.pipeline import gitlab

REPORTED = "reported.env"
"""What a job of GitLab reports, in its working folder: .gitlab/ci has it as a dotenv report."""


def report(name: str, value: str) -> None:
    """Pass a value to later steps and builds under a name such as `image.tag`."""
    print(f"{name}: {value}")
    if "TEAMCITY_VERSION" in os.environ:
        print(f"##teamcity[setParameter name='{_escaped(name)}' value='{_escaped(value)}']")
    if outputs := os.environ.get("GITHUB_OUTPUT"):
        with Path(outputs).open("a", encoding="utf-8") as file:
            file.write(f"{name.replace('.', '-')}={value}\n")
    if gitlab.is_here():
        _append(name.replace(".", "_").upper(), value)


def _append(variable: str, value: str) -> None:
    """Set a variable in the file for GitLab, which is also read by the shell of the job."""
    if not re.fullmatch(r"[\w.,:/@+-]*", value, re.ASCII):
        raise Exit(f"{variable} cannot be passed to GitLab's next jobs: {value!r}", 1)
    file = project.working_folder() / REPORTED
    lines = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
    kept = [line for line in lines if not line.startswith(f"{variable}=")]
    file.write_text("".join(f"{line}\n" for line in [*kept, f"{variable}={value}"]), "utf-8")


def statistic(key: str, value: str) -> None:
    """Report a statistic of this build to TeamCity."""
    if "TEAMCITY_VERSION" in os.environ:
        print(f"##teamcity[buildStatisticValue key='{_escaped(key)}' value='{_escaped(value)}']")


def _escaped(text: str) -> str:
    return re.sub(r"(['|\[\]])", r"|\1", text).replace("\n", "|n").replace("\r", "|r")
