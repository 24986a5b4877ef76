"""Finds out which of two versions is the later commit of a branch."""

import subprocess

from flask_chassis import project


def newer_version(tag: str) -> str:
    """Return the tag of a version if its commit comes after this checkout's; else nothing.

    A tag is a name that `git describe` gave, which git resolves. A version of another branch, or
    one that this checkout does not know, is not later.
    """
    commit = _git("rev-parse", "--verify", "--quiet", f"{tag}^{{commit}}") if tag else ""
    if not commit or commit == _git("rev-parse", "HEAD"):
        return ""
    descends = _git("merge-base", "HEAD", commit) == _git("rev-parse", "HEAD")
    return tag if descends else ""


def _git(*words: str) -> str:
    """Return the output of git; empty if it fails."""
    done = subprocess.run(
        ["git", *words], cwd=project.working_folder(), capture_output=True, text=True
    )
    return done.stdout.strip() if done.returncode == 0 else ""
