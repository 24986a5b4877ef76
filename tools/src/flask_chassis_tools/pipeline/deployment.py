"""Starts a deployment on GitHub or GitLab: version X to stage Y."""

import json

from flask_chassis import project
from invoke import Context, Exit, task

from flask_chassis_tools.kubernetes import order, overlays
from flask_chassis_tools.pipeline import gh, gitlab

WORKFLOW = "deploy.yaml"

FOLLOWS = "follows"
"""What the title of a run ends with that a pipeline has requested, as .github/workflows/deploy.yaml
writes it."""


@task(
    help={
        "stage": "The stage: a folder in infra/kubernetes/overlays",
        "tag": "The tag of the version",
        "digest": "The digest of its image; by default what the registry has for the tag",
        "ref": "The branch or tag with the manifests",
        "follow": "On GitHub: it is the next version of the branch; end requests of earlier ones "
        "that wait, and request nothing if a later one waits",
    }
)
def request(
    context: Context,
    stage: str,
    tag: str,
    digest: str = "",
    ref: str = "main",
    follow: bool = False,
) -> None:
    """Start the workflow, or the pipeline, that deploys a version; it asks for approval.

    It rolls back, too: with the tag of an earlier version. GitHub requires gh, logged in; GitLab
    requires GITLAB_TOKEN.
    """
    if stage not in overlays.stages():
        raise Exit(f"Unknown stage {stage!r}. Known: {', '.join(overlays.stages())}.", 2)
    overlays.require_tag(tag)
    if digest:
        overlays.require_digest(digest)
    folder = project.working_folder()
    if (folder / ".gitlab-ci.yml").is_file():
        _start_on_gitlab(stage, tag, digest, ref, follow)
        return
    if not (folder / ".github" / "workflows" / WORKFLOW).is_file():
        raise Exit(
            f"No workflow {WORKFLOW} and no .gitlab-ci.yml here. On TeamCity, run the build "
            f"`Deploy a version to {stage}`.",
            2,
        )
    superseded = _waiting(stage, ref) if follow else []
    # A pipeline that was slower than the next one on its branch does not end the request of that.
    for _, title in superseded:
        if order.newer_version(title.partition(" ")[0]):
            print(f"Nothing is requested: a later commit waits for an approval already: {title}")
            return
    fields = {"stage": stage, "tag": tag, "digest": digest, "follows": json.dumps(follow)}
    words = [f"--raw-field={key}={value}" for key, value in fields.items() if value]
    gh.run("workflow", "run", WORKFLOW, f"--ref={ref}", *words)
    print(f"Requested: {tag} to {stage}, with the manifests of {ref}.")
    for number, title in superseded:
        gh.run("run", "cancel", number)
        print(f"Cancelled, as nobody had approved it: {title}")


def _start_on_gitlab(stage: str, tag: str, digest: str, ref: str, follow: bool) -> None:
    if follow:
        raise Exit("On GitLab, a pipeline has its own job for production: leave out --follow.", 2)
    inputs = {"action": "deploy", "stage": stage, "tag": tag, "digest": digest}
    started = gitlab.of_person().start(ref, {key: each for key, each in inputs.items() if each})
    print(f"Requested: {tag} to {stage}, with the manifests of {ref}. {started['web_url']}")


def _waiting(stage: str, ref: str) -> list[tuple[str, str]]:
    """Return the runs that wait for an approval since an earlier version of a branch."""
    words = ("run", "list", f"--workflow={WORKFLOW}", f"--branch={ref}", "--status=waiting")
    runs = json.loads(gh.run(*words, "--json=databaseId,displayTitle", "--limit=100"))
    return [
        (str(each["databaseId"]), each["displayTitle"])
        for each in runs
        if each["displayTitle"].endswith(f" to {stage}, {FOLLOWS} {ref}")
    ]
