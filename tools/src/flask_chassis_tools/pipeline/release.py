"""Makes a release of a tag that was pushed, on GitHub or GitLab."""

import re
import subprocess

from flask_chassis import project
from invoke import Context, Exit, task

from flask_chassis_tools.docker import image
from flask_chassis_tools.kubernetes import overlays
from flask_chassis_tools.pipeline import gh, gitlab

RELEASED_FROM = re.compile(r"origin/(main|hotfix/.+)")
"""The branches that nobody can push to without a review."""

CHANGELOG = "CHANGELOG.md"


@task(help={"tag": "The tag", "digest": "The digest of its image: sha256:…"})
def create(context: Context, tag: str, digest: str) -> None:
    """Create the release of a tag: what has changed, and the image by its digest.

    What has changed is the tag's section of CHANGELOG.md; without one, the commits since the last
    tag. If the release exists, its text is replaced.
    """
    overlays.require_digest(digest)
    _require_reviewed(tag)
    text = f"{_changes(tag)}\n\nImage: `{image.image_name()}:{tag}@{digest}`\n"
    if gitlab.is_here():
        print(gitlab.publish_release(tag, text))
        return
    if gh.ask("release", "view", tag).returncode == 0:
        print(gh.run("release", "edit", tag, "--notes-file=-", given=text))
        return
    early = ("--prerelease",) if "-" in tag else ()
    words = ("--verify-tag", f"--title={tag}", "--notes-file=-", *early)
    print(gh.run("release", "create", tag, *words, given=text))


def _require_reviewed(tag: str) -> None:
    words = ("branch", "--remotes", "--format=%(refname:short)", "--contains", f"{tag}^{{commit}}")
    branches = _git(*words).split()
    if not any(RELEASED_FROM.fullmatch(each) for each in branches):
        raise Exit(
            f"The commit of {tag} is on neither main nor a branch hotfix/*, so nobody has reviewed "
            "it. Merge it, and tag the commit of the merge with another version.",
            1,
        )


def _changes(tag: str) -> str:
    """Return what has changed since the tag before, as Markdown."""
    changelog = project.working_folder() / CHANGELOG
    if changelog.is_file():
        if section := _section(changelog.read_text(encoding="utf-8"), tag):
            return section
        print(f"{CHANGELOG} has no section {tag.removeprefix('v')}: the release lists the commits.")
    before = subprocess.run(
        ["git", "describe", "--tags", "--abbrev=0", f"{tag}^"],
        cwd=project.working_folder(),
        capture_output=True,
        text=True,
    ).stdout.strip()
    commits = f"{before}..{tag}" if before else tag
    return _git("log", "--no-merges", "--format=- %s (%h)", commits) or "- No changes."


def _section(text: str, tag: str) -> str:
    """Return the text below a heading such as `## [1.2.0] - 2026-11-30`."""
    version = re.escape(tag.removeprefix("v"))
    found = re.search(rf"^## \[?v?{version}(?![\w.-]).*\n((?:(?!## ).*\n?)*)", text, re.MULTILINE)
    return found[1].strip() if found else ""


def _git(*words: str) -> str:
    done = subprocess.run(
        ["git", *words], cwd=project.working_folder(), capture_output=True, text=True
    )
    if done.returncode:
        raise Exit(f"git {words[0]}: {done.stderr.strip()}", 1)
    return done.stdout.strip()
