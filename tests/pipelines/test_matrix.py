"""The pipelines that update a fleet, a job for each service."""

import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from invoke import Exit

from tasks.fleet import matrix
from tasks.fleet.update import write_matrix
from tasks.folders import PROGRAMS
from tests.full.programs import Finished, run
from tests.gitlab import resolved
from tests.pipelines.graph import builds
from tests.pipelines.kotlin import Settings

WORK = matrix.Work("v1.2.0", bump=False, template="https://git.acme.example/template-$1.git")
SERVICES = ["git@git.acme.example:thoughts.git", "https://git.acme.example/a-$service"]


def test_teamcity_takes_its_settings(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "settings.kts").write_text(matrix.teamcity(SERVICES, WORK), "utf-8")
    result = settings.describe(tmp_path)
    assert result.faults == []
    [build] = builds(result.project).values()
    described = str(build)
    assert all(address in described for address in SERVICES)
    assert "gh pr create" in described
    assert '--template="$PWD/../template.git" --branch="$BRANCH" --to=v1.2.0' in described


def test_a_fault_in_them_is_seen(settings: Settings, tmp_path: Path) -> None:
    text = matrix.teamcity(SERVICES, replace(WORK, tag="")).replace(
        "executionTimeoutMin", "executionTimeoutMinutes"
    )
    (tmp_path / "settings.kts").write_text(text, "utf-8")
    assert settings.describe(tmp_path).faults


def test_github_runs_what_is_pinned() -> None:
    workflow = yaml.safe_load(matrix.github(SERVICES, WORK))
    job = workflow["jobs"]["update"]
    assert job["strategy"]["matrix"]["service"] == SERVICES
    [used] = [step["uses"] for step in job["steps"] if "uses" in step]
    assert len(used.partition("@")[2]) == 40


def of_gitlab(tmp_path: Path, services: Sequence[str]) -> dict[str, Any]:
    """Return the jobs of the child pipeline, which keeps to the published schema."""
    path = tmp_path / "fleet.gitlab-ci.yml"
    path.write_text(matrix.gitlab(services, WORK, path.name), "utf-8")
    words: list[str | Path] = [
        PROGRAMS / "check-jsonschema",
        "--builtin-schema",
        "vendor.gitlab-ci",
        path,
    ]
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    entries = yaml.safe_load(path.read_text("utf-8"))
    return {name: resolved(entries, name) for name in entries if not name.startswith(".")}


def test_gitlab_takes_a_child_pipeline(tmp_path: Path) -> None:
    [job] = of_gitlab(tmp_path, SERVICES).values()
    [values] = job["parallel"]["matrix"]
    # GitLab looks for variables in values: a dollar is written twice.
    assert values == {"SERVICE": [each.replace("$", "$$") for each in SERVICES]}
    assert job["script"] == [WORK.script]
    assert job["variables"]["TEMPLATE"] == WORK.template.replace("$", "$$")
    assert job["variables"]["BRANCH"] == WORK.branch


def test_gitlab_gets_several_jobs_for_a_large_fleet(tmp_path: Path) -> None:
    services = [f"https://git.acme.example/{number}.git" for number in range(401)]
    jobs = of_gitlab(tmp_path, services)
    assert list(jobs) == ["update-1", "update-2", "update-3"]
    named = [each for job in jobs.values() for each in job["parallel"]["matrix"][0]["SERVICE"]]
    assert named == services


def test_git_gets_the_token_and_the_code_of_a_service_does_not(tmp_path: Path) -> None:
    """The first line of the job, and the part of the script that drops its variables."""
    [job] = of_gitlab(tmp_path, SERVICES).values()
    drops = WORK.script.partition("    for name in ")[2].partition("    HOME=")[0]
    ask = "printf 'protocol=https\\nhost=git.acme.example\\n\\n' | git credential fill"
    script = f"{job['before_script'][0]}\n{ask}\nfor name in {drops}\nenv"
    variables = {"HOME": str(tmp_path), "PATH": os.environ["PATH"], "FLEET_TOKEN": "planted"}
    done = subprocess.run(
        ["sh", "-euc", script], env=variables, check=True, capture_output=True, text=True
    )
    assert "username=oauth2\npassword=planted\n" in done.stdout
    assert "FLEET_TOKEN" not in done.stdout


