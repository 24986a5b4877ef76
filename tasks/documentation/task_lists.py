"""Lists the tasks of services and of this repository, with their options, from the task objects."""

import json
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

from tasks import packages

from . import dump_tasks
from .tables import code, prose

Tasks = dict[str, dict[str, Any]]


@cache
def service() -> Tasks:
    """Return the tasks that chassis and tools give to a service."""
    version = "{}.{}".format(*sys.version_info)
    python = packages.environment(version, Path(sys.executable)) / "bin" / "python"
    done = subprocess.run([python, dump_tasks.__file__], capture_output=True, text=True, check=True)
    found: Tasks = json.loads(done.stdout)
    return found


def repository() -> Tasks:
    """Return the tasks of this repository."""
    from tasks import namespace  # which contains the task that builds the site

    return dump_tasks.dump(namespace)


def of_services() -> str:
    """Return all tasks of services, below a heading for each group."""
    return _listed("acme-tasks", service())


def of_this_repository() -> str:
    """Return all tasks of this repository."""
    return _listed("./invoke", repository())


def _listed(command: str, tasks: Tasks) -> str:
    groups: dict[str, list[str]] = {}
    for name in tasks:
        groups.setdefault(name.partition(".")[0] if "." in name else "", []).append(name)
    lines: list[str] = []
    for group, names in sorted(groups.items()):
        lines += [f"## `{group}`" if group else "## Tasks without a group", ""]
        for name in names:
            lines += _described(command, name, tasks[name])
    return "\n".join(lines)


def _described(command: str, name: str, task: dict[str, Any]) -> list[str]:
    first, _, others = task["doc"].strip().partition("\n")
    arguments = task["arguments"]
    typed = " ".join(f"<{each['name']}>" for each in arguments if each["is_positional"])
    lines = [f"### `{name}`", "", prose(first), ""]
    if others.strip():
        lines += [prose("\n".join(line.strip() for line in others.strip().splitlines())), ""]
    if arguments:
        lines += [f"`{' '.join(filter(None, [command, name, typed]))}` with:", ""]
        lines += [f"- {_option(each)}" for each in arguments] + [""]
    return lines


def _option(option: dict[str, Any]) -> str:
    names = ", ".join(map(code, sorted(option["names"], key=len, reverse=True)))
    default = option["default"]
    shown = "" if default in (None, "", False, True, []) else f" By default {code(str(default))}."
    help_text = prose(option["help"] or "").rstrip(".")
    return f"{names}: {help_text}.{shown}" if help_text else f"{names}.{shown}"
