"""The tasks about a fleet, run on services of each kind from different releases."""

import json
import re
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from tasks.fleet import known, page, state, updating
from tasks.fleet.state import State
from tasks.fleet.status import as_json, counts, table
from tasks.folders import PROGRAMS, ROOT
from tasks.render import example
from tasks.wheels import version
from tests.conftest import EXAMPLES
from tests.full.osv import advisories_against
from tests.full.programs import Finished, run, with_the_tools
from tests.services import InstalledService, alone
from tests.updates import code_host, services
from tests.updates.history import ADDRESS, Repository, edit

NOT_INSTALLED = InstalledService(ROOT)
"""Nothing of these services is run."""


@pytest.fixture(scope="session")
def fleet_once(template: Repository, of_this_run: Path) -> Path:
    """Three services, from three releases, and a folder that is none: for all processes."""
    folder = of_this_run / "fleet"
    with alone(of_this_run, "fleet") as done:
        if not done.read_text("utf-8"):
            for name, tag in zip(EXAMPLES.values(), ("v1.0.0", "v1.1.0", "v1.2.0"), strict=True):
                into = folder / "made" / name
                made = services.create(template, into, tag, example(name), NOT_INSTALLED)
                (made.path / ".venv").unlink()
                made.path.rename(folder / name)
            shutil.rmtree(folder / "made")
            (folder / "notes").mkdir()
            done.write_text("made", "utf-8")
    if not (template.folder / ".venv").exists():
        (template.folder / ".git" / "info" / "exclude").write_text(".venv\n")
        with_the_tools(template.folder)
    return folder


@pytest.fixture
def fleet(fleet_once: Path, tmp_path: Path) -> Path:
    """A copy of them."""
    return Path(shutil.copytree(fleet_once, tmp_path / "fleet"))


def invoke(template: Repository, task: str, fleet: Path, *words: str, **variables: str) -> Finished:
    """Run a task of the template's repository."""
    task_words: list[str | Path] = [PROGRAMS / "invoke", task, f"--services={fleet}", *words]
    return run(task_words, template.folder, template.variables | variables)


def told(done: Finished) -> dict[str, dict[str, object]]:
    """Return what a task says as JSON, by service."""
    assert done.returncode == 0, done.stdout + done.stderr
    return {each["name"]: each for each in json.loads(done.stdout)}


def test_the_status_has_version_drift_and_answers(template: Repository, fleet: Path) -> None:
    edited = fleet / "thoughts-backend" / "infra" / "uwsgi.yaml"
    edited.write_text(f"{edited.read_text('utf-8')}# ours\n", "utf-8")
    (fleet / "thoughts-backend" / "CODEOWNERS").unlink()
    found = told(invoke(template, "fleet.status", fleet, "--json"))
    assert found.keys() == set(EXAMPLES.values())
    service = found["thoughts-backend"]
    assert (service["version"], service["behind"], service["kind"]) == ("v1.0.0", 2, "resource")
    assert service["drift"] == {"CODEOWNERS": "deleted", "infra/uwsgi.yaml": "edited"}
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", str(service["updated"]))
    assert (found["frontend"]["behind"], found["frontend"]["drift"]) == (0, {})
    table = invoke(template, "fleet.status", fleet).stdout
    row = r"^thoughts-backend +v1\.0\.0 +2 +0\.0\.8 +resource +3\.13 +2 +not asked "
    assert re.search(row, table, re.M)
    assert "\n3 services, 1 at the newest release, 2 behind, " in table


