"""Whoever owns one service gets nothing of what the fleet's job has: docs/explanation/trust.md."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tasks.engine import engine
from tests.updates.history import Repository
from tests.updates.services import Service
from tests.updates.test_fleet import invoke, told
from tests.updates.test_recorded_answers import frontend, frontend_once, records

__all__ = ("frontend", "frontend_once")

faults = engine("faults")
signatures = engine("signatures")
source = engine("source")
untrusted = engine("untrusted")

VERSION = "v1.2.0"


@pytest.fixture
def ran(tmp_path: Path) -> Path:
    """The file that a planted program creates if it runs, and a program that creates it."""
    return tmp_path / "ran"


@pytest.fixture
def program(ran: Path, tmp_path: Path) -> Path:
    """A program that creates the file, and passes on what it is given."""
    made = tmp_path / "program"
    made.write_text(f"#!/bin/sh\ntouch {ran}\ncat\n")
    made.chmod(0o755)
    return made


def outcome(
    template: Repository, service: Service, task: str = "fleet.impact"
) -> dict[str, object]:
    """Return what a task of the fleet says of a service."""
    return told(invoke(template, task, service.path.parent, "--json"))["frontend"]


@pytest.mark.parametrize(
    "key",
    ["filter.planted.clean", "filter.planted.process", "core.sshCommand", "gpg.program"],
)
def test_a_clone_whose_configuration_names_programs_is_left_alone(
    template: Repository, frontend: Service, program: Path, ran: Path, key: str
) -> None:
    frontend.git("config", key, str(program))
    (frontend.path / ".git" / "info" / "attributes").write_text("* filter=planted\n")
    (frontend.path / "README.md").touch()
    looked = outcome(template, frontend)
    assert looked["outcome"] == "failed"
    assert f".git/config sets {key.lower()}" in str(looked["left"])
    assert "clone it again" in str(looked["left"])
    done = invoke(template, "fleet.update", frontend.path.parent)
    assert done.returncode == 1
    assert not ran.exists()


def test_so_is_one_that_includes_such_a_configuration(
    template: Repository, frontend: Service, program: Path, ran: Path
) -> None:
    (frontend.path / ".git" / "more").write_text(f'[filter "planted"]\n\tclean = {program}\n')
    frontend.git("config", "include.path", "more")
    (frontend.path / ".git" / "info" / "attributes").write_text("* filter=planted\n")
    assert "filter.planted.clean" in str(outcome(template, frontend)["left"])
    assert not ran.exists()


def test_hooks_and_the_monitor_of_a_clone_do_not_run(
    template: Repository, frontend: Service, program: Path, ran: Path
) -> None:
    """Many developers have some: the update goes on without them."""
    for name in ("post-index-change", "reference-transaction", "post-checkout", "post-merge"):
        hook = frontend.path / ".git" / "hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.symlink_to(program)
    frontend.git("-c", "core.hooksPath=/dev/null", "config", "core.fsmonitor", str(program))
    assert outcome(template, frontend)["outcome"] == "updated"
    done = invoke(template, "fleet.update", frontend.path.parent)
    assert done.returncode == 0, done.stdout + done.stderr
    assert invoke(template, "fleet.status", frontend.path.parent).returncode == 0
    assert not ran.exists()


@pytest.mark.parametrize("name", ["poetry.lock", ".cruft.json", "docs/link"])
def test_nothing_is_written_through_a_link(
    template: Repository, frontend: Service, tmp_path: Path, name: str
) -> None:
    outside = tmp_path / "outside"
    file = frontend.path / name
    outside.write_bytes(file.read_bytes() if file.exists() else b"")
    before = outside.read_bytes()
    file.unlink(missing_ok=True)
    file.parent.mkdir(exist_ok=True)
    file.symlink_to(outside)
    frontend.commits()
    looked = outcome(template, frontend)
    assert looked["outcome"] == "failed"
    told_of = (
        ".cruft.json cannot be read" if name == ".cruft.json" else f"{name} is a symbolic link"
    )
    assert told_of in str(looked["left"])
    assert outside.read_bytes() == before


@pytest.mark.parametrize(
    ("name", "target", "leads_out"),
    [
        ("a", "b", False),
        ("docs/a", "../b", False),
        ("docs/a", "b/c", False),
        ("a", "/etc/passwd", True),
        ("a", "../b", True),
        ("docs/a", "../../b", True),
        # With a link `here` to the same folder, this is beside the repository.
        ("a", "here/../b", True),
    ],
)
def test_a_link_may_lead_to_a_file_of_the_repository(
    name: str, target: str, leads_out: bool
) -> None:
    assert untrusted._leads_out(name, target) is leads_out


def test_hooks_of_the_template_run_without_credentials(
    template: Repository, frontend: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They render what a service's record says, and need no credential for that."""
    seen = tmp_path / "seen"
    for name in ("GITHUB_TOKEN", "SSH_AUTH_SOCK", "UV_PUBLISH_TOKEN", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "planted")
    hook = template.folder / "hooks" / "post_gen_project.py"
    before = hook.read_text("utf-8")
    hook.write_text(
        f"import os\nfrom pathlib import Path\n"
        f"Path({str(seen)!r}).write_text(repr(dict(os.environ)))\n",
        "utf-8",
    )
    try:
        outcome(template, frontend)
    finally:
        hook.write_text(before, "utf-8")
    assert "planted" not in seen.read_text()
    assert "'PATH'" in seen.read_text()