@pytest.mark.parametrize("name", [".gitlab-ci.yml", "fleet.gitlab-ci.yml", "fleet.yml", "a.kts"])
def test_the_name_of_the_file_tells_the_language(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    # Not every checkout of this repository has a remote.
    monkeypatch.setattr(matrix, "template_address", lambda: WORK.template)
    listed = tmp_path / "services.txt"
    listed.write_text("\n".join(SERVICES))
    file = tmp_path / name
    write_matrix(file, str(listed), "", bump=False)
    said = {".yml": "workflow_dispatch", ".kts": "buildType("}[file.suffix]
    said = "parallel:" if "gitlab" in name else said
    assert said in file.read_text("utf-8")


def test_another_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Exit, match=r"is neither \.gitlab-ci\.yml"):
        write_matrix(tmp_path / "fleet.json", "services.txt", "", bump=False)


@pytest.mark.parametrize("write", [matrix.github, matrix.gitlab, matrix.teamcity])
@pytest.mark.parametrize(
    ("bump", "tag", "branch", "task"),
    [
        (False, "", "template/newest", "template.update --no-input --template="),
        (False, "v1.2.0", "template/v1.2.0", "template.update --no-input --template="),
        (True, "", "chassis/newest", "template.bump --template="),
        (True, "v1.2.0", "chassis/v1.2.0", "template.bump --template="),
    ],
)
def test_each_kind_of_update_has_its_task_and_its_branch(
    write: Callable[[Sequence[str], matrix.Work], str],
    bump: bool,
    tag: str,
    branch: str,
    task: str,
) -> None:
    text = write(SERVICES, matrix.Work(tag, bump, WORK.template))
    assert branch in text
    assert task in text
    assert ("--to=v1.2.0" in text) == (tag != "")


BRANCH = "template/v1.2.0"

GH = """\
#!/bin/sh
echo "$*" >>"$NOTES"
case $2 in
    list) echo "$KNOWN" ;;
    create | edit) cat text >>"$NOTES" ;;
esac
"""


@pytest.fixture
def service(tmp_path: Path) -> Path:
    """The repository of a service, on what looks like GitHub."""
    folder = tmp_path / "github" / "service"
    folder.mkdir(parents=True)
    git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "commit", "--quiet", "--allow-empty", "--message=Render")
    git(folder, "switch", "--quiet", "--create", BRANCH)
    return folder


def git(folder: Path, *words: str, email: str = "template@localhost") -> None:
    person = ("-c", "user.name=Template", "-c", f"user.email={email}")
    subprocess.run(["git", *person, *words], cwd=folder, check=True, capture_output=True)


def pull_request(service: Path, tmp_path: Path, known: str = "") -> tuple[Finished, str]:
    """Run the second job with a program that stands for gh; return its calls."""
    workflow = yaml.safe_load(matrix.github([f"file://{service}"], WORK))
    job = workflow["jobs"]["pull-request"]
    assert (job["needs"], job["if"]) == ("update", "${{ !cancelled() }}")
    assert job["strategy"]["matrix"]["service"] == [f"file://{service}"]
    [step] = job["steps"]
    assert step["env"]["GH_TOKEN"] == "${{ secrets.FLEET_TOKEN }}"
    git(service, "switch", "--quiet", "main")
    (tmp_path / "bin").mkdir(exist_ok=True)
    program = tmp_path / "bin" / "gh"
    program.write_text(GH)
    program.chmod(0o755)
    notes = tmp_path / "notes"
    notes.write_text("")
    work = tmp_path / "work"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    variables = {
        "BRANCH": step["env"]["BRANCH"],
        "KNOWN": known,
        "NOTES": str(notes),
        "PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}",
        "SERVICE": f"file://{service}",
    }
    done = run(["sh", "-ec", step["run"]], work, variables)
    return done, notes.read_text()


@pytest.mark.parametrize(
    ("subject", "body", "is_draft"),
    [
        ("Update", "Changed: app.py", False),
        ("Update, with conflicts", "CONFLICT (content): app.py", True),
        ("Update", "Left to mend: poetry.lock is outdated.", True),
    ],
)
def test_a_pull_request_is_opened_also_with_conflicts(
    service: Path, tmp_path: Path, subject: str, body: str, is_draft: bool
) -> None:
    git(service, "commit", "--quiet", "--allow-empty", f"--message={subject}\n\n{body}")
    done, notes = pull_request(service, tmp_path)
    assert done.returncode == 0, done.stderr
    call = f"pr create --head {BRANCH} --repo file://{service} --title {subject} --body-file text"
    assert f"{call}{' --draft' if is_draft else ''}\n\n{body}\n" in notes

    done, notes = pull_request(service, tmp_path, known="7")
    assert done.returncode == 0, done.stderr
    assert "pr edit 7 " in notes
    assert ("pr ready 7 --undo" in notes) == is_draft