def test_the_status_has_the_chassis_and_where_it_is_from(template: Repository, fleet: Path) -> None:
    """Nothing is said of the template's own wheels; what somebody has put in their place is."""
    found = told(invoke(template, "fleet.status", fleet, "--json"))
    assert {name: each["chassis"] for name, each in found.items()} == {
        "thoughts-backend": "0.0.8",
        "users-backend": "0.0.9",
        "frontend": version("flask-chassis", template.folder),
    }
    assert [each["foreign"] for each in found.values()] == [[], [], []]

    lock = fleet / "users-backend" / "poetry.lock"
    wheel = 'type = "file"\nurl = "vendor/flask_chassis-0.0.9-py3-none-any.whl"'
    edit(lock, wheel, 'type = "directory"\nurl = "../../flask-chassis"')
    lock = fleet / "frontend" / "poetry.lock"
    wheel = next((fleet / "frontend" / "vendor").glob("flask_chassis-*")).name
    edit(lock, f'type = "file"\nurl = "vendor/{wheel}"', GIT_SOURCE)
    found = told(invoke(template, "fleet.status", fleet, "--json"))
    path = "flask-chassis 0.0.9 from path ../../flask-chassis"
    git = "from git https://git.acme.example/chassis.git (a-fix, 0123456789)"
    assert found["users-backend"]["foreign"] == [path]
    assert str(found["frontend"]["foreign"]).endswith(f"{git}']")
    assert found["thoughts-backend"]["foreign"] == []
    table = invoke(template, "fleet.status", fleet).stdout
    assert re.search(r"^users-backend .* 0\.0\.9 \(not the template's\) ", table, re.M)
    assert f"\nusers-backend: {path}\n" in table
    html = fleet.parent / "fleet.html"
    assert invoke(template, "fleet.status", fleet, f"--html={html}").returncode == 0
    assert path in html.read_text("utf-8")
    assert git in html.read_text("utf-8")
    # One that locks with uv has the same lines in another file.
    service = fleet / "thoughts-backend"
    (service / "poetry.lock").rename(service / "uv.lock")
    found_in_uv = state.read(service, state.Versions(template.folder), with_packages=True)
    assert (found_in_uv.chassis, found_in_uv.packages["flask"]) == ("0.0.8", "3.1.3")


GIT_SOURCE = """\
type = "git"
url = "https://git.acme.example/chassis.git"
reference = "a-fix"
resolved_reference = "0123456789abcdef0123456789abcdef01234567\""""


def test_a_service_that_cannot_be_read_stops_no_other(template: Repository, fleet: Path) -> None:
    (fleet / "users-backend" / ".cruft.json").write_text("{")
    found = told(invoke(template, "fleet.status", fleet, "--json"))
    assert ".cruft.json cannot be read" in str(found["users-backend"]["fault"])
    assert found["frontend"]["fault"] == ""


def test_services_are_listed_in_a_file_as_well(template: Repository, fleet: Path) -> None:
    listed = fleet.parent / "services.txt"
    listed.write_text("# ours\nfleet/frontend  # the pages\n\n")
    assert told(invoke(template, "fleet.status", listed, "--json")).keys() == {"frontend"}
    listed.write_text("fleet/missing\n")
    refused = invoke(template, "fleet.status", listed)
    assert refused.returncode == 1
    assert "names what is not a folder here" in refused.stderr


def test_an_impact_is_told_and_nothing_is_touched(template: Repository, fleet: Path) -> None:
    """The change at hand is one in the work tree, which is in no commit."""
    readme = template.folder / "templates" / "README.md"
    before = readme.read_text("utf-8")
    readme.write_text(before.replace("## Change it", "## Planted"), "utf-8")
    own = fleet / "frontend" / "README.md"
    own.write_text(own.read_text("utf-8").replace("## Change it", "## Ours"), "utf-8")
    services.Service(fleet / "frontend", template, NOT_INSTALLED).commits()
    try:
        found = told(invoke(template, "fleet.impact", fleet, "--json"))
    finally:
        readme.write_text(before, "utf-8")
    assert found["frontend"]["conflicts"] == {"README.md": "content"}
    assert found["frontend"]["touched"] == [".cruft.json", "README.md"]
    assert "docs/on-call.md" in str(found["thoughts-backend"]["touched"])
    assert "## Ours" in own.read_text("utf-8")
    assert template.git("branch", "--list", folder=fleet / "frontend") == "* main"