def test_what_installers_need_is_kept() -> None:
    given = {"PATH": "/bin", "PIP_INDEX_URL": "https://a.b", "https_proxy": "c", "LC_ALL": "C"}
    secrets = {"GH_TOKEN": "x", "POETRY_PYPI_TOKEN_OURS": "x", "GIT_ASKPASS": "x", "NPM_TOKEN": "x"}
    assert untrusted.environment(given | secrets) == given


PYPROJECT = '[project]\nname = "a"\ndependencies = []\n'


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('[tool.poetry.requires-plugins]\nplanted = "*"\n', "requires-plugins"),
        ('[tool.poetry.dependencies]\nplanted = { path = "planted" }\n', "planted"),
        ('[tool.poetry.group.dev.dependencies]\nplanted = { git = "https://a.b" }\n', "planted"),
        ('[dependency-groups]\ndev = ["planted @ git+https://a.b/c"]\n', "planted"),
        ('[project.optional-dependencies]\nmore = ["planted @ https://a.b/c.tar.gz"]\n', "planted"),
    ],
)
def test_no_code_runs_to_lock_a_service_of_others(tmp_path: Path, text: str, named: str) -> None:
    (tmp_path / "pyproject.toml").write_text(PYPROJECT + text)
    with pytest.raises(faults.UpdateError, match=f"Poetry would run code for .*{named}"):
        untrusted.require_nothing_to_build(tmp_path)


def test_wheels_are_no_code_that_runs(tmp_path: Path) -> None:
    text = '[tool.poetry.dependencies]\nflask-chassis = { path = "vendor/flask_chassis-1.whl" }\n'
    (tmp_path / "pyproject.toml").write_text(PYPROJECT + text)
    untrusted.require_nothing_to_build(tmp_path)


def test_a_plugin_that_a_service_requires_does_not_run_in_the_fleets_job(
    template: Repository, frontend: Service
) -> None:
    """The update is prepared; its lock is left to whoever owns the service."""
    pyproject = frontend.path / "pyproject.toml"
    planted = '\n[tool.poetry.requires-plugins]\npoetry-plugin-planted = "*"\n'
    own = pyproject.read_text("utf-8").replace('"invoke",', '"invoke>=2",')
    pyproject.write_text(own + planted, "utf-8")
    frontend.commits()
    left = str(outcome(template, frontend)["left"])
    assert "poetry.lock is outdated: run poetry lock" in left
    assert "Poetry would run code for [tool.poetry.requires-plugins]" in left


def test_a_commit_of_the_template_that_nobody_has_published_is_not_rendered(
    template: Repository, frontend: Service
) -> None:
    """It could be a proposal that nobody has reviewed, with hooks of its own."""
    tree = template.git("rev-parse", "HEAD^{tree}")
    proposal = template.git("commit-tree", tree, "-p", "HEAD", "-m", "A proposal")
    written = frontend.path / ".cruft.json"
    record = frontend.record()
    written.write_text(written.read_text("utf-8").replace(record["commit"], proposal), "utf-8")
    frontend.commits()
    looked = outcome(template, frontend)
    assert looked["outcome"] == "failed"
    assert "is in no branch or tag. Correct the commit" in str(looked["left"])


# Signed releases, in a template of two files.


@pytest.fixture
def person(tmp_path: Path) -> Callable[[str], tuple[Path, str]]:
    """Make SSH keys of people, and the line of each for the list of allowed signers."""

    def made(name: str) -> tuple[Path, str]:
        key = tmp_path / name
        words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)]
        subprocess.run(words, check=True)
        return key, f"{name}@acme.example {key.with_suffix('.pub').read_text()}"

    return made


@pytest.fixture
def signed(tmp_path: Path) -> Repository:
    """A template with one commit and no release yet."""
    folder = tmp_path / "signed"
    folder.mkdir()
    subprocess.run(["git", "init", "--quiet", "--initial-branch=main"], cwd=folder, check=True)
    made = Repository(folder)
    commits(made, "first")
    return made


def commits(template: Repository, text: str) -> str:
    """Commit a change of the template."""
    (template.folder / "file.txt").write_text(text)
    template.git("add", "--all")
    template.git("commit", "--quiet", f"--message={text}")
    return template.git("rev-parse", "HEAD")


def signs(template: Repository, tag: str, key: Path) -> None:
    """Sign a release with an SSH key."""
    options = ("-c", "gpg.format=ssh", "-c", f"user.signingKey={key}")
    template.git(*options, "tag", "--sign", f"--message={tag}", tag)


def cloned(template: Repository, into: Path, keys: str) -> object:
    """Clone the template for an update."""
    return source.Source.cloned(f"file://{template.folder}", into, keys)


REFUSED = "has no good signature under this name by one of the trusted keys"