@pytest.mark.parametrize("merged", [("--squash",), ("--no-ff", "--no-commit"), ("--ff-only",)])
def test_no_pull_request_is_opened_again_for_what_was_merged(
    service: Path, tmp_path: Path, merged: tuple[str, ...]
) -> None:
    """Also if the branch is still there, and all of it is one commit of the main branch."""
    (service / "app.py").write_text("new\n")
    git(service, "add", "app.py")
    git(service, "commit", "--quiet", "--message=Update")
    git(service, "switch", "--quiet", "main")
    git(service, "merge", *merged, BRANCH)
    if "--ff-only" not in merged:
        git(service, "commit", "--message=Merged", email="ada@acme.example")
    done, notes = pull_request(service, tmp_path)
    assert (done.returncode, notes) == (0, "")
    assert f"{BRANCH} is not on top of the main branch" in done.stdout


def test_no_pull_request_is_opened_for_what_people_work_on(service: Path, tmp_path: Path) -> None:
    git(service, "commit", "--allow-empty", "--message=Mend", email="ada@acme.example")
    done, notes = pull_request(service, tmp_path)
    assert (done.returncode, notes) == (0, "")
    assert f"Somebody works on {BRANCH}" in done.stdout


def pushes(service: Path, origin: Path) -> tuple[Finished, list[str]]:
    """Run the end of the first job, and return the options that the server got with the push."""
    work = origin.parent / "work"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    shutil.copytree(service, work / "service")
    notes = origin.parent / "options"
    notes.write_text("")
    hook = origin / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f'#!/bin/sh\nenv | sed -n "s/^GIT_PUSH_OPTION_[0-9]*=//p" | sort >"{notes}"\n')
    hook.chmod(0o755)
    script = f"status=0\n{WORK.script.partition(') || status=$?')[2]}"
    variables = {"SERVICE": f"file://{origin}", "BRANCH": BRANCH}
    done = run(["sh", "-euc", script], work, variables)
    return done, notes.read_text().splitlines()


def clone_at(service: Path, tmp_path: Path, host: str) -> Path:
    """Return a server's repository; GitLab's servers accept options with a push."""
    origin = tmp_path / host / "origin.git"
    words = ["git", "clone", "--quiet", "--bare", "--single-branch", "--branch=main"]
    subprocess.run([*words, f"file://{service}", origin], check=True)
    git(origin, "config", "receive.advertisePushOptions", str(host == "gitlab").lower())
    return origin


@pytest.mark.parametrize(
    ("message", "draft"),
    [
        ("Update to v1.2.0 of the template", []),
        ("Update, with conflicts\n\nCONFLICT (content): app.py", ["merge_request.draft"]),
        ("Update\n\nLeft to mend: poetry.lock is outdated.", ["merge_request.draft"]),
    ],
)
def test_a_push_to_gitlab_opens_a_merge_request_once(
    service: Path, tmp_path: Path, message: str, draft: list[str]
) -> None:
    git(service, "commit", "--quiet", "--allow-empty", f"--message={message}")
    origin = clone_at(service, tmp_path, "gitlab")
    title = message.partition("\n")[0]
    done, options = pushes(service, origin)
    assert done.returncode == 0, done.stderr
    assert options == ["merge_request.create", *draft, f"merge_request.title={title}"]
    # What is there already is not pushed, so that nothing is opened again.
    assert pushes(service, origin)[1] == []
    git(service, "commit", "--quiet", "--amend", "--allow-empty", "--message=Update, anew")
    done, options = pushes(service, origin)
    assert options == ["merge_request.create", "merge_request.title=Update, anew"]


def test_a_push_elsewhere_has_no_options(service: Path, tmp_path: Path) -> None:
    """Most servers refuse them; and a merge request of what people work on is theirs."""
    git(service, "commit", "--quiet", "--allow-empty", "--message=Update")
    done, options = pushes(service, clone_at(service, tmp_path, "github"))
    assert (done.returncode, options) == (0, []), done.stderr
    git(service, "commit", "--allow-empty", "--message=Mend", email="ada@acme.example")
    done, options = pushes(service, clone_at(service, tmp_path, "gitlab"))
    assert (done.returncode, options) == (0, []), done.stderr


def test_no_pull_request_is_opened_without_a_branch_or_elsewhere(
    service: Path, tmp_path: Path
) -> None:
    git(service, "switch", "--quiet", "main")
    git(service, "branch", "--quiet", "--delete", "--force", BRANCH)
    done, notes = pull_request(service, tmp_path)
    assert (done.returncode, notes) == (0, "")
    assert f"No branch {BRANCH}" in done.stdout
    done, notes = pull_request(service.rename(tmp_path / "service"), tmp_path)
    assert (done.returncode, notes) == (0, "")
    assert "Not on GitHub" in done.stdout