def test_updates_are_prepared_go_on_where_they_stopped_and_fail_alone(
    template: Repository, fleet: Path
) -> None:
    broken = fleet / "thoughts-backend"
    (broken / "mine.txt").write_text("in no commit")
    report = fleet.parent / "report.json"
    first = invoke(template, "fleet.update", fleet, f"--report={report}")
    assert first.returncode == 1
    outcomes = {each["name"]: each["outcome"] for each in json.loads(report.read_text("utf-8"))}
    wanted = {"frontend": "up to date", "thoughts-backend": "failed", "users-backend": "updated"}
    assert outcomes == wanted
    assert "thoughts-backend: There are uncommitted changes: mine.txt" in first.stdout
    branch = "template/v1.2.0"
    message = template.git("log", "-1", "--format=%s", branch, folder=fleet / "users-backend")
    assert message == "Update to v1.2.0 of the template"

    (broken / "mine.txt").unlink()
    with code_host.running(fleet.parent / "repositories") as host:
        for name in wanted:
            bare = host.folder / "acme" / f"{name}.git"
            template.git("clone", "--quiet", "--bare", str(fleet / name), str(bare))
            template.git("config", "http.receivepack", "true", folder=bare)
            address = f"{host.address}/acme/{name}.git"
            template.git("remote", "add", "origin", address, folder=fleet / name)
        words = ("--propose", f"--github={host.address}", f"--report={report}")
        second = invoke(template, "fleet.update", fleet, *words, GITHUB_TOKEN=code_host.TOKEN)
    assert second.returncode == 0, second.stdout
    assert "3 services: 1 done before, 1 up to date, 1 updated." in second.stdout
    note = "docs/contracts.md was edited here, and the template renamed it: now docs/changing-"
    assert f"users-backend: Note: {note}" not in first.stdout
    assert host.entries.keys() == {"acme/thoughts-backend", "acme/users-backend"}
    for name in ("thoughts-backend", "users-backend"):
        link = f"{host.address}/acme/{name}/pull/1"
        assert f"\n{name}: {link} (opened)\n" in second.stdout
        bare = host.folder / "acme" / f"{name}.git"
        pushed = template.git("rev-parse", branch, folder=bare)
        assert pushed == template.git("rev-parse", branch, folder=fleet / name)
    links = {each["name"]: each["link"] for each in json.loads(report.read_text("utf-8"))}
    assert links["frontend"] == ""
    assert links["users-backend"].endswith("/pull/1")
    assert code_host.TOKEN not in second.stdout + second.stderr


def test_options_of_requests_that_do_not_fit_are_refused(template: Repository, fleet: Path) -> None:
    for words in (("--propose", "--matrix=update.yaml"), ("--github=https://git.acme.example",)):
        refused = invoke(template, "fleet.update", fleet, *words)
        assert refused.returncode == 2
        assert "--propose" in refused.stderr


def planted(package: str) -> dict[str, object]:
    """Return an advisory of today against all versions of a package."""
    events = [{"introduced": "0"}, {"fixed": "999"}]
    known = {"name": package, "ecosystem": "PyPI"}
    affected = {"package": known, "ranges": [{"type": "ECOSYSTEM", "events": events}]}
    now = datetime.now(UTC).isoformat()
    return {"id": "PLANTED-2", "modified": now, "affected": [affected]}


def test_what_is_known_against_packages_is_told(template: Repository, fleet: Path) -> None:
    with advisories_against("flask", "PyPI") as address:
        found = told(invoke(template, "fleet.status", fleet, "--json", f"--advisories={address}"))
    assert found["frontend"]["vulnerable"] == ["flask 3.1.3: PLANTED-1"]
    copy = fleet.parent / "copy"
    offline = invoke(template, "fleet.status", fleet, "--json", f"--advisories={copy}")
    assert offline.returncode == 1
    assert f"cannot be said: the copy {copy} cannot be read" in offline.stderr
    copy.mkdir()
    (copy / "PLANTED-2.json").write_text(json.dumps(planted("flask")), "utf-8")
    found = told(invoke(template, "fleet.status", fleet, "--json", f"--advisories={copy}"))
    assert found["frontend"]["vulnerable"] == ["flask 3.1.3: PLANTED-2"]
    silent = invoke(template, "fleet.status", fleet, "--advisories=http://127.0.0.1:9/v1")
    assert silent.returncode == 1
    assert "What is known against packages cannot be said" in silent.stderr


def test_nothing_is_said_of_packages_that_are_not_known() -> None:
    """Of a service without a lock, or of one that cannot be read."""
    weak = State("weak", "/weak", packages={"flask": "3.1.3"})
    unknown = State("unknown", "/unknown")
    with advisories_against("flask", "PyPI") as address:
        known.mark([weak, unknown], address)
    assert weak.vulnerable == ["flask 3.1.3: PLANTED-1"]
    assert unknown.vulnerable is None


def has_origin(template: Repository) -> bool:
    """Return whether the template's repository has the remote `origin`."""
    return "remote.origin.url" in template.git("config", "--list", "--local", "--name-only")


ADDRESSES = ["https://git.acme.example/a.git", "git@git.acme.example:b/$c.git"]


