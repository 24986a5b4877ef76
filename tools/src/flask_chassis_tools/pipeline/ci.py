"""Passes results of a task to the CI system, and prints them."""

import os
import re
from pathlib import Path


def report(name: str, value: str) -> None:
    """Pass a value to later steps and builds under a name such as `image.tag`."""
    print(f"{name}: {value}")
    if "TEAMCITY_VERSION" in os.environ:
        print(f"##teamcity[setParameter name='{_escaped(name)}' value='{_escaped(value)}']")
    if outputs := os.environ.get("GITHUB_OUTPUT"):
        with Path(outputs).open("a", encoding="utf-8") as file:
            file.write(f"{name.replace('.', '-')}={value}\n")


def statistic(key: str, value: str) -> None:
    """Report a statistic of this build to TeamCity."""
    if "TEAMCITY_VERSION" in os.environ:
        print(f"##teamcity[buildStatisticValue key='{_escaped(key)}' value='{_escaped(value)}']")


def _escaped(text: str) -> str:
    return re.sub(r"(['|\[\]])", r"|\1", text).replace("\n", "|n").replace("\r", "|r")
