"""Opens a pull request, or on GitLab a merge request, with the changes in a checkout."""

import json
import subprocess
import tomllib
from pathlib import Path

from flask_chassis import project
from invoke import Context, Exit, task

from flask_chassis_tools.pipeline import gh, gitlab
from flask_chassis_tools.updates import branches, unresolved
from flask_chassis_tools.updates.addresses import without_logins

LONGEST_TEXT = 60_000
"""The length of a pull request's text, in characters; GitHub accepts a little more."""

AS_GH = ("-c", "credential.helper=!gh auth git-credential")
"""Makes git use the credentials of gh."""

AS_GITLAB = (
    *("-c", "credential.helper="),
    *("-c", f'credential.helper=!echo username=oauth2; echo "password=${gitlab.TOKEN}"; :'),
)
"""Makes git use the token for GitLab, and no other login."""


HELP = {
    "branch": "The branch; a commit with the same title on it is replaced",
    "title": "The title, also of the commit",
    "body-file": "A file with the text",
}


@task(help=HELP | {"bundle": "The file to write: a bundle of git, with the branch"})
def commit(context: Context, branch: str, title: str, body_file: str, bundle: str) -> None:
    """Commit the changes to a branch, and write it to a file for `pull-request.open`.

    For a job without the token that may push: it runs the code of an update, the next one does not.
    """
    if not _is_changed():
        print("No changes: nothing was committed.")
        return
    text = _commit(branch, title, _text(body_file))
    (project.working_folder() / body_file).write_text(text, encoding="utf-8")
    _git("bundle", "create", "--quiet", _absolute(bundle), f"{branch}~1..{branch}")
    print(f"Committed to {branch}: {bundle}")


@task(help=HELP | {"bundle": "The file of `pull-request.commit`, instead of the changes here"})
def open(context: Context, branch: str, title: str, body_file: str, bundle: str = "") -> None:  # noqa: A001 - its name
    """Commit the changes to a branch, push it, and open or update its pull or merge request.

    With conflicts of a merge, or if the text lists what is left to mend, it is a draft.
    """
    if not (Path(_absolute(bundle)).is_file() if bundle else _is_changed()):
        print("No changes: no pull request was opened.")
        return
    text = _text(body_file)
    gitlab.require_token() if gitlab.is_here() else gh.require()
    replaced = _replaceable(branch, title)
    if bundle:
        ref = f"refs/heads/{branch}"
        _git("fetch", "--quiet", "--force", _absolute(bundle), f"{ref}:{ref}")
    else:
        text = _commit(branch, title, text)
    conflicts = _git("ls-tree", "--name-only", branch, unresolved.FILE)
    is_draft = bool(conflicts) or f"\n{branches.LEFT_TO_MEND}" in f"\n{text}"
    text = text[:LONGEST_TEXT]
    lease = f"--force-with-lease={branch}:{replaced}"
    login, remote = _remote()
    _git(*login, "push", "--quiet", lease, remote, branch)
    if gitlab.is_here():
        print(gitlab.propose(branch, title, text, is_draft))
    else:
        _propose_on_github(branch, title, text, is_draft)


def _is_changed() -> bool:
    return bool(_git("status", "--porcelain", "--untracked-files=normal"))


def _text(file: str) -> str:
    return (project.working_folder() / file).read_text(encoding="utf-8")


def _absolute(file: str) -> str:
    return str(project.working_folder() / file)


def _commit(branch: str, title: str, text: str) -> str:
    """Commit the changes to a branch, and return the text, with a list of conflicts if any."""
    conflicts = _git("diff", "--name-only", "--diff-filter=U").splitlines()
    if conflicts:
        mark = unresolved.text(dict.fromkeys(conflicts, "not merged"))
        (project.working_folder() / unresolved.FILE).write_text(mark, encoding="utf-8")
        text = f"{mark}\n{text}"
    _git("add", "--all")
    _git("switch", "--quiet", "--force-create", branch)
    _git(*_identity(), "commit", "--quiet", f"--message={title}")
    return text


def _propose_on_github(branch: str, title: str, text: str, is_draft: bool) -> None:
    known = json.loads(_run("gh", "pr", "list", f"--head={branch}", "--json=number"))
    if known:
        number = str(known[0]["number"])
        print(_run("gh", "pr", "edit", number, f"--title={title}", "--body-file=-", given=text))
        if is_draft:
            _run("gh", "pr", "ready", number, "--undo")
    else:
        draft = ("--draft",) if is_draft else ()
        words = (f"--head={branch}", f"--title={title}", "--body-file=-", *draft)
        print(_run("gh", "pr", "create", *words, given=text))


def _replaceable(branch: str, title: str) -> str:
    """Return the commit of the remote branch, or an empty text if the branch does not exist.

    Exit if somebody else has committed to the branch: their work exists nowhere else.
    """
    login, remote = _remote()
    there = _git(*login, "ls-remote", remote, f"refs/heads/{branch}")
    if not there:
        return ""
    _git(*login, "fetch", "--quiet", remote, f"refs/heads/{branch}")
    # Amending or rebasing a commit changes its committer.
    us = _git(*_identity(), "var", "GIT_COMMITTER_IDENT").rpartition(">")[0] + ">"
    commits = _git("log", "--format=%cn <%ce>%x00%s", "HEAD..FETCH_HEAD").splitlines()
    for committer, subject in (line.split("\0", 1) for line in commits):
        if (committer, subject) != (us, title):
            raise Exit(
                f"Somebody else has committed to the branch {branch}: {subject} ({committer}). "
                "Merge its pull request or delete the branch, then run this task again.",
                1,
            )
    return there.split()[0]


def _remote() -> tuple[tuple[str, ...], str]:
    """Return git options for the login, and the remote."""
    return (AS_GITLAB, gitlab.remote()) if gitlab.is_here() else (AS_GH, gh.remote())


def _identity() -> tuple[str, ...]:
    """Return git options with the author: none if git is configured, else the service's team."""
    if _git("config", "--default=", "--get", "user.email"):
        return ()
    pyproject = project.working_folder() / "pyproject.toml"
    author = tomllib.loads(pyproject.read_text(encoding="utf-8"))["project"]["authors"][0]
    return ("-c", f"user.name={author['name']}", "-c", f"user.email={author['email']}")


def _git(*words: str) -> str:
    return _run("git", *words)


def _run(*words: str, given: str | None = None) -> str:
    done = subprocess.run(
        words, cwd=project.working_folder(), input=given, capture_output=True, text=True
    )
    if done.returncode:
        raise Exit(without_logins(f"{' '.join(words[:3])}: {done.stderr.strip()}"), 1)
    return done.stdout.strip()
