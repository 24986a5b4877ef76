"""Runs the GitHub CLI."""

import json
import os
import re
import shutil
import subprocess
from typing import Any

from flask_chassis import project
from invoke import Exit

from flask_chassis_tools.pipeline import gitlab

HOSTS = re.compile(r"github\.com|[\w-]+\.ghe\.com")
"""The hosts that gh logs in to with GH_TOKEN."""


def require() -> None:
    """Exit if the GitHub CLI is not installed."""
    if not shutil.which("gh"):
        raise Exit("The GitHub CLI gh is required, logged in: https://cli.github.com.", 1)


def ask(*words: str, given: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command and return its output, whether it succeeds or not."""
    require()
    return subprocess.run(
        ["gh", *words],
        cwd=project.working_folder(),
        input=given,
        capture_output=True,
        text=True,
    )


def run(*words: str, given: str | None = None) -> str:
    """Return the output of a command; Exit if it fails."""
    done = ask(*words, given=given)
    if done.returncode:
        raise Exit(f"gh {' '.join(words[:2])}: {done.stderr.strip()}", 1)
    return done.stdout.strip()


def remote() -> str:
    """Return where git pushes to: `origin`, or its address over HTTPS if there is a token for it.

    A job of TeamCity that cloned over SSH has no key.
    """
    words = ["git", "config", "--get", "remote.origin.url"]
    done = subprocess.run(words, cwd=project.working_folder(), capture_output=True, text=True)
    found = gitlab.REMOTE.fullmatch(done.stdout.strip())
    host = (found["ssh"] or found["scp"] or "") if found else ""
    if not found or not os.environ.get("GH_TOKEN") or not HOSTS.fullmatch(host):
        return "origin"
    return f"https://{host}/{found['ssh_path'] or found['scp_path']}.git"


def api(path: str) -> Any:
    """Return the answer of GitHub's API to a GET; None if there is no such object."""
    done = ask("api", path)
    if done.returncode == 0:
        return json.loads(done.stdout)
    if "HTTP 404" in done.stderr:
        return None
    raise Exit(f"gh api {path}: {done.stderr.strip()}", 1)