def test_only_releases_that_a_trusted_key_has_signed_are_used(
    signed: Repository, person: Callable[[str], tuple[Path, str]], tmp_path: Path
) -> None:
    (ada, trusted), (eve, _) = person("ada"), person("eve")
    signs(signed, "v1.0.0", ada)
    assert source.Source.cloned(str(signed.folder), tmp_path / "1", trusted).release() == "v1.0.0"
    commits(signed, "second")
    signs(signed, "v1.1.0", eve)
    commits(signed, "third")
    signed.git("tag", "v1.2.0")
    found = source.Source.cloned(str(signed.folder), tmp_path / "2", trusted)
    for wanted in ("", "v1.1.0", "v1.2.0"):
        with pytest.raises(faults.UpdateError, match=REFUSED):
            found.release(wanted)
    assert found.release("v1.0.0") == "v1.0.0"
    # Whoever configures no key gets the newest.
    assert source.Source.cloned(str(signed.folder), tmp_path / "3").release() == "v1.2.0"


def test_an_old_release_under_a_new_name_is_refused(
    signed: Repository, person: Callable[[str], tuple[Path, str]], tmp_path: Path
) -> None:
    ada, trusted = person("ada")
    signs(signed, "v1.0.0", ada)
    signed.git("update-ref", "refs/tags/v9.9.9", signed.git("rev-parse", "refs/tags/v1.0.0"))
    with pytest.raises(faults.UpdateError, match=f"The tag v9.9.9 .* {REFUSED}"):
        source.Source.cloned(str(signed.folder), tmp_path / "1", trusted).release()


def test_the_origin_of_a_service_is_a_part_of_a_signed_release(
    signed: Repository, person: Callable[[str], tuple[Path, str]], tmp_path: Path
) -> None:
    ada, trusted = person("ada")
    between = commits(signed, "between releases")
    commits(signed, "released")
    signs(signed, "v1.0.0", ada)
    later = commits(signed, "later")
    found = source.Source.cloned(str(signed.folder), tmp_path / "1", trusted)
    assert found.base(between) == between
    with pytest.raises(faults.UpdateError, match="is in no release that the trusted keys"):
        found.base(later)
    with pytest.raises(faults.UpdateError, match="is not a commit"):
        found.base("--all")


def test_openpgp_keys_are_as_good(signed: Repository, tmp_path: Path) -> None:
    home = {name: tmp_path / name for name in ("ada", "eve")}
    keys = {}
    for name, folder in home.items():
        folder.mkdir(mode=0o700)
        gpg = ["gpg", "--homedir", str(folder), "--batch", "--quiet"]
        made = ["--passphrase", "", "--quick-generate-key", f"{name}@acme.example", "ed25519"]
        subprocess.run([*gpg, *made], check=True, capture_output=True)
        exported = subprocess.run([*gpg, "--armor", "--export"], check=True, capture_output=True)
        keys[name] = exported.stdout.decode()
    program = tmp_path / "gpg-of-ada"
    program.write_text(f'#!/bin/sh\nexec gpg --homedir {home["ada"]} "$@"\n')
    program.chmod(0o755)
    options = ("-c", f"gpg.program={program}", "-c", "user.signingKey=ada@acme.example")
    signed.git(*options, "tag", "--sign", "--message=v1.0.0", "v1.0.0")
    assert signatures.is_signed(signed.folder, "v1.0.0", keys["ada"])
    assert not signatures.is_signed(signed.folder, "v1.0.0", keys["eve"])
    assert not signatures.is_signed(signed.folder, "v1.0.0", "ada@acme.example ssh-ed25519 AAAA")


def test_the_keys_are_named_by_pyproject_or_by_the_job(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(signatures.VARIABLE, raising=False)
    assert signatures.trusted_keys(tmp_path) == ""
    (tmp_path / "pyproject.toml").write_text('[tool.template]\ntrusted_keys = "infra/signers"\n')
    with pytest.raises(faults.UpdateError, match="keys of the template cannot be read"):
        signatures.trusted_keys(tmp_path)
    (tmp_path / "infra").mkdir()
    (tmp_path / "infra" / "signers").write_text("\n")
    with pytest.raises(faults.UpdateError, match="infra/signers has no keys"):
        signatures.trusted_keys(tmp_path)
    (tmp_path / "infra" / "signers").write_text("of the service")
    assert signatures.trusted_keys(tmp_path) == "of the service"
    (tmp_path / "of-the-job").write_text("of the job")
    monkeypatch.setenv(signatures.VARIABLE, str(tmp_path / "of-the-job"))
    assert signatures.trusted_keys(tmp_path) == "of the job"


def test_the_fleet_is_not_updated_to_a_release_that_is_not_signed(
    template: Repository,
    frontend: Service,
    person: Callable[[str], tuple[Path, str]],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    _, trusted = person("ada")
    (tmp_path / "signers").write_text(trusted)
    monkeypatch.setenv(signatures.VARIABLE, str(tmp_path / "signers"))
    done = invoke(template, "fleet.update", frontend.path.parent)
    assert done.returncode == 1
    assert REFUSED in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    records(frontend, "Another description")
    assert "in no release that the trusted keys" in str(outcome(template, frontend)["left"])