@pytest.mark.parametrize("name", ["update.yaml", "update.kts"])
def test_a_pipeline_has_a_job_for_each_service(
    template: Repository, tmp_path: Path, name: str
) -> None:
    listed = tmp_path / "services.txt"
    listed.write_text("\n".join(ADDRESSES))
    file = tmp_path / name
    if has_origin(template):
        template.git("config", "--unset-all", "remote.origin.url")
    refused = invoke(template, "fleet.update", listed, f"--matrix={file}")
    assert refused.returncode == 1
    assert "This repository has no remote `origin`" in refused.stderr
    template.git("config", "remote.origin.url", ADDRESS)
    done = invoke(template, "fleet.update", listed, f"--matrix={file}", "--to=v1.2.0")
    assert done.returncode == 0, done.stderr
    text = file.read_text("utf-8")
    assert "template.update --no-input" in text
    assert "--to=v1.2.0" in text
    if name.endswith(".kts"):
        assert [text.count(sign) for sign in "{(["] == [text.count(sign) for sign in "})]"]
        assert 'value("git@git.acme.example:b/\\$c.git")' in text
        return
    jobs = yaml.safe_load(text)["jobs"]
    environments = [step["env"] for step in jobs["update"]["steps"] if "env" in step]
    assert [each["TEMPLATE"] for each in environments] == [ADDRESS]
    assert jobs["update"]["strategy"]["matrix"]["service"] == ADDRESSES
    words = ["check-jsonschema", "--builtin-schema", "vendor.github-workflows", str(file)]
    checked = run([PROGRAMS / words[0], *words[1:]], tmp_path)
    assert checked.returncode == 0, checked.stdout
    steps = [step for job in jobs.values() for step in job["steps"]]
    scripts = [step["run"] for step in steps if "run" in step]
    assert len(scripts) == 2
    for script in scripts:
        (tmp_path / "script").write_text(f"#!/bin/sh\n{script}")
        assert run([PROGRAMS / "shellcheck", tmp_path / "script"], tmp_path).stdout == ""


def test_what_updates_left_out_is_in_every_report() -> None:
    lacking = State("lacking", "/lacking", "v1.2.0", [], left_out={"CODEOWNERS": "v1.1.0"})
    said = "lacking: lacks changes of CODEOWNERS, since v1.1.0: it was deleted there"
    assert said in table([lacking]).splitlines()
    assert json.loads(as_json([lacking]))[0]["left_out"] == {"CODEOWNERS": "v1.1.0"}
    html = page.of([lacking], counts([lacking]), [])
    assert "newest, but incomplete" in html
    assert "<code>CODEOWNERS</code> since v1.1.0, it was deleted there" in html
    for outcome, conflicts in (("incomplete", {}), ("conflicts", {"app.py": "content"})):
        left, notes = ["Left to mend: CODEOWNERS"], ["lock its dependencies"]
        result = updating.Result("lacking", "/lacking", outcome, [], conflicts, left, notes)
        summary = updating.summary([result]).splitlines()
        assert f"1 services: 1 {outcome}." in summary
        assert "lacking: Left to mend: CODEOWNERS" in summary
        assert "lacking: Note: lock its dependencies" in summary


def test_a_deleted_file_is_left_to_do_in_a_fleet_until_it_is_settled(
    template: Repository, fleet: Path
) -> None:
    listed = fleet.parent / "services.txt"
    listed.write_text(f"{fleet.name}/thoughts-backend\n")
    service = services.Service(fleet / "thoughts-backend", template, NOT_INSTALLED)
    (service.path / "CODEOWNERS").unlink()
    service.commits()
    for _ in range(2):
        done = invoke(template, "fleet.update", listed)
        assert done.returncode == 1
        assert "1 services: 1 incomplete." in done.stdout
        assert "Left to mend: CODEOWNERS was deleted here" in done.stdout
    service.git("merge", "--quiet", "template/v1.2.0")
    done = invoke(template, "fleet.update", listed)
    assert (done.returncode, "1 services: 1 incomplete." in done.stdout) == (1, True)
    assert "lacks changes of CODEOWNERS" in invoke(template, "fleet.status", listed).stdout

    edit(service.path / "template-ownership.toml", "seeded = [", 'seeded = [\n    "CODEOWNERS",')
    service.commits()
    assert invoke(template, "fleet.update", listed).returncode == 0
    assert "lacks changes" not in invoke(template, "fleet.status", listed).stdout
