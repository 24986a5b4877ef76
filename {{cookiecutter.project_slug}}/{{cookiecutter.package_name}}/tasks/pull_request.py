"""Proposes what has changed in a checkout: a branch, and a pull request for people to read."""

import json
import shutil
import subprocess
import tomllib

from invoke import Context, Exit, task

from ..chassis import project_files

LONGEST_TEXT = 60_000
"""What GitHub takes for a text, in characters, and a little less."""

AS_GH = ("-c", "credential.helper=!gh auth git-credential")
"""Has git log in as gh is."""


@task(
    help={
        "branch": "Its branch; an earlier proposal of the same title on it is replaced",
        "title": "The title, which is the commit's message too",
        "body-file": "File with the text",
    }
)
def open(context: Context, branch: str, title: str, body_file: str) -> None:  # noqa: A001 - its name
    """Commit what has changed to a branch of its own, push it, open a pull request on GitHub."""
    if not _git("status", "--porcelain", "--untracked-files=normal"):
        print("Nothing has changed: there is nothing to propose.")
        return
    text = (project_files.working_folder() / body_file).read_text(encoding="utf-8")[:LONGEST_TEXT]
    _require_gh()
    replaced = _replaceable(branch, title)
    _git("switch", "--quiet", "--force-create", branch)
    _git("add", "--all")
    _git(*_identity(), "commit", "--quiet", f"--message={title}")
    lease = f"--force-with-lease={branch}:{replaced}"
    _git(*AS_GH, "push", "--quiet", lease, "origin", branch)
    known = json.loads(_run("gh", "pr", "list", f"--head={branch}", "--json=number"))
    if known:
        number = str(known[0]["number"])
        print(_run("gh", "pr", "edit", number, f"--title={title}", "--body-file=-", given=text))
    else:
        words = (f"--head={branch}", f"--title={title}", "--body-file=-")
        print(_run("gh", "pr", "create", *words, given=text))


def _replaceable(branch: str, title: str) -> str:
    """Return the commit of the branch where it is pushed to, or an empty text where there is none.

    One on which somebody has gone on is kept: their work is in no other place.
    """
    there = _git(*AS_GH, "ls-remote", "origin", f"refs/heads/{branch}")
    if not there:
        return ""
    _git(*AS_GH, "fetch", "--quiet", "origin", f"refs/heads/{branch}")
    # Who amends or rebases a commit becomes its committer.
    us = _git(*_identity(), "var", "GIT_COMMITTER_IDENT").rpartition(">")[0] + ">"
    commits = _git("log", "--format=%cn <%ce>%x00%s", "HEAD..FETCH_HEAD").splitlines()
    for committer, subject in (line.split("\0", 1) for line in commits):
        if (committer, subject) != (us, title):
            raise Exit(
                f"Somebody has worked on the branch {branch}: {subject} ({committer}). Merge its "
                "pull request, or delete the branch; then this can be proposed.",
                1,
            )
    return there.split()[0]


def _identity() -> tuple[str, ...]:
    """Return the options with the author: the one that git knows, or the team of this service."""
    if _git("config", "--default=", "--get", "user.email"):
        return ()
    pyproject = project_files.working_folder() / "pyproject.toml"
    author = tomllib.loads(pyproject.read_text(encoding="utf-8"))["project"]["authors"][0]
    return ("-c", f"user.name={author['name']}", "-c", f"user.email={author['email']}")


def _require_gh() -> None:
    if not shutil.which("gh"):
        raise Exit("This needs GitHub's command gh, logged in: https://cli.github.com.", 1)


def _git(*words: str) -> str:
    return _run("git", *words)


def _run(*words: str, given: str | None = None) -> str:
    done = subprocess.run(
        words, cwd=project_files.working_folder(), input=given, capture_output=True, text=True
    )
    if done.returncode:
        raise Exit(f"{' '.join(words[:3])}: {done.stderr.strip()}", 1)
    return done.stdout.strip()
